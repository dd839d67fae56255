//! The clients and their stores, as processes and over real sockets. Keys and secrets here are for tests.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod abstraxn;
mod abstraxn_stores;
mod answers;
mod blink;
mod crossmint;
mod crossmint_approvals;
mod crossmint_limits;
mod crossmint_rotation;
mod crossmint_stub;
mod crossmint_tampering;
mod crossmint_vectors;
mod emulator;
mod file_store;
mod postmortems;
mod privy;
mod privy_rest;
#[path = "../../signer-server/tests/redis_server.rs"]
mod redis_server;
mod redis_store;
mod stub;
mod tls;
mod token_cache;
mod trace;
mod transport;
mod worker;
