//! One connection, from its first byte to its end. A fault of a connection is its caller's.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use crate::ServiceLimits;
#[cfg(feature = "tls")]
use crate::TlsIdentity;
use crate::framing::Framed;

/// The longest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// A year at most: behind a duration of any length there is a moment then.
fn bounded(limit: Duration) -> Duration {
    const A_YEAR: Duration = Duration::from_secs(365 * 86_400);
    limit.min(A_YEAR)
}

/// What stands between the connection and HTTP.
#[derive(Clone, Debug)]
pub(crate) enum Transport {
    /// Nothing.
    Plain,
    #[cfg(feature = "tls")]
    Tls(TlsIdentity),
}

pub(crate) struct Connection {
    pub(crate) peer: SocketAddr,
    pub(crate) limits: ServiceLimits,
    pub(crate) transport: Transport,
    pub(crate) application: Router,
    pub(crate) stopped: watch::Receiver<()>,
}

impl Connection {
    /// Answers the requests until the other side ends, its time is up or the service stops. The first head
    /// has one deadline, whatever comes before it.
    pub(crate) async fn answer(mut self, stream: TcpStream) {
        let begun = Instant::now();
        let deadline = begun + bounded(self.limits.head_timeout);
        // Until it has sent something a connection costs no buffers.
        let mut first = [0];
        let spoken = timeout_at(deadline, stream.peek(&mut first));
        let spoken = tokio::select! {
            spoken = spoken => spoken,
            _ = self.stopped.changed() => return,
        };
        if !matches!(spoken, Ok(Ok(1..))) {
            return;
        }
        match &self.transport {
            Transport::Plain => Box::pin(self.speak(stream, begun)).await,
            #[cfg(feature = "tls")]
            Transport::Tls(identity) => {
                let handshake = timeout_at(deadline, identity.acceptor().accept(stream));
                let secured = tokio::select! {
                    secured = handshake => secured,
                    _ = self.stopped.changed() => return,
                };
                if let Ok(Ok(stream)) = secured {
                    Box::pin(self.speak(stream, begun)).await;
                }
            }
        }
    }

    async fn speak(mut self, stream: impl AsyncRead + AsyncWrite + Unpin, begun: Instant) {
        let head_timeout = bounded(self.limits.head_timeout);
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(head_timeout)
            .max_buf_size(MAX_HEAD_BYTES)
            .half_close(true);
        let asked = Arc::new(AtomicBool::new(false));
        let service = service(self.application, self.peer, Arc::clone(&asked));
        let stream = TokioIo::new(Framed::new(stream));
        let connection = http.serve_connection(stream, TowerToHyperService::new(service));
        let mut connection = std::pin::pin!(connection);
        let end = begun + bounded(self.limits.connection_lifetime);
        tokio::select! {
            _ = connection.as_mut() => return,
            () = sleep_until(end.min(begun + head_timeout)) => {}
            _ = self.stopped.changed() => {}
        }
        let stopping = self.stopped.has_changed().is_err();
        if !asked.load(Ordering::Relaxed) && !stopping {
            return;
        }
        if !stopping {
            tokio::select! {
                _ = connection.as_mut() => return,
                () = sleep_until(end) => {}
                _ = self.stopped.changed() => {}
            }
        }
        connection.as_mut().graceful_shutdown();
        let _ = timeout(self.limits.drain_timeout, connection).await;
    }
}

/// The router takes axum's bodies and the peer's address; the connection gives hyper's bodies. The first
/// request is noted.
fn service(
    application: Router,
    peer: SocketAddr,
    asked: Arc<AtomicBool>,
) -> impl tower::Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send>
+ Clone {
    tower::ServiceBuilder::new()
        .map_request(move |request: Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        })
        .service(application)
}
