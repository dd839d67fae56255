use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use http_body_util::{BodyExt, Limited, StreamBody};
use hyper::body::Frame;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use signer_core::p256::VerifyingKey;
use signer_protocols::crossmint::verify::Token;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::abstraxn::Abstraxn;
use crate::answer::{Answer, Refusal};
use crate::blink::Blink;
use crate::crossmint::{Crossmint, KernelVersion, Tampering};
use crate::fault::{Fault, FaultRule, Faults, RetryAfter};
use crate::privy::Privy;
use crate::stream::{FaultyStream, Mishap, MishapSwitch};
use crate::traffic::Traffic;

const MAX_BODY: usize = 4 << 20;
/// Of an emulator that runs for long, the oldest requests are forgotten.
const MOST_SEEN: usize = 65_536;

/// The four services on one port of loopback, each under its own path. It ends when it is dropped.
pub struct Emulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

pub(crate) struct Shared {
    pub(crate) faults: Faults,
    pub(crate) clock: SkewedClock,
    pub(crate) privy: Privy,
    pub(crate) crossmint: Crossmint,
    pub(crate) abstraxn: Abstraxn,
    pub(crate) blink: Blink,
    seen: Mutex<VecDeque<Seen>>,
    traffic: Traffic,
    next_id: AtomicU64,
}

/// A request that came in.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The path and the query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// A request as the services see it.
pub(crate) struct Incoming {
    pub(crate) method: Method,
    /// The whole address, as it was asked for.
    pub(crate) url: String,
    /// The parts of the path behind the service's own, decoded.
    pub(crate) segments: Vec<String>,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Emulator {
    /// Starts on a free port.
    ///
    /// # Errors
    /// What the system says.
    pub async fn start() -> io::Result<Self> {
        Self::start_on(0).await
    }

    /// Starts on a port of 127.0.0.1.
    ///
    /// # Errors
    /// The port is taken, or the file of `SIGNER_EMULATOR_TRAFFIC` cannot be opened.
    pub async fn start_on(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            faults: Faults::default(),
            clock: SkewedClock::default(),
            privy: Privy::new(),
            crossmint: Crossmint::new(),
            abstraxn: Abstraxn::new(),
            blink: Blink::default(),
            seen: Mutex::default(),
            traffic: Traffic::from_environment()?,
            next_id: AtomicU64::new(1),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { shared, address, task })
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The base URL of the stand-in for Privy.
    pub fn privy_url(&self) -> String {
        format!("{}/privy", self.url())
    }

    /// The base URL of the stand-in for Crossmint.
    pub fn crossmint_url(&self) -> String {
        format!("{}/crossmint", self.url())
    }

    /// A server's API key of the stand-in for Crossmint, of a project in staging.
    pub fn crossmint_api_key(&self) -> String {
        self.shared.crossmint.api_key().to_owned()
    }

    /// The public key, in base58, that signs that API key.
    pub fn crossmint_trusted_key(&self) -> String {
        self.shared.crossmint.trusted_key()
    }

    /// Has the stand-in for Crossmint ask for approvals that a careful client refuses; `None` ends it.
    pub fn crossmint_tampering(&self, tampering: Option<Tampering>) {
        self.shared.crossmint.tamper(tampering);
    }

    /// Sets the release of Kernel that new EVM wallets of Crossmint have. Default: 0.3.3.
    pub fn crossmint_kernel(&self, version: KernelVersion) {
        self.shared.crossmint.kernel_version(version);
    }

    /// Adds a token of Crossmint under a locator such as `base-sepolia:dai`, or replaces one.
    pub fn crossmint_token(&self, locator: &str, token: Token) {
        self.shared.crossmint.name_token(locator, token);
    }

    /// Puts an entry of a quorum, which has no message of its own, in front of every list of pending approvals.
    pub fn crossmint_quorum(&self, on: bool) {
        self.shared.crossmint.quorum(on);
    }

    /// The base URL of the stand-in for Abstraxn.
    pub fn abstraxn_url(&self) -> String {
        format!("{}/abstraxn", self.url())
    }

    /// The enclave's quorum key of the stand-in for Abstraxn, which signs exports.
    pub fn abstraxn_quorum_key(&self) -> VerifyingKey {
        self.shared.abstraxn.quorum_key()
    }

    /// How long a token of Abstraxn lives, in milliseconds. Default: 15 minutes.
    pub fn abstraxn_token_life(&self, ms: u64) {
        self.shared.abstraxn.token_life(ms);
    }

    /// Has the token of each identity not be good any more; with `sessions`, nor can it be refreshed.
    pub fn abstraxn_revoke(&self, sessions: bool) {
        self.shared.abstraxn.revoke(sessions);
    }

    /// How many different activities Abstraxn was asked for: the same bytes twice are one.
    pub fn abstraxn_activities(&self) -> usize {
        self.shared.abstraxn.activities()
    }

    /// The base URL of the stand-in for Blink: `GET /pay` checks a payment link.
    pub fn blink_url(&self) -> String {
        format!("{}/blink", self.url())
    }

    /// Registers a merchant of Blink with its public key, in the place of the one before.
    pub fn blink_register(&self, merchant_id: &str, key: VerifyingKey) {
        self.shared.blink.register(merchant_id, key);
    }

    /// Visits a link of this emulator as a browser would, and gives the status; `None` for any other link.
    pub async fn visit(&self, link: &str) -> Option<u16> {
        let path = link.strip_prefix(&self.url())?;
        let mut stream = TcpStream::connect(self.address).await.ok()?;
        let host = self.address;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        answer.split(' ').nth(1)?.parse().ok()
    }

    /// Appends each exchange to a file, as a line of JSON with `method`, `path`, `request`, `status` and `answer`: the answer
    /// before any fault, and none while Crossmint tampers. The variable `SIGNER_EMULATOR_TRAFFIC` does the same.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn record_traffic(&self, path: &Path) -> io::Result<()> {
        self.shared.traffic.append_to(path)
    }

