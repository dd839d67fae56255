//! Two processes on one Redis.

use std::fs;

use super::REQUEST;
use super::redis_server::RedisServer;
use super::serving::{AUTHORIZATION, Serving, configured};

#[test]
fn two_processes_share_keys_and_the_day() {
    let mut redis = RedisServer::start();
    let folder = configured("serve-redis", |text| {
        let policy = "policy = \"policy.toml\"\n";
        format!("{policy}{text}[store]\nkind = \"redis\"\nurl = \"redis.url\"\n")
    });
    fs::write(folder.join("policy.toml"), "max_per_day = \"200\"\n").unwrap();
    super::private_file(&folder, "redis.url", &redis.url());
    let serve = ["serve", "--config", "signer.toml"];
    let processes = [Serving::start(&folder, &serve), Serving::start(&folder, &serve)];
    let keyed = format!("{AUTHORIZATION}idempotency-key: order-1\r\n");
    let ids: Vec<_> = processes
        .iter()
        .map(|process| {
            let (status, response) = process.post("x", &keyed, REQUEST);
            assert_eq!(status, 200, "{response}");
            let response: serde_json::Value = serde_json::from_str(&response).unwrap();
            (response["payload"].clone(), response["preview"]["idempotencyKey"].clone())
        })
        .collect();
    assert_eq!(ids[0], ids[1], "the same payload");
    let other = REQUEST.replace("50", "51");
    assert_eq!(processes[1].post("x", &keyed, &other).0, 409);
    // 150 of the 200 dollars are left, wherever one asks.
    let statuses: Vec<_> =
        (0..5).map(|turn| processes[turn % 2].post("x", AUTHORIZATION, REQUEST).0).collect();
    assert_eq!(statuses, [200, 200, 200, 403, 403]);
    // What one knew outlives it.
    let [first, second] = processes;
    assert_eq!(first.terminate(), Some(0));
    let (status, response) = second.post("x", &keyed, REQUEST);
    let response: serde_json::Value = serde_json::from_str(&response).unwrap();
    assert_eq!((status, &response["payload"]), (200, &ids[0].0));
    redis.kill();
    assert_eq!(second.post("x", &keyed, REQUEST).0, 503);
}
