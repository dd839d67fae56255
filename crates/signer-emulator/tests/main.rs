//! The stand-ins as a client sees them.

mod crossmint;
mod crossmint_tampering;
mod http;
