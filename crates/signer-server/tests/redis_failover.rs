//! A Redis of several servers: a failover that Sentinels decide, and a cluster in which a slot moves.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use signer_server::{Endpoint, RedisStore};

use crate::redis_server::RedisServer;
use crate::{REQUEST, Running, payload, policy, rules};

/// A server with settings of its own; it ends with the test.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// The settings go to a file, because Sentinels and cluster nodes write to theirs.
    fn start(name: &str, settings: &str, more: &[&str]) -> Self {
        let address = free_address();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let file: PathBuf = folder.join("redis.conf");
        let port = address.port();
        let text = format!("bind 127.0.0.1\nport {port}\ndir {}\n{settings}", folder.display());
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new("redis-server");
        let child = command.arg(file).args(more).stdout(Stdio::null()).spawn().unwrap();
        for _ in 0..400 {
            std::thread::sleep(Duration::from_millis(10));
            if TcpStream::connect(address).is_ok() {
                break;
            }
        }
        Self { child, address }
    }

    fn cli(&self, words: &[&str]) -> String {
        cli(self.address, words)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port whose cluster port (10,000 above) exists.
fn free_address() -> SocketAddr {
    loop {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        if address.port() < 50_000 {
            return address;
        }
    }
}

fn cli(address: SocketAddr, words: &[&str]) -> String {
    let port = address.port().to_string();
    let output = Command::new("redis-cli").args(["-p", &port]).args(words).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Asks until `done`, at most 20 seconds.
fn until(what: &str, done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

async fn served(url: &str, limit: &str) -> Arc<Running> {
    let store = RedisStore::new(&url.to_owned().into(), Duration::from_millis(500)).unwrap();
    let policy = policy(serde_json::json!({"max_per_day": limit}));
    let endpoint = Endpoint::builder(rules().policy(policy)).store(Arc::new(store));
    Arc::new(Running::start(endpoint).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_under_load_pays_nothing_twice() {
    let mut primary = RedisServer::start();
    primary.command(&["config", "set", "repl-diskless-sync-delay", "0"]);
    let replica = RedisServer::start();
    let port = primary.address.port().to_string();
    replica.command(&["replicaof", "127.0.0.1", &port]);
    until("the replica follows", || {
        cli(replica.address, &["info", "replication"]).contains("master_link_status:up")
    });
    let sentinel = Server::start(
        "redis-sentinel",
        &format!(
            "sentinel monitor payments 127.0.0.1 {port} 1\nsentinel down-after-milliseconds payments 1000\nsentinel failover-timeout payments 3000\n"
        ),
        &["--sentinel"],
    );
    until("the sentinel knows the replica", || {
        sentinel.cli(&["sentinel", "replicas", "payments"]).contains("flags")
    });
    let url = format!("redis+sentinel://{}/payments", sentinel.address);
    let server = served(&url, "2000").await;
    let over = Instant::now() + Duration::from_secs(9);
    let clients: Vec<_> = (0..8)
        .map(|client| {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                let mut ids: Vec<(String, String, Instant)> = Vec::new();
                let mut number = 0;
                while Instant::now() < over {
                    // Keys that clients share, a new one now and then.
                    let key = format!("order-{}", (number / 10 + client % 3) % 60);
                    number += 1;
                    let answer = server.post(&[("idempotency-key", &key)], REQUEST).await;
                    match answer.status {
                        200 => {
                            let id =
                                payload(&answer)["idempotencyKey"].as_str().unwrap().to_owned();
                            ids.push((key, id, Instant::now()));
                        }
                        status => assert!(matches!(status, 403 | 503), "{}", answer.text()),
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                ids
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(700)).await;
    primary.kill();
    let new_port = replica.address.port().to_string();
    let promoted = tokio::task::spawn_blocking(move || {
        until("a new primary", || {
            let named = sentinel.cli(&["sentinel", "get-master-addr-by-name", "payments"]);
            named.contains(&new_port)
        });
        (Instant::now(), sentinel)
    });
    let (promoted, _sentinel) = promoted.await.unwrap();
    let (mut ids, mut last) = (BTreeMap::new(), Vec::new());
    let mut payments = std::collections::BTreeSet::new();
    for client in clients {
        for (key, id, at) in client.await.unwrap() {
            assert_eq!(ids.entry(key).or_insert_with(|| id.clone()), &id, "paid twice");
            payments.insert(id);
            last.push(at);
        }
    }
    let back = last.iter().filter(|at| **at > promoted).min().expect("nothing after the failover");
    let took = back.duration_since(promoted);
    eprintln!("{} payments, {} answers, back after {took:?}", payments.len(), last.len());
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(payments.len() <= 40, "{} of 40", payments.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_moves_in_a_cluster() {
    let nodes: Vec<_> = (0..3)
        .map(|node| {
            let settings = "cluster-enabled yes\ncluster-node-timeout 2000\nsave \"\"\n";
            Server::start(&format!("redis-cluster-{node}"), settings, &[])
        })
        .collect();
    let addresses: Vec<_> = nodes.iter().map(|node| node.address.to_string()).collect();
    let mut create = vec!["--cluster", "create"];
    create.extend(addresses.iter().map(String::as_str));
    create.extend(["--cluster-replicas", "0", "--cluster-yes"]);
    nodes[0].cli(&create);
    until("the cluster is up", || {
        nodes.iter().all(|node| node.cli(&["cluster", "info"]).contains("cluster_state:ok"))
    });
    let server = served(&format!("redis+cluster://{}", addresses.join(",")), "150").await;
    let keyed = |key: &'static str| {
        let server = Arc::clone(&server);
        async move { server.post(&[("idempotency-key", key)], REQUEST).await }
    };
    let first = payload(&keyed("a").await);
    assert_eq!(keyed("b").await.status, 200);
    // The slot of the caller's records moves to another node.
    let holds = |node: &&Server| !node.cli(&["keys", "signer:*:day"]).is_empty();
    let from = nodes.iter().find(holds).unwrap();
    let to = nodes.iter().find(|node| node.address != from.address).unwrap();
    let name = from.cli(&["keys", "signer:*:day"]);
    let slot = from.cli(&["cluster", "keyslot", &name]);
    let (from_id, to_id) = (from.cli(&["cluster", "myid"]), to.cli(&["cluster", "myid"]));
    to.cli(&["cluster", "setslot", &slot, "importing", &from_id]);
    from.cli(&["cluster", "setslot", &slot, "migrating", &to_id]);
    let port = to.address.port().to_string();
    let keys = from.cli(&["cluster", "getkeysinslot", &slot, "100"]);
    let mut migrate = vec!["migrate", "127.0.0.1", &port, "", "0", "5000", "keys"];
    migrate.extend(keys.lines());
    from.cli(&migrate);
    for node in [to, from] {
        node.cli(&["cluster", "setslot", &slot, "node", &to_id]);
    }
    let begun = Instant::now();
    while keyed("c").await.status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(5), "it does not find the slot");
    }
    assert_eq!(payload(&keyed("a").await)["idempotencyKey"], first["idempotencyKey"]);
    assert_eq!(keyed("d").await.status, 403, "150 of 150 are signed");
}