    /// Has something go wrong.
    pub fn fault(&self, rule: FaultRule) {
        self.shared.faults.add(rule);
    }

    /// Has nothing more go wrong.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Sets the services' clock so many milliseconds ahead of ours, or behind.
    pub fn skew_clock(&self, ms: i64) {
        self.shared.clock.0.store(ms, Ordering::Relaxed);
    }

    /// The requests that came in, in their order; the last 65,536 of them.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen().iter().cloned().collect()
    }

    /// How many requests of a method came in for paths that begin in one way.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let fits = |seen: &&Seen| seen.method == method && seen.path.starts_with(path);
        self.shared.seen().iter().filter(fits).count()
    }

    /// Serves until it is dropped.
    pub async fn serve_for_ever(&mut self) {
        let _ = (&mut self.task).await;
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Emulator({})", self.address)
    }
}

impl Shared {
    fn seen(&self) -> std::sync::MutexGuard<'_, VecDeque<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, request: Seen) {
        let mut all = self.seen();
        if all.len() >= MOST_SEEN {
            all.pop_front();
        }
        all.push_back(request);
    }

    /// An id that looks like those of the services, and can be told from all others of this emulator.
    pub(crate) fn id(&self, what: &str) -> String {
        format!("{what}-{:08}", self.next_id.fetch_add(1, Ordering::Relaxed))
    }
}

/// The services' clock.
#[derive(Debug, Default)]
pub(crate) struct SkewedClock(AtomicI64);

impl SkewedClock {
    /// Unix milliseconds.
    pub(crate) fn now_ms(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_millis()).unwrap_or_default();
        now.saturating_add_signed(self.0.load(Ordering::Relaxed))
    }

    fn http_date(&self, ahead_s: u64) -> String {
        // No date of HTTP is later.
        const LAST_S: u64 = 253_402_300_799;
        let seconds = (self.now_ms() / 1_000).saturating_add(ahead_s).min(LAST_S);
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, Arc::clone(&shared)));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let switch = MishapSwitch::default();
    let io = TokioIo::new(FaultyStream::new(stream, switch.clone()));
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let (shared, switch) = (Arc::clone(&shared), switch.clone());
        async move { Ok::<_, Infallible>(answer(request.map(Body::new), &shared, &switch).await) }
    });
    // How it ends is the caller's affair.
    let _ = http1::Builder::new().timer(TokioTimer::new()).serve_connection(io, service).await;
}

