//! A service around the router: connections, their limits, and an orderly end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::connection::{Connection, Transport};
use crate::router::no_such_path;
use crate::{Endpoint, router, status_router};

#[cfg(feature = "tls")]
use crate::TlsIdentity;

/// The limits of a service.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ServiceLimits {
    /// The most connections at a time, 1 or more; others wait in the listener's queue. One that has sent
    /// nothing yet costs little. Default: 16,384.
    pub connections: usize,
    /// How long the head of a request may take, a handshake and idle time before it included. Default: 10 s.
    pub head_timeout: Duration,
    /// How long a connection may live; then what was begun on it is answered and it is closed. Default: 60 s.
    pub connection_lifetime: Duration,
    /// How long requests may take to end once a connection or the service is to end. Default: 15 s.
    pub drain_timeout: Duration,
}

impl Default for ServiceLimits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            head_timeout: Duration::from_secs(10),
            connection_lifetime: Duration::from_secs(60),
            drain_timeout: Duration::from_secs(15),
        }
    }
}

/// How long to wait when no connection can be accepted, e.g. for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A service that answers for an endpoint.
#[derive(Debug)]
#[must_use]
pub struct Service {
    application: Router,
    /// Whose connections are counted, and whose audit log is closed at the end.
    endpoint: Option<Endpoint>,
    limits: ServiceLimits,
    transport: Transport,
}

impl Service {
    /// A service of plain HTTP/1.1 for the endpoint.
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint: Some(endpoint.clone()), ..Self::of(router(endpoint.clone()), endpoint) }
    }

    /// A service of plain HTTP/1.1 for an operator: [`status_router`].
    pub fn status(endpoint: Endpoint) -> Self {
        Self::of(status_router(endpoint.clone()), endpoint)
    }

    fn of(application: Router, endpoint: Endpoint) -> Self {
        let limits = ServiceLimits::default();
        let application = application.fallback(move |request| no_such_path(endpoint, request));
        Self { application, endpoint: None, limits, transport: Transport::Plain }
    }

    /// Other limits.
    pub const fn limits(mut self, limits: ServiceLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Changes what answers: adds paths, or a layer around all of them.
    pub fn map(mut self, change: impl FnOnce(Router) -> Router) -> Self {
        self.application = change(self.application);
        self
    }

    /// HTTPS instead of HTTP.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, identity: TlsIdentity) -> Self {
        self.transport = Transport::Tls(identity);
        self
    }

    /// Whether it speaks HTTPS.
    pub const fn is_secured(&self) -> bool {
        !matches!(self.transport, Transport::Plain)
    }

    /// Serves on `listener` until `stop` ends; then the requests that were begun are answered, and the audit
    /// log is closed with a checkpoint.
    ///
    /// # Errors
    /// When the listener has no address, or `connections` is no number of connections; faults of
    /// connections end those only. When the audit log cannot be closed.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let Self { application, endpoint, limits, transport } = self;
        listener.local_addr()?;
        let all = u32::try_from(limits.connections).ok().filter(|connections| {
            (1..=Semaphore::MAX_PERMITS).contains(&limits.connections) && *connections > 0
        });
        let all = all
            .ok_or(io::Error::new(io::ErrorKind::InvalidInput, "connections must be 1 or more"))?;
        let slots = Arc::new(Semaphore::new(limits.connections));
        let (stopping, stopped) = watch::channel(());
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = accept(&listener, &slots) => accepted,
                () = &mut stop => break,
            };
            let Some((stream, peer, slot)) = accepted else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let connection = Connection {
                peer,
                limits,
                transport: transport.clone(),
                application: application.clone(),
                stopped: stopped.clone(),
            };
            let open = endpoint.clone().map(Open::new);
            tokio::spawn(async move {
                connection.answer(stream).await;
                drop((slot, open));
            });
        }
        drop(listener);
        if let Some(endpoint) = &endpoint {
            endpoint.shared().ends();
        }
        drop(stopping);
        // Every slot is free when the last connection has ended; what does not end in time is cut.
        let _ = tokio::time::timeout(limits.drain_timeout, slots.acquire_many(all)).await;
        match endpoint.as_ref().and_then(Endpoint::audit) {
            Some(audit) => audit.close().await.map_err(io::Error::other),
            None => Ok(()),
        }
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    let (stream, peer) = match listener.accept().await {
        Ok(accepted) => accepted,
        Err(error) => {
            tracing::warn!(kind = %error.kind(), "a connection could not be accepted");
            return None;
        }
    };
    // Small answers go out at once.
    let _ = stream.set_nodelay(true);
    Some((stream, peer, slot))
}

/// Counts an open connection.
struct Open(Endpoint);

impl Open {
    fn new(endpoint: Endpoint) -> Self {
        endpoint.shared().metrics.connections.inc();
        Self(endpoint)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.shared().metrics.connections.dec();
    }
}
