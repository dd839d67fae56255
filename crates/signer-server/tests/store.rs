//! Tests of the promises of every store: in memory, in a file, and in a real Redis.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use signer_protocols::blink::{IdempotencyKey, MerchantId, Timestamp, UsdMicros};
use signer_server::{
    CallerId, DurableOptions, DurableStore, KeyId, MemoryStore, PaymentStore, Readiness,
    RedisStore, ReservationRequest, StoreError,
};

use crate::START_MS;
use crate::redis_server::RedisServer;

/// A path where no store is yet.
fn fresh_path() -> std::path::PathBuf {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let name = format!("store-{}.redb", NUMBER.fetch_add(1, Ordering::Relaxed));
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_file(&path);
    path
}

fn durable() -> DurableStore {
    DurableStore::open(DurableOptions::new(fresh_path())).unwrap()
}

/// Every store, empty, and what it lives on.
fn stores() -> (Vec<Arc<dyn PaymentStore>>, RedisServer) {
    let redis = RedisServer::start();
    let store = RedisStore::new(&redis.url().into(), Duration::from_millis(500)).unwrap();
    (vec![Arc::new(MemoryStore::default()), Arc::new(durable()), Arc::new(store)], redis)
}

fn request<'a>(caller: &'a CallerId, key: Option<&'a str>, ms: u64) -> ReservationRequest<'a> {
    static MERCHANT: LazyLock<MerchantId> = LazyLock::new(crate::merchant);
    ReservationRequest {
        merchant: &MERCHANT,
        caller,
        retry: key.map(|key| (key, [1; 32])),
        fresh_key: IdempotencyKey::from_random_bytes([u8::try_from(ms % 251).unwrap(); 16]),
        amount: UsdMicros(10),
        day_ceiling: Some(UsdMicros(25)),
        now: Timestamp::from_unix_ms(START_MS + ms).unwrap(),
        key: KeyId::of(&crate::key().verifying_key()),
    }
}

#[tokio::test]
async fn keys_are_scoped_to_their_caller() {
    let (stores, _redis) = stores();
    for store in stores {
        let (one, two) = (CallerId::new("one"), CallerId::new("two"));
        let first = store.reserve(request(&one, Some("k"), 0)).await.unwrap();
        assert_ne!(store.reserve(request(&two, Some("k"), 1)).await.unwrap(), first);
        assert_eq!(store.reserve(request(&one, Some("k"), 2)).await.unwrap(), first);
        let mut other = request(&one, Some("k"), 3);
        other.retry = Some(("k", [2; 32]));
        assert_eq!(store.reserve(other).await, Err(StoreError::Conflict));
    }
}

