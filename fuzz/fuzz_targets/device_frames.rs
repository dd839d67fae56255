#![no_main]
//! Bytes on the serial line of a hardware signer: it answers or refuses each frame, and after any bytes a
//! whole frame is read.

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use signer_core::ed25519::SigningKey;
use signer_device::{Device, FrameReader, Kind, MAX_FRAME, Measurement, Message, SlotKey};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(&[7; 32]));

fuzz_target!(|line: &[u8]| {
    let slots = [SlotKey::Ed25519(&KEY)];
    let device = Device::new(&slots);
    let mut reader = Box::new(FrameReader::<MAX_FRAME>::new());
    for byte in line {
        let Some(frame) = reader.push(*byte) else { continue };
        let request = frame.ok().and_then(|content| Message::parse(content).ok());
        let Some(reply) = device.answer(frame, Measurement::default()) else {
            assert!(matches!(request.unwrap().kind, Kind::Answer | Kind::Refused));
            continue;
        };
        let mut answer = FrameReader::<256>::new();
        let mut read = None;
        reply.write(&mut |byte| {
            if let Some(frame) = answer.push(byte) {
                read = Some(Message::parse(frame.unwrap()).map(|message| (message.kind, message.id)));
            }
        });
        let (kind, id) = read.expect("an answer is a frame").expect("an answer is a message");
        assert!(matches!(kind, Kind::Answer | Kind::Refused));
        if let (Kind::Answer, Some(request)) = (kind, request) {
            assert_eq!(id, request.id);
        }
        // What it reads as a request, it writes as the same frame.
        if let Some(request) = request {
            let mut again = FrameReader::<MAX_FRAME>::new();
            let mut same = false;
            request
                .write(&mut |byte| {
                    if let Some(frame) = again.push(byte) {
                        same = Message::parse(frame.unwrap()) == Ok(request);
                    }
                })
                .unwrap();
            assert!(same);
        }
    }
    // The line recovers: whatever was on it, the second of two whole frames is read.
    let question = Message { kind: Kind::Describe, id: 7, slot: 0, algorithm: 0, payload: &[] };
    let mut seen = 0;
    for _ in 0..2 {
        let mut bytes = Vec::new();
        question.write(&mut |byte| bytes.push(byte)).unwrap();
        for byte in bytes {
            if let Some(Ok(content)) = reader.push(byte) {
                seen += usize::from(Message::parse(content) == Ok(question));
            }
        }
    }
    assert!(seen >= 1);
});
