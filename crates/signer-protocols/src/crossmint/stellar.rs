//! Approvals on Stellar: the payload of a Soroban authorization, decoded and compared with the request.
//!
//! Section 5 of the specification page. No answer of the service was ever recorded: the shapes follow its OpenAPI
//! document, the Stellar SDK and the source of the wallet contract. The signature covers the network, the nonce, the
//! expiration ledger and the tree of invocations, and nothing else of the transaction: neither its source account, its
//! fee nor its memo.
//!
//! | module | contents |
//! |---|---|
//! | [`xdr`] | values, addresses, invocations and authorization entries: strict decoding and encoding |
//! | [`Envelope`] | the transaction that carries the authorization |
//! | [`authorization_payload`] | the 32 bytes that the wallet's signer signs |
//! | [`token_transfer`], [`add_signer`], [`revoke_signer`] | the invocations that requests stand for |

mod arguments;
mod content;
mod envelope;
mod payload;
mod signer_change;
mod transfer;
mod verify;
pub mod xdr;

pub use arguments::token_transfer;
pub use envelope::Envelope;
pub use payload::{
    PUBLIC_NETWORK, TEST_NETWORK, authorization_payload, native_contract, network_passphrase,
};
pub use signer_change::{add_signer, revoke_signer};
pub use verify::verify;