#[tokio::test]
async fn a_refused_amount_reserves_nothing() {
    let (stores, _redis) = stores();
    for store in stores {
        let caller = CallerId::new("one");
        for at in 0..2 {
            assert!(store.reserve(request(&caller, None, at)).await.is_ok());
        }
        let refused = store.reserve(request(&caller, Some("k"), 2)).await;
        assert_eq!(refused, Err(StoreError::DayCeiling));
        let mut small = request(&caller, Some("k"), 3);
        small.amount = UsdMicros(5);
        small.retry = Some(("k", [9; 32]));
        assert!(store.reserve(small).await.is_ok());
        // Each caller has a day of its own.
        assert!(store.reserve(request(&CallerId::new("two"), None, 4)).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_store_is_unavailable_and_never_forgetful() {
    let store = MemoryStore::new(2);
    let caller = CallerId::new("one");
    let mut open = request(&caller, Some("a"), 0);
    open.day_ceiling = None;
    let first = store.reserve(open.clone()).await.unwrap();
    open.retry = Some(("b", [1; 32]));
    store.reserve(open.clone()).await.unwrap();
    open.retry = Some(("c", [1; 32]));
    assert_eq!(store.reserve(open.clone()).await, Err(StoreError::Unavailable));
    open.retry = Some(("a", [1; 32]));
    assert_eq!(store.reserve(open.clone()).await.unwrap(), first);
    // A day later there is room, whatever the clock of the wall says.
    tokio::time::advance(Duration::from_secs(86_401)).await;
    open.retry = Some(("c", [1; 32]));
    assert!(store.reserve(open).await.is_ok());
}

#[tokio::test]
async fn the_ceiling_holds_when_days_interleave() {
    let (stores, _redis) = stores();
    for store in stores {
        let caller = CallerId::new("one");
        let day = 86_400_000;
        let mut signed = 0;
        for at in [0, day, 0, day, 1, day + 1, 2, day + 2] {
            signed += usize::from(store.reserve(request(&caller, None, at)).await.is_ok());
        }
        // One on the first day, two on the second, and none of the late ones.
        assert_eq!(signed, 3);
    }
}

#[tokio::test]
async fn a_new_day_has_room_for_new_callers() {
    let store = MemoryStore::new(1);
    assert!(store.reserve(request(&CallerId::new("one"), None, 0)).await.is_ok());
    let two = CallerId::new("two");
    assert_eq!(store.reserve(request(&two, None, 1)).await, Err(StoreError::Unavailable));
    assert!(store.reserve(request(&two, None, 86_400_000)).await.is_ok());
}

#[tokio::test]
async fn a_clock_that_is_set_back_signs_nothing_for_the_future() {
    let (stores, _redis) = stores();
    for store in stores {
        let caller = CallerId::new("one");
        let first = store.reserve(request(&caller, Some("k"), 3_600_000)).await.unwrap();
        let again = store.reserve(request(&caller, Some("k"), 0)).await.unwrap();
        assert_eq!(again.idempotency_key, first.idempotency_key);
        assert_eq!(again.signed_at, Timestamp::from_unix_ms(START_MS).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ceiling_holds_when_many_come_at_once() {
    let (stores, _redis) = stores();
    for store in stores {
        let tasks: Vec<_> = (0..200)
            .map(|at| {
                let store = store.clone();
                tokio::spawn(async move {
                    let caller = CallerId::new("one");
                    store.reserve(request(&caller, None, at)).await.is_ok()
                })
            })
            .collect();
        let mut signed = 0;
        for task in tasks {
            signed += usize::from(task.await.unwrap());
        }
        assert_eq!(signed, 2);
    }
}

#[tokio::test]
async fn the_same_payload_for_ten_minutes_and_one_key() {
    let (stores, _redis) = stores();
    for store in stores {
        let caller = CallerId::new("one");
        let request = |caller, key, ms| ReservationRequest {
            day_ceiling: Some(UsdMicros(30)),
            ..request(caller, key, ms)
        };
        let first = store.reserve(request(&caller, Some("k"), 0)).await.unwrap();
        let again = store.reserve(request(&caller, Some("k"), 600_000)).await.unwrap();
        assert_eq!(again, first);
        // A replica whose clock is a little behind.
        let mut behind = request(&caller, Some("k"), 0);
        behind.now = Timestamp::from_unix_ms(START_MS - 5).unwrap();
        assert_eq!(store.reserve(behind).await.unwrap(), first);
        let later = store.reserve(request(&caller, Some("k"), 600_001)).await.unwrap();
        assert_eq!(later.idempotency_key, first.idempotency_key);
        assert_eq!(later.signed_at.unix_ms(), START_MS + 600_001);
        let mut other_key = request(&caller, Some("k"), 1);
        let key = signer_core::p256::SigningKey::from_scalar(&[8; 32]).unwrap();
        other_key.key = KeyId::of(&key.verifying_key());
        let switched = store.reserve(other_key).await.unwrap();
        assert_eq!(switched.idempotency_key, first.idempotency_key);
        assert_eq!(switched.signed_at.unix_ms(), START_MS + 1);
        // Each new time is a payload of its own: 30 of 30 are signed.
        let third = request(&caller, Some("another"), 2);
        assert_eq!(store.reserve(third).await, Err(StoreError::DayCeiling));
        let much_later = request(&caller, Some("k"), 1_300_000);
        assert_eq!(store.reserve(much_later).await, Err(StoreError::DayCeiling));
    }
}

/// Sums are whole numbers to the last millionth, however large.
#[tokio::test]
async fn sums_are_exact() {
    let (stores, _redis) = stores();
    for store in stores {
        let caller = CallerId::new("one");
        let mut large = request(&caller, None, 0);
        large.day_ceiling = Some(UsdMicros((1 << 53) - 1));
        large.amount = UsdMicros((1 << 53) - 3);
        assert!(store.reserve(large.clone()).await.is_ok());
        large.amount = UsdMicros(1);
        assert!(store.reserve(large.clone()).await.is_ok());
        assert!(store.reserve(large.clone()).await.is_ok());
        assert_eq!(store.reserve(large.clone()).await, Err(StoreError::DayCeiling));
        large.amount = UsdMicros(u64::MAX);
        assert_eq!(store.reserve(large).await, Err(StoreError::DayCeiling));
    }
}

/// The amounts that were signed while there was no limit count as soon as there is one.
#[tokio::test]
async fn a_day_is_counted_without_a_limit() {
    let (stores, _redis) = stores();
    for store in stores {
        let caller = CallerId::new("one");
        for (at, key) in [None, Some("k")].into_iter().enumerate() {
            let mut open = request(&caller, key, at as u64);
            open.day_ceiling = None;
            assert!(store.reserve(open).await.is_ok());
        }
        let limited = store.reserve(request(&caller, None, 2)).await;
        assert_eq!(limited, Err(StoreError::DayCeiling), "20 of 25 are signed");
    }
}

#[tokio::test]
async fn merchants_share_neither_keys_nor_the_day() {
    let other = MerchantId::parse("b1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d").unwrap();
    let (stores, _redis) = stores();
    for store in stores {
        let caller = CallerId::new("one");
        let first = store.reserve(request(&caller, Some("k"), 0)).await.unwrap();
        store.reserve(request(&caller, None, 1)).await.unwrap();
        let mut elsewhere = request(&caller, Some("k"), 2);
        elsewhere.merchant = &other;
        let second = store.reserve(elsewhere).await.unwrap();
        assert_ne!(second.idempotency_key, first.idempotency_key);
    }
}

#[tokio::test]
async fn a_caller_with_too_many_keys_is_refused_alone() {
    let redis = RedisServer::start();
    let mut options = DurableOptions::new(fresh_path());
    options.max_keys_per_caller = 2;
    let url = redis.url().into();
    let in_redis = RedisStore::new(&url, Duration::from_millis(500)).unwrap();
    let stores: [Arc<dyn PaymentStore>; 3] = [
        Arc::new(MemoryStore::default().keys_per_caller(2)),
        Arc::new(DurableStore::open(options).unwrap()),
        Arc::new(in_redis.max_keys_per_caller(2)),
    ];
    for store in stores {
        let (greedy, other) = (CallerId::new("greedy"), CallerId::new("other"));
        let open =
            |caller, key, ms| ReservationRequest { day_ceiling: None, ..request(caller, key, ms) };
        let first = store.reserve(open(&greedy, Some("a"), 0)).await.unwrap();
        store.reserve(open(&greedy, Some("b"), 1)).await.unwrap();
        let third = store.reserve(open(&greedy, Some("c"), 2)).await;
        assert_eq!(third, Err(StoreError::TooManyKeys));
        assert_eq!(store.reserve(open(&greedy, Some("a"), 3)).await.unwrap(), first);
        assert!(store.reserve(open(&greedy, None, 4)).await.is_ok());
        assert!(store.reserve(open(&other, Some("c"), 5)).await.is_ok());
    }
}

#[tokio::test]
async fn a_file_is_opened_again_with_all_that_was_answered() {
    let options = DurableOptions::new(fresh_path());
    let caller = CallerId::new("one");
    let store = DurableStore::open(options.clone()).unwrap();
    assert_eq!(store.readiness().await, Readiness::Ready);
    let first = store.reserve(request(&caller, Some("k"), 0)).await.unwrap();
    let mut open = request(&caller, None, 1);
    open.day_ceiling = None;
    store.reserve(open).await.unwrap();
    assert!(DurableStore::open(options.clone()).is_err(), "another handle has it");
    drop(store);
    let store = DurableStore::open(options).unwrap();
    assert_eq!(store.reserve(request(&caller, Some("k"), 2)).await.unwrap(), first);
    assert_eq!(store.reserve(request(&caller, None, 3)).await, Err(StoreError::DayCeiling));
}
