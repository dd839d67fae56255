//! The address of a Redis: one server, a primary that Sentinels name, or a cluster.

use std::time::Duration;

use redis::cluster::ClusterClient;
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use redis::{Client, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, TlsMode};

pub(super) const RULE: &str = "must be redis://host:6379, redis+sentinel://host:26379,…/primary or \
     redis+cluster://host:6379,…; rediss for tls";

/// Keepalive probes start after this, and as often; and how long sent data may stay unacknowledged.
const KEEPALIVE: Duration = Duration::from_secs(2);
const USER_TIMEOUT: Duration = Duration::from_secs(5);

/// The address to connect to.
pub(super) enum Target {
    Single(Box<Client>),
    Sentinel(Box<SentinelClient>),
    Cluster(Box<ClusterClient>),
}

impl Target {
    pub(super) fn parse(url: &str, patience: Duration) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (scheme, kind) = scheme.split_once('+').unwrap_or((scheme, "single"));
        let tls = scheme == "rediss";
        match (scheme, kind) {
            ("redis" | "rediss", "sentinel") => sentinel(scheme, tls, rest),
            ("redis" | "rediss", "cluster") => cluster(scheme, rest, patience),
            _ => single(url),
        }
    }
}

fn single(url: &str) -> Option<Target> {
    let info = url.into_connection_info().ok()?.set_tcp_settings(tcp_settings());
    Some(Target::Single(Box::new(Client::open(info).ok()?)))
}

/// `user:password@` is for the servers; the Sentinels get none.
fn sentinel(scheme: &str, tls: bool, rest: &str) -> Option<Target> {
    let (authority, path) = rest.split_once('/')?;
    let (credentials, hosts) = authority.rsplit_once('@').map_or(("", authority), |it| it);
    let (primary, database) = path.split_once('/').unwrap_or((path, "0"));
    if primary.is_empty() {
        return None;
    }
    let login = format!("redis://{credentials}{}x/{database}", at(credentials));
    let login: RedisConnectionInfo = login.into_connection_info().ok()?.redis_settings().clone();
    let mut servers = SentinelNodeConnectionInfo::default()
        .set_redis_connection_info(login)
        .set_tcp_settings(tcp_settings());
    if tls {
        servers = servers.set_tls_mode(TlsMode::Secure);
    }
    let sentinels = nodes(scheme, "", hosts)?;
    let kind = SentinelServerType::Master;
    let client = SentinelClient::build(sentinels, primary, Some(servers), kind).ok()?;
    Some(Target::Sentinel(Box::new(client)))
}

fn cluster(scheme: &str, rest: &str, patience: Duration) -> Option<Target> {
    let authority = rest.trim_end_matches('/');
    let (credentials, hosts) = authority.rsplit_once('@').map_or(("", authority), |it| it);
    let client = ClusterClient::builder(nodes(scheme, credentials, hosts)?)
        .tcp_settings(tcp_settings())
        .connection_timeout(patience)
        .response_timeout(patience)
        .retries(2)
        .build()
        .ok()?;
    Some(Target::Cluster(Box::new(client)))
}

fn nodes(scheme: &str, credentials: &str, hosts: &str) -> Option<Vec<ConnectionInfo>> {
    let node = |host: &str| {
        let url = format!("{scheme}://{credentials}{}{host}", at(credentials));
        Some(url.into_connection_info().ok()?.set_tcp_settings(tcp_settings()))
    };
    hosts.split(',').map(node).collect()
}

const fn at(credentials: &str) -> &'static str {
    if credentials.is_empty() { "" } else { "@" }
}

/// A peer that disappeared is noticed within seconds.
fn tcp_settings() -> TcpSettings {
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE);
    #[cfg(not(windows))]
    let keepalive = keepalive.with_interval(KEEPALIVE).with_retries(2);
    let settings = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(USER_TIMEOUT);
    settings
}
