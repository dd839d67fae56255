//! The connection to a Redis, and when it is replaced.

use std::fmt;
use std::time::{Duration, Instant};

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::{
    AsyncConnectionConfig, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisFuture,
    RedisResult, ScriptInvocation, Value,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::url::{RULE, Target};

/// A new connection is opened at most this often.
const RECONNECT_INTERVAL: Duration = Duration::from_secs(1);

/// A connection to a Redis that is replaced after any failure.
///
/// A server that answers is not always one that works: a demoted primary, a full server or one that loads its
/// data answers every call with an error, and a connection whose peer disappeared answers nothing. Each of these
/// closes the connection. The next call opens a new one, at most once a second.
pub struct RedisLink {
    patience: Duration,
    is_cluster: bool,
    replicas: Replicas,
    state: Mutex<State>,
}

/// Which replicas must have what a script wrote, before it counts as done.
#[derive(Clone, Copy, Debug)]
enum Replicas {
    /// So many, whether they are connected or not.
    AtLeast(u32),
    /// One, unless none is connected: after a failover the new primary may be alone.
    OneIfConnected,
}

struct State {
    target: Target,
    connection: Option<Connection>,
    /// Counts connections, so that a late failure of an old one does not close its successor.
    serial: u64,
    attempted_at: Option<Instant>,
    /// Why there is no connection.
    fault: RedisFault,
}

/// The operation to send.
#[derive(Clone, Copy)]
pub enum RedisCall<'a> {
    /// A command.
    Command(&'a Cmd),
    /// A script, which is loaded if the server does not have it.
    Script(&'a ScriptInvocation<'a>),
}

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedisFault {
    /// The server did not answer, or not in time.
    #[error("redis does not answer")]
    Down,
    /// The server answered with an error: it is full, read-only, loading or wants another password.
    #[error("redis refuses")]
    Refused,
}

impl RedisLink {
    /// A link to an address, which may hold a password: `redis://host:6379` for one server,
    /// `redis+sentinel://host:26379,host:26379/primary` for the primary that these Sentinels name, and
    /// `redis+cluster://host:6379,host:6379` for a cluster; `rediss` in place of `redis` for TLS. The first call
    /// connects. `patience` bounds connecting and each call.
    ///
    /// # Errors
    /// A text for the operator if the address has none of these forms.
    pub fn new(url: &SecretString, patience: Duration) -> Result<Self, &'static str> {
        let target = Target::parse(url.expose_secret(), patience).ok_or(RULE)?;
        let is_cluster = matches!(target, Target::Cluster(_));
        let replicas = match target {
            Target::Sentinel(_) => Replicas::OneIfConnected,
            Target::Single(_) | Target::Cluster(_) => Replicas::AtLeast(0),
        };
        let fault = RedisFault::Down;
        let state = State { target, connection: None, serial: 0, attempted_at: None, fault };
        Ok(Self { patience, is_cluster, replicas, state: Mutex::new(state) })
    }

    /// How many replicas must have acknowledged what a script wrote (`WAIT`) before its answer counts. Default: 0,
    /// or one of the connected replicas, if there are any, where Sentinels name the primary. A cluster does not wait.
    #[must_use]
    pub const fn replicas(mut self, replicas: u32) -> Self {
        self.replicas = Replicas::AtLeast(replicas);
        self
    }

    pub(super) const fn is_cluster(&self) -> bool {
        self.is_cluster
    }

    /// Sends a call and reads the answer.
    ///
    /// # Errors
    /// [`RedisFault`]; the connection is closed. The call may have been carried out.
    pub async fn run<T: FromRedisValue>(&self, call: RedisCall<'_>) -> Result<T, RedisFault> {
        self.attempt(call).await.map_err(|failure| failure.fault)
    }

    /// As [`run`](Self::run), for a call that is safe to repeat: after an error that came in time it is sent once
    /// more, if a new connection may be opened.
    pub(super) async fn run_again<T: FromRedisValue>(
        &self,
        call: RedisCall<'_>,
    ) -> Result<T, RedisFault> {
        match self.attempt(call).await {
            Err(Failure { fault, retry: true }) => match self.attempt(call).await {
                Ok(answer) => Ok(answer),
                // The second attempt may not have been made.
                Err(second) => Err(if second.retry { second.fault } else { fault }),
            },
            verdict => verdict.map_err(|failure| failure.fault),
        }
    }

    async fn attempt<T: FromRedisValue>(&self, call: RedisCall<'_>) -> Result<T, Failure> {
        // A lease may be given back outside of a runtime.
        if Handle::try_current().is_err() {
            return Err(Failure { fault: RedisFault::Down, retry: false });
        }
        let (serial, mut connection) = self.connection().await?;
        let answer = async {
            match call {
                RedisCall::Command(command) => command.query_async(&mut connection).await,
                RedisCall::Script(script) => {
                    let answer = script.invoke_async(&mut connection).await?;
                    self.wait_for_replicas(&mut connection).await?;
                    Ok(answer)
                }
            }
        };
        let failure = match timeout(self.patience, answer).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => {
                tracing::warn!(kind = ?error.kind(), "redis: the connection is replaced");
                Failure { fault: fault_of(&error), retry: !error.is_timeout() }
            }
            Err(_) => {
                tracing::warn!("redis: no answer in time; the connection is replaced");
                Failure { fault: RedisFault::Down, retry: false }
            }
        };
        let mut state = self.state.lock().await;
        if state.serial == serial {
            state.connection = None;
            state.fault = failure.fault;
        }
        Err(failure)
    }

    /// A failover keeps a write only if a replica has it.
    async fn wait_for_replicas(&self, connection: &mut Connection) -> RedisResult<()> {
        let needed = match self.replicas {
            Replicas::AtLeast(replicas) => replicas,
            Replicas::OneIfConnected => {
                let role = redis::cmd("ROLE").query_async(connection).await;
                let (_, _, replicas): (String, i64, Vec<Value>) = role?;
                u32::from(!replicas.is_empty())
            }
        };
        if needed == 0 || self.is_cluster {
            return Ok(());
        }
        let patience = u64::try_from(self.patience.as_millis()).unwrap_or(u64::MAX);
        let mut wait = redis::cmd("WAIT");
        // Less than the whole time, so that the answer still arrives.
        wait.arg(needed).arg(patience * 3 / 4);
        let acknowledged: u32 = wait.query_async(connection).await?;
        if acknowledged < needed {
            return Err((ErrorKind::Client, "too few replicas have the write").into());
        }
        Ok(())
    }

    /// The open connection, or a new one. All callers wait for one attempt to connect.
    async fn connection(&self) -> Result<(u64, Connection), Failure> {
        let mut state = self.state.lock().await;
        if let Some(connection) = &state.connection {
            return Ok((state.serial, connection.clone()));
        }
        if state.attempted_at.is_some_and(|at| at.elapsed() < RECONNECT_INTERVAL) {
            return Err(Failure { fault: state.fault, retry: false });
        }
        state.attempted_at = Some(Instant::now());
        state.fault = RedisFault::Down;
        match timeout(self.patience, connect(&mut state.target, self.patience)).await {
            Ok(Ok(connection)) => {
                state.serial += 1;
                state.connection = Some(connection.clone());
                Ok((state.serial, connection))
            }
            Ok(Err(error)) => {
                tracing::warn!(kind = ?error.kind(), "redis: connecting failed");
                state.fault = fault_of(&error);
                Err(Failure { fault: state.fault, retry: false })
            }
            Err(_) => {
                tracing::warn!("redis: connecting took too long");
                Err(Failure { fault: RedisFault::Down, retry: false })
            }
        }
    }
}

struct Failure {
    fault: RedisFault,
    /// Whether the call is worth another attempt.
    retry: bool,
}

async fn connect(target: &mut Target, patience: Duration) -> RedisResult<Connection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(patience))
        .set_response_timeout(Some(patience));
    Ok(match target {
        Target::Single(client) => {
            let connection = client.get_multiplexed_async_connection_with_config(&config).await?;
            Connection::Single(connection)
        }
        Target::Sentinel(client) => {
            Connection::Single(client.get_async_connection_with_config(&config).await?)
        }
        Target::Cluster(client) => Connection::Cluster(client.get_async_connection().await?),
    })
}

fn fault_of(error: &RedisError) -> RedisFault {
    let down = error.is_io_error()
        || error.is_timeout()
        || error.is_connection_dropped()
        || error.is_connection_refusal();
    if down { RedisFault::Down } else { RedisFault::Refused }
}

#[derive(Clone)]
enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

impl fmt::Debug for RedisLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisLink")
    }
}

impl fmt::Debug for RedisCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisCall")
    }
}
