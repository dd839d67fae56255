//! Calls over HTTP: https or loopback, no redirects, a cap on bodies, deadlines, and retries that do nothing twice.

mod answer;
mod base_url;
mod retry;
mod retry_after;
mod secret;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Method, Request, Response, Url};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::Instrument;
use zeroize::Zeroizing;

pub(crate) use self::answer::Answer;
pub use self::base_url::BaseUrl;
use self::retry::Budget;
#[cfg(any(feature = "abstraxn", feature = "privy"))]
pub(crate) use self::secret::secret_json;
pub(crate) use self::secret::{bearer, secret_header};
use crate::error::{Error, Kind};
use crate::random;

/// How long calls may take, how much is read, and how often it is tried.
#[derive(Clone, Debug)]
pub struct TransportOptions {
    /// One attempt, from the connection to the end of the answer. Default: 10 s.
    pub attempt: Duration,
    /// A call, with all attempts and pauses. A service has half of it to give the token that a call needs. Default: 30 s.
    pub total: Duration,
    /// Of an attempt, the connection. Default: 5 s.
    pub connect: Duration,
    /// The most bytes of an answer that are read. Default: 1 MiB.
    pub max_body: usize,
    /// The most attempts of a call that may be repeated. Default: 4.
    pub attempts: u32,
    /// Further certificate authorities to trust, in PEM, as of a proxy of your own. Default: none.
    pub extra_root_pem: Option<Vec<u8>>,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(10),
            total: Duration::from_secs(30),
            connect: Duration::from_secs(5),
            max_body: 1 << 20,
            attempts: 4,
            extra_root_pem: None,
        }
    }
}

/// Whether a call may be sent again when it is not known what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat<'a> {
    /// It does something, and twice is once too often.
    Never,
    /// It reads, or twice is as good as once and nobody needs to know whether it was done.
    Freely,
    /// It does something, and twice is as good as once.
    Safely,
    /// The service does it once under this key.
    Under(&'a str),
}

/// A call, but for what may change from attempt to attempt.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a Url,
    /// The path with names for what it holds: for logs.
    pub(crate) route: &'static str,
    pub(crate) repeat: Repeat<'a>,
}

/// What goes out with an attempt.
pub(crate) struct Outgoing {
    pub(crate) headers: HeaderMap,
    pub(crate) json: Option<Bytes>,
}

/// One service's door. Clones share connections and the retry budget.
#[derive(Clone)]
pub(crate) struct Transport(Arc<Inner>);

struct Inner {
    client: Client,
    base: BaseUrl,
    options: TransportOptions,
    budget: Budget,
}

