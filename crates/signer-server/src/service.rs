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
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::{Endpoint, Refusal, answer, router};

/// The limits of a service.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ServiceLimits {
    /// The most connections at a time, 1 or more; others wait in the listener's queue. Default: 1,024.
    pub connections: usize,
    /// How long the head of a request may take, idle time before it included. Default: 10 s.
    pub head_timeout: Duration,
    /// How long a connection may live; then what was begun on it is answered and it is closed. Default: 60 s.
    pub connection_lifetime: Duration,
    /// How long requests may take to end once a connection or the service is to end. Default: 15 s.
    pub drain_timeout: Duration,
}

impl Default for ServiceLimits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            head_timeout: Duration::from_secs(10),
            connection_lifetime: Duration::from_secs(60),
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
/// When the listener has no address, or `connections` is no number of connections; faults of connections
/// end those only.
pub async fn serve(
    listener: TcpListener,
    endpoint: Endpoint,
    limits: ServiceLimits,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    listener.local_addr()?;
    let all = u32::try_from(limits.connections).ok().filter(|connections| {
        (1..=Semaphore::MAX_PERMITS).contains(&limits.connections) && *connections > 0
    });
    let all =
        all.ok_or(io::Error::new(io::ErrorKind::InvalidInput, "connections must be 1 or more"))?;
    let application = router(endpoint).fallback(no_such_path);
    let slots = Arc::new(Semaphore::new(limits.connections));
    let (stopping, stopped) = watch::channel(());
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Some((stream, slot)) => {
                let (application, stopped) = (application.clone(), stopped.clone());
                tokio::spawn(async move {
                    answer_connection(stream, application, limits, stopped).await;
                    drop(slot);
                });
            }
            None => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
    drop(listener);
    drop(stopping);
    // Every slot is free when the last connection has ended; what does not end in time is cut.
    let _ = tokio::time::timeout(limits.drain_timeout, slots.acquire_many(all)).await;
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    let (stream, _) = listener.accept().await.ok()?;
    // Small answers go out at once.
    let _ = stream.set_nodelay(true);
    Some((stream, slot))
}

/// Answers the requests of one connection until it ends, its time is up or the service stops. A fault of
/// a connection is its caller's.
async fn answer_connection(
    stream: TcpStream,
    application: Router,
    limits: ServiceLimits,
    mut stopped: watch::Receiver<()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(MAX_HEAD_BYTES)
        .half_close(true);
    let service = TowerToHyperService::new(body_of_axum(application));
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        () = tokio::time::sleep(limits.connection_lifetime) => {}
        _ = stopped.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(limits.drain_timeout, connection).await;
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
