//! One connection, from its first byte to its end. A fault of a connection is its caller's.

use std::convert::Infallible;
use std::net::SocketAddr;

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
use tokio::time::timeout;

use crate::ServiceLimits;
#[cfg(feature = "tls")]
use crate::TlsIdentity;
use crate::framing::Framed;

/// The longest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

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
    /// Answers the requests until the other side ends, its time is up or the service stops.
    pub(crate) async fn answer(mut self, stream: TcpStream) {
        // Until it has sent something a connection costs no buffers.
        let spoken = tokio::select! {
            spoken = timeout(self.limits.head_timeout, stream.readable()) => spoken,
            _ = self.stopped.changed() => return,
        };
        if !matches!(spoken, Ok(Ok(()))) {
            return;
        }
        match &self.transport {
            Transport::Plain => Box::pin(self.speak(stream)).await,
            #[cfg(feature = "tls")]
            Transport::Tls(identity) => {
                let handshake = identity.acceptor().accept(stream);
                if let Ok(Ok(stream)) = timeout(self.limits.head_timeout, handshake).await {
                    Box::pin(self.speak(stream)).await;
                }
            }
        }
    }

    async fn speak(mut self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_timeout)
            .max_buf_size(MAX_HEAD_BYTES)
            .half_close(true);
        let service = TowerToHyperService::new(service(self.application, self.peer));
        let stream = TokioIo::new(Framed::new(stream));
        let mut connection = std::pin::pin!(http.serve_connection(stream, service));
        tokio::select! {
            _ = connection.as_mut() => return,
            () = tokio::time::sleep(self.limits.connection_lifetime) => {}
            _ = self.stopped.changed() => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = timeout(self.limits.drain_timeout, connection).await;
    }
}

/// The router takes axum's bodies and the peer's address; the connection gives hyper's bodies.
fn service(
    application: Router,
    peer: SocketAddr,
) -> impl tower::Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send>
+ Clone {
    tower::ServiceBuilder::new()
        .map_request(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        })
        .service(application)
}
