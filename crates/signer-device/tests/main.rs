//! A device and a host at the two ends of a real socket.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod line;
mod refusals;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;

use signer_core::{ed25519, p256, secp256k1};
use signer_device::{Device, FrameReader, MAX_FRAME, Measurement, Reply, SlotKey};

/// Test keys: three slots.
pub(crate) fn p256_key() -> p256::SigningKey {
    p256::SigningKey::from_scalar(&[7; 32]).unwrap()
}

pub(crate) fn ed25519_key() -> ed25519::SigningKey {
    ed25519::SigningKey::from_seed(&[7; 32])
}

pub(crate) fn secp256k1_key() -> secp256k1::SigningKey {
    secp256k1::SigningKey::from_scalar(&[7; 32]).unwrap()
}

/// A device behind a socket; `damage` sees each reply before it is sent, and may send another.
pub(crate) fn device_with(
    mut damage: impl FnMut(&Reply) -> Vec<u8> + Send + 'static,
) -> UnixStream {
    let (host, mut line) = UnixStream::pair().unwrap();
    host.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
    thread::spawn(move || {
        let (p256, ed25519, secp256k1) = (p256_key(), ed25519_key(), secp256k1_key());
        let slots =
            [SlotKey::P256(&p256), SlotKey::Ed25519(&ed25519), SlotKey::Secp256k1(&secp256k1)];
        let device = Device::new(&slots);
        let mut reader = FrameReader::<MAX_FRAME>::new();
        let mut byte = [0];
        while line.read_exact(&mut byte).is_ok() {
            let Some(frame) = reader.push(byte[0]) else { continue };
            let measured = Measurement { stack_bytes: 4_096, ticks: 77 };
            let Some(reply) = device.answer(frame, measured) else { continue };
            if line.write_all(&damage(&reply)).is_err() {
                return;
            }
        }
    });
    host
}

pub(crate) fn frame_of(reply: &Reply) -> Vec<u8> {
    let mut bytes = Vec::new();
    reply.write(&mut |byte| bytes.push(byte));
    bytes
}

pub(crate) fn device() -> UnixStream {
    device_with(frame_of)
}
