#![allow(clippy::unwrap_used)]

use redb::{Builder, Database};

use super::*;

const BOUNDS: Bounds = Bounds { keys: 3, keys_per_caller: 2, sums: 3 };
const START_MS: u64 = 1_773_679_531_000;

fn database() -> Database {
    Builder::new().create_with_backend(redb::backends::InMemoryBackend::new()).unwrap()
}

fn reserve(
    database: &Database,
    caller: u8,
    id: u8,
    at_ms: u64,
) -> std::result::Result<Reservation, StoreError> {
    let transaction = database.begin_write().unwrap();
    let verdict = {
        let mut tables = Tables::open(&transaction, BOUNDS, at_ms).unwrap();
        tables.forget_old_keys(1).unwrap();
        tables.reserve(&Reserve {
            scope: [caller; 32],
            retry: Some(([id; 32], [1; 32])),
            fresh_key: IdempotencyKey::from_random_bytes([id; 16]),
            amount: 1,
            limit: None,
            now: Timestamp::from_unix_ms(at_ms).unwrap(),
            key: KeyId::from_bytes([3; 8]),
        })
    };
    transaction.commit().unwrap();
    verdict.unwrap()
}

#[test]
fn keys_are_bounded_and_expire_after_a_day() {
    let database = database();
    let first = reserve(&database, 1, 1, START_MS).unwrap();
    reserve(&database, 1, 2, START_MS + 1).unwrap();
    assert_eq!(reserve(&database, 1, 3, START_MS + 2), Err(StoreError::TooManyKeys));
    reserve(&database, 2, 4, START_MS + 2).unwrap();
    assert_eq!(reserve(&database, 2, 5, START_MS + 3), Err(StoreError::Unavailable));
    // Kept for 24 hours to the millisecond.
    let late = reserve(&database, 1, 1, START_MS + REMEMBERED_MS).unwrap();
    assert_eq!(late.idempotency_key, first.idempotency_key);
    // One key has expired, which makes room for its caller and for all.
    reserve(&database, 1, 3, START_MS + REMEMBERED_MS + 1).unwrap();
    assert_eq!(
        reserve(&database, 2, 5, START_MS + REMEMBERED_MS + 1),
        Err(StoreError::Unavailable)
    );
    reserve(&database, 2, 5, START_MS + REMEMBERED_MS + 2).unwrap();
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let known = Remembered {
        hash: [9; 32],
        idempotency_key: IdempotencyKey::from_random_bytes([8; 16]),
        signed_at: Timestamp::from_unix_ms(START_MS).unwrap(),
        key: KeyId::from_bytes([7; 8]),
    };
    let record = encode(&known);
    assert_eq!(decode(&record), Some(known));
    for cut in 0..record.len() {
        assert_eq!(decode(&record[..cut]), None, "{cut}");
    }
}
