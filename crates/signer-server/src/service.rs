//! A service around the router: connections, their limits, and an orderly end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::{Endpoint, Refusal, answer, router};

/// The limits of a service.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ServiceLimits {
    /// The most connections at a time; more wait in the listener's queue. Default: 1,024.
    pub connections: usize,
    /// How long the head of a request may take, idle time before it included. Default: 10 s.
    pub head_timeout: Duration,
    /// How long requests may take to end once the service is told to stop. Default: 15 s.
    pub drain_timeout: Duration,
}

impl Default for ServiceLimits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            head_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(15),
        }
    }
}

/// The longest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// How long to wait when no connection can be accepted, e.g. for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves the endpoint on `listener` until `stop` ends; then the requests that were begun are answered.
///
/// # Errors
/// When the address of the listener cannot be read; faults of connections end those only.
pub async fn serve(
    listener: TcpListener,
    endpoint: Endpoint,
    limits: ServiceLimits,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    listener.local_addr()?;
    let application = router(endpoint).fallback(no_such_path);
    let slots = Arc::new(Semaphore::new(limits.connections));
    let open = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            () = &mut stop => break,
        };
        let Some((stream, slot)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let mut connection = http1::Builder::new();
        connection
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_timeout)
            .max_buf_size(MAX_HEAD_BYTES);
        let service = TowerToHyperService::new(body_of_axum(application.clone()));
        let connection = connection.serve_connection(TokioIo::new(stream), service);
        let connection = open.watch(connection);
        tokio::spawn(async move {
            // A fault of a connection is its caller's.
            let _ = connection.await;
            drop(slot);
        });
    }
    drop(listener);
    // What does not end in time is cut.
    let _ = tokio::time::timeout(limits.drain_timeout, open.shutdown()).await;
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    let (stream, _) = listener.accept().await.ok()?;
    // Small answers go out at once.
    let _ = stream.set_nodelay(true);
    Some((stream, slot))
}

/// The router takes axum's bodies; the connection gives hyper's.
fn body_of_axum(
    application: Router,
) -> impl tower::Service<
    Request<Incoming>,
    Response = Response<Body>,
    Error = std::convert::Infallible,
    Future: Send,
> + Clone {
    tower::ServiceBuilder::new()
        .map_request(|request: Request<Incoming>| request.map(Body::new))
        .service(application)
}

async fn no_such_path() -> Response<Body> {
    answer::refused(&Refusal::NoSuchPath)
}
