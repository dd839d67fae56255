//! What goes wrong around the endpoint.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::http::count;
use crate::{BEARER, REQUEST, Running, Then, builder, builder_with};

#[tokio::test]
async fn a_panic_costs_one_request() {
    let broken = Arc::new(AtomicBool::new(true));
    let signer = {
        let broken = broken.clone();
        Then::new(move || {
            assert!(!broken.load(Ordering::SeqCst), "injected by a test");
            true
        })
    };
    let server = Running::start(builder_with(signer)).await;
    let answer = server.post(&[], REQUEST).await;
    assert_eq!((answer.status, answer.error().as_str()), (500, "The signer failed."));
    broken.store(false, Ordering::SeqCst);
    assert_eq!(server.post(&[], REQUEST).await.status, 200);
}

/// A signer slowed to 2 ms, and ten times what it can do, whether the answers come or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overload_is_refused_and_work_goes_on() {
    let signer = Then::new(|| {
        std::thread::sleep(Duration::from_millis(2));
        true
    });
    let server = Arc::new(Running::start_apart(builder_with(signer).queue(32)));
    // As much as it can do: a crowd that asks again as soon as it is answered.
    let begun = Instant::now();
    let mut crowd = JoinSet::new();
    for _ in 0..16 {
        let server = server.clone();
        crowd.spawn(async move {
            for _ in 0..60 {
                assert_eq!(server.post(&[], REQUEST).await.status, 200);
            }
        });
    }
    crowd.join_all().await;
    let peak = 16.0 * 60.0 / begun.elapsed().as_secs_f64();
    // Ten times as much, whether the answers come or not.
    let every = Duration::from_secs_f64(0.1 / peak);
    let begun = Instant::now();
    let (signed, refused) = offered(&server, 4_000, every).await;
    #[allow(clippy::cast_precision_loss, reason = "some thousands")]
    let goodput = signed as f64 / begun.elapsed().as_secs_f64();
    eprintln!("peak {peak:.0}/s, goodput {goodput:.0}/s, {signed} signed, {refused} refused");
    assert!(refused > 1_000, "{refused} were refused, {signed} signed");
    assert!(goodput > peak * 0.5, "{goodput} of {peak} a second");
    assert_eq!(server.post(&[], REQUEST).await.status, 200);
}

/// Offers requests at a rate, each on a connection of its own, and counts the 200s and the 503s.
async fn offered(server: &Arc<Running>, requests: u32, every: Duration) -> (usize, usize) {
    let (signed, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0..requests {
        let due = begun + every * number;
        tokio::time::sleep_until(due.into()).await;
        let (server, signed, refused) = (server.clone(), signed.clone(), refused.clone());
        tasks.spawn(async move {
            let answer = server.post(&[], REQUEST).await;
            match answer.status {
                200 => signed.fetch_add(1, Ordering::SeqCst),
                503 => refused.fetch_add(1, Ordering::SeqCst),
                status => panic!("{status}: {}", answer.text()),
            };
            assert!(answer.status == 200 || answer.header("retry-after") == Some("1"));
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    (signed.load(Ordering::SeqCst), refused.load(Ordering::SeqCst))
}

/// Callers that were known all along are served beside a crowd that says nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_are_in_nobodys_way() {
    let server = Running::start(builder()).await;
    let mut idle = Vec::new();
    for _ in 0..400 {
        idle.push(TcpStream::connect(server.address).await.unwrap());
    }
    let begun = Instant::now();
    assert_eq!(server.post(&[], REQUEST).await.status, 200);
    assert!(begun.elapsed() < Duration::from_secs(2));
}

/// Requests that follow each other on one connection, without waiting for answers.
#[tokio::test]
async fn a_pipeline_is_answered_in_order() {
    let server = Running::start(builder()).await;
    let one = |close: &str, body: &str| {
        format!(
            "POST /api/sign-payment HTTP/1.1\r\nhost: x\r\n{close}authorization: Bearer {BEARER}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let pipeline = [one("", REQUEST), one("", "{"), one("connection: close\r\n", REQUEST)].concat();
    let received =
        crate::http::exchange(server.address, pipeline.as_bytes(), Duration::from_secs(5)).await;
    assert_eq!(count(&received), 3);
    let text = String::from_utf8_lossy(&received);
    let statuses: Vec<_> = text.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "400", "200"]);
}
