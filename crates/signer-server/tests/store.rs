//! What every store promises: the one in memory, and a real Redis.

use std::sync::Arc;
use std::time::Duration;

use signer_protocols::blink::{IdempotencyKey, Timestamp, UsdMicros};
use signer_server::{
    CallerId, KeyId, MemoryStore, PaymentStore, RedisStore, ReservationRequest, StoreError,
};

use crate::START_MS;
use crate::redis_server::RedisServer;

/// Every store, empty, and what it lives on.
fn stores() -> (Vec<Arc<dyn PaymentStore>>, RedisServer) {
    let redis = RedisServer::start();
    let store = RedisStore::new(&redis.url().into(), Duration::from_millis(500)).unwrap();
    (vec![Arc::new(MemoryStore::default()), Arc::new(store)], redis)
}

fn request<'a>(caller: &'a CallerId, key: Option<&'a str>, ms: u64) -> ReservationRequest<'a> {
    ReservationRequest {
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