impl Transport {
    pub(crate) fn new(base: BaseUrl, options: TransportOptions) -> Result<Self, Error> {
        let builder = || {
            Client::builder()
                .redirect(Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                .referer(false)
                .connect_timeout(options.connect)
                .user_agent(concat!("signer-client/", env!("CARGO_PKG_VERSION")))
        };
        let client = match &options.extra_root_pem {
            None => builder().build(),
            Some(pem) => {
                let rule = "extra_root_pem must hold certificates in PEM";
                let certificates = reqwest::Certificate::from_pem_bundle(pem).unwrap_or_default();
                if certificates.is_empty() {
                    return Err(Error::input(rule));
                }
                let trusting = ClientBuilder::add_root_certificate;
                match certificates.into_iter().fold(builder(), trusting).build() {
                    // Its certificates are read only now, with those of the system.
                    Err(_) if builder().build().is_ok() => return Err(Error::input(rule)),
                    client => client,
                }
            }
        };
        let client =
            client.map_err(|_| Error::new(Kind::Local, "no certificates to verify https with"))?;
        Ok(Self(Arc::new(Inner { client, base, options, budget: Budget::default() })))
    }

    pub(crate) fn base(&self) -> &BaseUrl {
        &self.0.base
    }

    /// How long a call may take in all.
    pub(crate) fn total(&self) -> Duration {
        self.0.options.total
    }

    /// Makes a call: as often as may be, until an answer of 2xx comes, or one that another try does not change.
    /// `outgoing` is made for each attempt.
    pub(crate) async fn call(
        &self,
        call: &Call<'_>,
        outgoing: impl FnMut() -> Result<Outgoing, Error>,
    ) -> Result<Answer, Error> {
        self.call_until(after(Instant::now(), self.0.options.total), call, outgoing).await
    }

    /// The same, as a part of what has a deadline.
    pub(crate) async fn call_until(
        &self,
        deadline: Instant,
        call: &Call<'_>,
        mut outgoing: impl FnMut() -> Result<Outgoing, Error>,
    ) -> Result<Answer, Error> {
        let span = tracing::debug_span!("call", method = %call.method, route = call.route);
        let attempts = async {
            self.0.budget.deposit();
            let mut attempt = 1;
            let mut unknown = false;
            loop {
                let answer = match outgoing() {
                    Ok(outgoing) => {
                        let exchange = self.0.client.execute(request(call, outgoing));
                        self.attempt(call.repeat, exchange, deadline).await
                    }
                    Err(error) => Err(error),
                };
                let error = match answer {
                    Ok(answer) => return Ok(answer),
                    Err(error) => error,
                };
                // What one attempt may have done, no later failure takes back.
                unknown |= error.is_outcome_unknown();
                tracing::debug!(attempt, %error, "the attempt failed");
                let pause = retry::pause(attempt, error.retry_after(), random::below(1_024));
                let again = attempt < self.0.options.attempts
                    && may_repeat(call.repeat, &error)
                    && Instant::now() + pause < deadline
                    && self.0.budget.withdraw();
                if !again {
                    return Err(if unknown { error.with_unknown_outcome() } else { error });
                }
                sleep(pause).await;
                attempt += 1;
            }
        };
        attempts.instrument(span).await.map_err(|error| match call.repeat {
            Repeat::Under(key) => error.with_idempotency_key(key),
            Repeat::Never | Repeat::Freely | Repeat::Safely => error,
        })
    }

    async fn attempt(
        &self,
        repeat: Repeat<'_>,
        exchange: impl Future<Output = reqwest::Result<Response>>,
        deadline: Instant,
    ) -> Result<Answer, Error> {
        let deadline = deadline.min(after(Instant::now(), self.0.options.attempt));
        let whole = async {
            let mut response = exchange.await.map_err(|error| fault(&error, repeat))?;
            let body = self.read(&mut response, repeat).await?;
            let status = response.status().as_u16();
            let headers = std::mem::take(response.headers_mut());
            Ok(Answer { status, headers, body, repeat: repeat != Repeat::Freely })
        };
        let late = || unknown(Error::new(Kind::Deadline, "no whole answer came in time"), repeat);
        let answer = timeout_at(deadline, whole).await.map_err(|_| late()).flatten()?;
        tracing::debug!(status = answer.status, "an answer came");
        if (200..300).contains(&answer.status) { Ok(answer) } else { Err(answer.into_error()) }
    }

    /// The body, up to the cap.
    async fn read(
        &self,
        response: &mut Response,
        repeat: Repeat<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let cap = self.0.options.max_body;
        let too_long = || unknown(Error::new(Kind::Answer, "the answer is too long"), repeat);
        let declared = response.content_length().and_then(|len| usize::try_from(len).ok());
        if declared.is_some_and(|len| len > cap) {
            return Err(too_long());
        }
        let mut body = Zeroizing::new(Vec::with_capacity(declared.unwrap_or(0)));
        while let Some(chunk) = response.chunk().await.map_err(|error| fault(&error, repeat))? {
            if body.len() + chunk.len() > cap {
                return Err(too_long());
            }
            if body.len() + chunk.len() > body.capacity() {
                // Growing in place would leave a copy behind.
                let room = (body.capacity() * 2).max(body.len() + chunk.len()).min(cap);
                let mut grown = Zeroizing::new(Vec::with_capacity(room));
                grown.extend_from_slice(&body);
                body = grown;
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// The moment that long after another, a year at most: a duration of any length makes one.
pub(crate) fn after(begun: Instant, duration: Duration) -> Instant {
    const A_YEAR: Duration = Duration::from_secs(365 * 86_400);
    begun + duration.min(A_YEAR)
}

/// A part of a call that sends nothing of it, within the call's deadline; `late` says what did not happen.
#[cfg(any(feature = "abstraxn", feature = "privy"))]
pub(crate) async fn in_time<T>(
    deadline: Instant,
    late: &'static str,
    part: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let late = || Error::new(Kind::Deadline, late);
    timeout_at(deadline, part).await.unwrap_or_else(|_| Err(late()))
}

fn request(call: &Call<'_>, outgoing: Outgoing) -> Request {
    let mut request = Request::new(call.method.clone(), call.url.clone());
    *request.headers_mut() = outgoing.headers;
    if let Some(json) = outgoing.json {
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(json.into());
    }
    request
}

/// Whether another attempt can help, and does nothing twice.
fn may_repeat(repeat: Repeat<'_>, error: &Error) -> bool {
    match error.kind() {
        // Nothing was sent.
        Kind::Connect => true,
        _ => error.is_transient() && repeat != Repeat::Never,
    }
}

fn fault(error: &reqwest::Error, repeat: Repeat<'_>) -> Error {
    if error.is_connect() {
        Error::new(Kind::Connect, "no connection to the service")
    } else if error.is_builder() {
        Error::new(Kind::Input, "the request cannot be sent")
    } else {
        unknown(
            Error::new(Kind::Interrupted, "the connection broke before the answer was whole"),
            repeat,
        )
    }
}

/// Of a call that only reads, nothing is unknown.
fn unknown(error: Error, repeat: Repeat<'_>) -> Error {
    if repeat == Repeat::Freely { error } else { error.with_unknown_outcome() }
}

/// An idempotency key that was given: an empty one would stand for all calls that have none.
pub(crate) fn check_key(key: &str) -> Result<(), Error> {
    let visible = (1..=256).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    let rule = "an idempotency key must be 1 to 256 visible characters";
    if visible { Ok(()) } else { Err(Error::input(rule)) }
}

/// A header with a value that anybody may see.
pub(crate) fn header(
    headers: &mut HeaderMap,
    name: HeaderName,
    value: &str,
    rule: &'static str,
) -> Result<(), Error> {
    let value = HeaderValue::from_str(value).map_err(|_| Error::input(rule))?;
    headers.insert(name, value);
    Ok(())
}

/// A body that cannot be lost between making it and sending it.
pub(crate) fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|_| Error::input("the body must be expressible in JSON"))
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transport({})", self.0.base.as_str())
    }
}
