#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::AtomicU64;

use redb::{BackendError, Builder, StorageBackend};
use signer_protocols::blink::{IdempotencyKey, MerchantId, Timestamp, UsdMicros};

use super::file::Opened;
use super::*;
use crate::{CallerId, KeyId};

/// A file whose writes and syncs fail while it is told so, and that counts its syncs.
#[derive(Debug)]
struct Faulty(redb::backends::FileBackend, Arc<Faults>);

#[derive(Debug, Default)]
struct Faults {
    full: AtomicBool,
    syncs: AtomicU64,
}

impl Faulty {
    fn check(&self) -> io::Result<()> {
        let full = self.1.full.load(Ordering::SeqCst);
        if full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl StorageBackend for Faulty {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check()?;
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.check()?;
        self.1.syncs.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check()?;
        self.0.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.0.close()
    }

    fn try_lock_range(
        &self,
        start: std::ops::Bound<u64>,
        end: std::ops::Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.0.try_lock_range(start, end)
    }

    fn unlock_range(
        &self,
        start: std::ops::Bound<u64>,
        end: std::ops::Bound<u64>,
    ) -> Result<(), BackendError> {
        self.0.unlock_range(start, end)
    }
}

fn faulty(name: &str) -> (DurableStore, Arc<Faults>) {
    let path = std::env::temp_dir().join(format!("signer-store-{}-{name}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let faults = Arc::new(Faults::default());
    let options = DurableOptions::new(path.clone());
    let told = Arc::clone(&faults);
    let open: Open = Box::new(move || {
        let mut options = std::fs::OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path)?;
        let syncs = file.try_clone()?;
        let backend = redb::backends::FileBackend::new(file).map_err(io::Error::other)?;
        let backend = Faulty(backend, Arc::clone(&told));
        let database = Builder::new().create_with_backend(backend).map_err(io::Error::other)?;
        Ok(Opened { database, file: syncs })
    });
    (DurableStore::open_with(options, open).unwrap(), faults)
}

fn request<'a>(
    merchant: &'a MerchantId,
    caller: &'a CallerId,
    key: &'a str,
) -> ReservationRequest<'a> {
    let public = signer_core::p256::SigningKey::from_scalar(&[7; 32]).unwrap().verifying_key();
    ReservationRequest {
        merchant,
        caller,
        retry: Some((key, [1; 32])),
        fresh_key: IdempotencyKey::from_random_bytes([u8::try_from(key.len()).unwrap(); 16]),
        amount: UsdMicros(10),
        day_ceiling: Some(UsdMicros(10_000)),
        now: Timestamp::from_unix_ms(1_773_679_531_000).unwrap(),
        key: KeyId::of(&public),
    }
}

fn merchant() -> MerchantId {
    MerchantId::parse("a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d").unwrap()
}

#[tokio::test]
async fn a_full_disk_refuses_and_heals() {
    let (store, faults) = faulty("full");
    let (merchant, caller) = (merchant(), CallerId::new("one"));
    let first = store.reserve(request(&merchant, &caller, "a")).await.unwrap();
    faults.full.store(true, Ordering::SeqCst);
    let refused = store.reserve(request(&merchant, &caller, "bb")).await;
    assert_eq!(refused, Err(StoreError::Unavailable));
    assert_eq!(store.readiness().await, Readiness::Unavailable);
    faults.full.store(false, Ordering::SeqCst);
    for _ in 0..50 {
        if store.reserve(request(&merchant, &caller, "bb")).await.is_ok() {
            assert_eq!(store.reserve(request(&merchant, &caller, "a")).await.unwrap(), first);
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it does not heal");
}

/// Requests that arrive together share a sync, and a retry needs none.
#[tokio::test]
async fn requests_share_a_sync() {
    let (store, faults) = faulty("shared");
    let (merchant, caller) = (merchant(), CallerId::new("one"));
    let before = faults.syncs.load(Ordering::SeqCst);
    let keys: Vec<String> = (1..=64).map(|length| "k".repeat(length)).collect();
    let all = keys.iter().map(|key| store.reserve(request(&merchant, &caller, key)));
    let mut waiting: Vec<_> = all.map(Box::pin).collect();
    std::future::poll_fn(|context| {
        waiting.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if waiting.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    let syncs = faults.syncs.load(Ordering::SeqCst) - before;
    assert!((1..=4).contains(&syncs), "{syncs} for 64 requests");
    store.reserve(request(&merchant, &caller, "k")).await.unwrap();
    assert_eq!(faults.syncs.load(Ordering::SeqCst) - before, syncs);
}

#[tokio::test]
async fn sums_are_added_together_or_not_at_all() {
    let (store, _) = faulty("sums");
    let memory = crate::MemoryStore::default();
    let sum = |asset, amount, limit| (["wallet", asset], amount, limit);
    for store in [&store as &dyn SumStore, &memory] {
        let add = async |sums: &[([&str; 2], u128, Option<u128>)], day| {
            let requests: Vec<_> = sums
                .iter()
                .map(|(name, amount, limit)| SumRequest {
                    name,
                    day,
                    amount: *amount,
                    limit: *limit,
                })
                .collect();
            store.add(&requests).await
        };
        let two = [sum("usdc", 6, Some(10)), sum("eth", u128::MAX, None)];
        assert_eq!(add(&two, 20_000).await, Ok(()));
        assert_eq!(add(&two, 20_000).await, Err(SumError::Limit(0)));
        let twice = [sum("usdc", 3, Some(10)), sum("usdc", 3, Some(10))];
        assert_eq!(add(&twice, 20_000).await, Err(SumError::Limit(1)));
        // Nothing of the refused ones was counted, and a late day counts on the latest.
        assert_eq!(add(&[sum("usdc", 4, Some(10))], 19_999).await, Ok(()));
        assert_eq!(add(&[sum("usdc", 1, Some(10))], 20_000).await, Err(SumError::Limit(0)));
        assert_eq!(add(&[sum("eth", 1, Some(u128::MAX))], 20_000).await, Err(SumError::Limit(0)));
        assert_eq!(add(&[sum("usdc", 10, Some(10))], 20_001).await, Ok(()));
    }
}
