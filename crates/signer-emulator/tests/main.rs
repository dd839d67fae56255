//! The stand-ins as a client sees them.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod crossmint;
mod crossmint_lists;
mod crossmint_tampering;
mod http;
