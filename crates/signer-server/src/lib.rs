#![doc = include_str!("../README.md")]

mod answer;
mod body;
mod caller;
mod cors;
mod endpoint;
mod ownership;
mod refusal;
mod router;
mod service;
mod store;

pub use caller::{BearerSecret, Caller, CallerAuthenticator, CallerError, CallerId};
pub use endpoint::{Clock, Endpoint, EndpointBuilder, SystemClock, check_path};
pub use ownership::{ListedOwnership, Ownership, OwnershipError};
pub use refusal::Refusal;
pub use router::router;
pub use service::{ServiceLimits, serve};
pub use store::{MemoryStore, PaymentStore, Reservation, ReservationRequest, StoreError};
