//! Signs a message with a key of a hardware signer, over its Unix socket. The signature is verified under the public
//! key of the slot.
//!
//! Run with `cargo run -p signer-device --features host --example device_sign -- signer.sock 1 ed25519`.

use std::error::Error;
use std::os::unix::net::UnixStream;

use signer_core::{ed25519, secp256k1};
use signer_device::Link;

const MESSAGE: &[u8] = b"a signing input";

#[allow(clippy::disallowed_methods, reason = "an example reads its arguments")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [socket, slot, curve] = arguments.as_slice() else {
        return Err("usage: device_sign SOCKET SLOT (ed25519 | secp256k1)".into());
    };
    let link = Link::new(UnixStream::connect(socket)?);
    let slot = slot.parse()?;
    match curve.as_str() {
        "ed25519" => drop(link.into_key::<ed25519::VerifyingKey>(slot)?.sign(MESSAGE)?),
        "secp256k1" => drop(link.into_key::<secp256k1::VerifyingKey>(slot)?.sign(MESSAGE)?),
        other => return Err(format!("{other}: ed25519 or secp256k1 is expected").into()),
    }
    println!("the signature of slot {slot} verifies under its public key");
    Ok(())
}
