//! The clients and their stores, as processes and over real sockets.

mod file_store;
#[path = "../../signer-server/tests/redis_server.rs"]
mod redis_server;
mod redis_store;
mod token_cache;
mod worker;