async fn answer(request: Request, shared: &Shared, switch: &MishapSwitch) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let fault = shared.faults.take(head.method.as_str(), &path);
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return Answer::from(Refusal::new(413, "too_large", "the body is too large"))
            .into_response();
    };
    let body = body.to_bytes();
    shared.note(Seen {
        method: head.method.to_string(),
        path: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        headers: head.headers.clone(),
        body: body.to_vec(),
    });
    if let Some(response) = fault_instead(fault.as_ref(), shared, switch).await {
        return response;
    }
    let path_and_query = head.uri.to_string();
    let host = head.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let mut segments = path.split('/').skip(1).map(decode);
    let service = segments.next().unwrap_or_default();
    let incoming = Incoming {
        method: head.method,
        url: format!("http://{host}{}", head.uri),
        segments: segments.collect(),
        query: head.uri.query().unwrap_or_default().into(),
        headers: head.headers,
        body,
    };
    let answer = match service.as_str() {
        "abstraxn" => crate::abstraxn::answer(shared, &incoming),
        "blink" => crate::blink::answer(shared, &incoming),
        "crossmint" => Ok(crate::crossmint::answer(shared, &incoming)),
        "privy" => crate::privy::answer(shared, &incoming),
        _ => Err(Refusal::new(404, "not_found", "there is no such service")),
    };
    let answer = answer.unwrap_or_else(Answer::from);
    if !shared.crossmint.is_tampering() {
        shared.traffic.record(&path_and_query, &incoming, &answer);
    }
    let mut response = answer.into_response();
    if let Ok(date) = HeaderValue::from_str(&shared.clock.http_date(0)) {
        response.headers_mut().insert(DATE, date);
    }
    fault_after(fault.as_ref(), response, switch).await
}

/// What comes instead of an answer, before anything is done.
async fn fault_instead(
    fault: Option<&Fault>,
    shared: &Shared,
    switch: &MishapSwitch,
) -> Option<Response> {
    let plain = |status: u16| {
        let mut response = Response::new(Body::from("{}"));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        response
    };
    let with = |mut response: Response, name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
        Some(response)
    };
    match fault? {
        Fault::Delay(time) => {
            tokio::time::sleep(*time).await;
            None
        }
        Fault::Hang => std::future::pending().await,
        Fault::Reset => {
            switch.set(Mishap::Reset);
            Some(plain(200))
        }
        Fault::Html => {
            let page = "<!doctype html><title>Welcome</title>";
            with(Response::new(Body::from(page)), CONTENT_TYPE, "text/html")
        }
        Fault::Status(status) => Some(plain(*status)),
        Fault::TooMany(name, form) => {
            let value = match form {
                RetryAfter::Number(number) => number.to_string(),
                RetryAfter::Date(ahead) => shared.clock.http_date(*ahead),
                RetryAfter::Time(ahead) => {
                    (shared.clock.now_ms() / 1_000).saturating_add(*ahead).to_string()
                }
            };
            let response = with(plain(429), HeaderName::from_static(name), &value)?;
            with(response, DATE, &shared.clock.http_date(0))
        }
        Fault::Endless => Some(Response::new(endless())),
        Fault::Huge => with(Response::new(endless()), CONTENT_LENGTH, "1073741824"),
        Fault::Redirect(to) => with(plain(307), LOCATION, to),
        Fault::Lost | Fault::Cut | Fault::Truncated | Fault::Twice | Fault::Change(..) => None,
    }
}

/// The same JSON with another value at a place, where its parent is an object or the place is there.
fn changed(body: &Bytes, pointer: &str, value: &Value) -> Bytes {
    let Ok(mut json) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    let (parent, member) = pointer.rsplit_once('/').unwrap_or_default();
    if let Some(place) = json.pointer_mut(pointer) {
        *place = value.clone();
    } else if let Some(Value::Object(members)) = json.pointer_mut(parent) {
        members.insert(member.into(), value.clone());
    }
    json.to_string().into()
}

/// What becomes of an answer, once it is done.
async fn fault_after(fault: Option<&Fault>, response: Response, switch: &MishapSwitch) -> Response {
    let (mut head, body) = response.into_parts();
    let mut body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    match fault {
        Some(Fault::Lost) => switch.set(Mishap::Reset),
        Some(Fault::Cut) => switch.set(Mishap::Cut(body.len().div_ceil(2))),
        Some(Fault::Twice) => switch.set(Mishap::Twice),
        Some(Fault::Truncated) => body = body.slice(..body.len() / 2),
        Some(Fault::Change(pointer, value)) => body = changed(&body, pointer, value),
        _ => {}
    }
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    Response::from_parts(head, Body::from(body))
}

fn endless() -> Body {
    let chunk = Bytes::from(vec![b' '; 64 * 1024]);
    let frames = std::iter::repeat_with(move || Ok::<_, Infallible>(Frame::data(chunk.clone())));
    Body::new(StreamBody::new(futures_util::stream::iter(frames)))
}

/// A part of a path without its percent signs.
pub(crate) fn decode(part: &str) -> String {
    let bytes = part.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = part.get(at + 1..at + 3).filter(|_| *byte == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
