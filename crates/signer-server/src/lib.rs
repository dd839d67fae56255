#![doc = include_str!("../README.md")]

mod answer;
mod audit;
mod body;
mod caller;
mod clock;
mod connection;
mod cors;
mod endpoint;
#[cfg(feature = "http")]
mod fetch;
mod framing;
mod hex;
mod json_text;
mod metrics;
#[cfg(feature = "openapi")]
mod openapi;
mod ownership;
mod payment_key;
mod peer;
mod queue;
mod rate;
mod refusal;
mod request_id;
mod router;
mod rules;
mod service;
mod status;
#[cfg(feature = "tls")]
mod tls;

pub use audit::{
    AuditError, AuditFault, AuditHead, AuditLog, AuditOptions, AuditReport, Fsync, Hash,
    verify_audit_log,
};
pub use caller::{BearerSecret, Caller, CallerAuthenticator, CallerError};
#[cfg(feature = "jwt")]
pub use caller::{JwtCallers, JwtKeys};
pub use clock::{Clock, SystemClock};
pub use endpoint::{Endpoint, EndpointBuilder, check_path};
pub use ipnet::IpNet;
#[cfg(feature = "openapi")]
pub use openapi::openapi_json;
pub use ownership::{ClaimedOwnership, ListedOwnership, Ownership, OwnershipError};
#[cfg(feature = "http")]
pub use ownership::{HttpOwnership, PrivyOwnership};
pub use payment_key::PaymentKey;
pub use rate::{Rate, Rates};
pub use refusal::Refusal;
pub use router::router;
pub use rules::Rules;
pub use service::{Service, ServiceLimits};
pub use signer_store::{
    CallerId, KeyId, MemoryStore, PaymentStore, Readiness, Reservation, ReservationRequest,
    StoreError,
};
#[cfg(feature = "durable")]
pub use signer_store::{DurableOptions, DurableStore, StoreFsync};
#[cfg(feature = "redis")]
pub use signer_store::{RedisStore, WhenDown};
pub use status::status_router;
#[cfg(feature = "tls")]
pub use tls::TlsIdentity;
