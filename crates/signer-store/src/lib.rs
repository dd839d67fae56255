#![doc = include_str!("../README.md")]

mod caller_id;
mod digest;
#[cfg(feature = "durable")]
mod durable;
mod hex;
mod key_id;
mod memory;
mod payment;
#[cfg(feature = "redis")]
mod redis;
mod remembered;
mod sums;

pub use caller_id::CallerId;
#[cfg(feature = "durable")]
pub use durable::{DurableOptions, DurableStore, StoreFsync};
pub use key_id::KeyId;
pub use memory::MemoryStore;
pub use payment::{PaymentStore, Readiness, Reservation, ReservationRequest, StoreError};
#[cfg(feature = "redis")]
pub use redis::{RedisCall, RedisFault, RedisLink, RedisStore, WhenDown};
pub use sums::{SumError, SumRequest, SumStore};
