//! A signer on a chip: the keys are here and nowhere else, the line carries signing inputs in and
//! signatures out. The protocol is that of the crate `signer-device`.
#![no_std]
#![no_main]

use board::cortex_m_rt::entry;
use board::{Clock, Serial, deepest_stack};
use panic_halt as _;
use signer_core::{ed25519, p256, secp256k1};
use signer_device::{Device, FrameReader, MAX_FRAME, Measurement, SlotKey};

mod keys;

#[entry]
fn main() -> ! {
    static mut READER: FrameReader<MAX_FRAME> = FrameReader::new();

    let mut serial = Serial::start();
    let clock = Clock::start();
    let (Ok(p256), Ok(secp256k1)) = (
        p256::SigningKey::from_scalar(&keys::P256),
        secp256k1::SigningKey::from_scalar(&keys::SECP256K1),
    ) else {
        // Without its keys a signer has nothing to say.
        loop {}
    };
    let ed25519 = ed25519::SigningKey::from_seed(&keys::ED25519);
    let slots = [SlotKey::P256(&p256), SlotKey::Ed25519(&ed25519), SlotKey::Secp256k1(&secp256k1)];
    let device = Device::new(&slots);

    let mut ticks = 0;
    loop {
        let Some(frame) = READER.push(serial.read()) else { continue };
        let measured = Measurement { stack_bytes: deepest_stack(), ticks };
        let (reply, took) = clock.time(|| device.answer(frame, measured));
        ticks = took;
        if let Some(reply) = reply {
            reply.write(&mut |byte| serial.write(byte));
        }
    }
}
