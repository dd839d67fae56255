use std::io::{Read, Write};

use signer_core::signature::Verifier;
use signer_core::{ed25519, keccak, p256, secp256k1};
use signer_device::{DeviceError, FrameReader, Kind, Link, MAX_SIGNING_INPUT, Message, Refusal};

use crate::{device, device_with, ed25519_key, frame_of, p256_key, secp256k1_key};

#[test]
fn a_key_of_each_curve_signs_what_the_same_key_in_memory_signs() {
    let link = Link::new(device());
    let key = link.into_first_key::<p256::VerifyingKey>().unwrap();
    assert_eq!((key.slot(), key.verifying_key()), (0, p256_key().verifying_key()));
    let signature = key.sign(b"input").unwrap();
    key.verifying_key().verify(b"input", &signature).unwrap();

    let key = Link::new(device()).into_first_key::<ed25519::VerifyingKey>().unwrap();
    assert_eq!((key.slot(), key.verifying_key()), (1, ed25519_key().verifying_key()));
    key.sign(b"input").unwrap();

    let key = Link::new(device()).into_key::<secp256k1::VerifyingKey>(2).unwrap();
    let signature = key.sign(b"input").unwrap();
    let expected = secp256k1_key().sign_digest(&keccak::eip191_digest(b"input"));
    assert_eq!(signature.to_bytes(), expected.to_bytes());
}

#[test]
fn the_longest_input_is_signed_and_a_longer_one_never_sent() {
    let key = Link::new(device()).into_key::<ed25519::VerifyingKey>(1).unwrap();
    // Every byte of it is stuffed: the frame is twice as long on the line.
    key.sign(&[0xc0; MAX_SIGNING_INPUT]).unwrap();
    let refused = key.sign(&[0; MAX_SIGNING_INPUT + 1]);
    assert!(matches!(refused, Err(DeviceError::TooLong)), "{refused:?}");
    key.sign(b"the line is as it was").unwrap();
}

/// Every bit of a frame, one at a time: the device refuses it or, where the damage ended the frame
/// early, refuses its parts; and the next request is answered.
#[test]
fn every_flipped_bit_is_refused_and_the_line_recovers() {
    let mut frame = Vec::new();
    let request =
        Message { kind: Kind::Sign, id: 9, slot: 1, algorithm: 2, payload: b"pay \xc0 now" };
    request.write(&mut |byte| frame.push(byte)).unwrap();
    for bit in 0..frame.len() * 8 {
        let mut stream = device();
        let mut damaged = frame.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        stream.write_all(&damaged).unwrap();
        let describe =
            Message { kind: Kind::Describe, id: 10, slot: 1, algorithm: 0, payload: &[] };
        let mut next = Vec::new();
        describe.write(&mut |byte| next.push(byte)).unwrap();
        stream.write_all(&next).unwrap();
        let outer_end = bit / 8 == 0 || bit / 8 == frame.len() - 1;
        let mut reader = FrameReader::<256>::new();
        let mut byte = [0];
        loop {
            stream.read_exact(&mut byte).unwrap();
            let Some(answer) = reader.push(byte[0]) else { continue };
            let answer = Message::parse(answer.unwrap()).unwrap();
            match (answer.kind, answer.id) {
                (Kind::Answer, 10) => break,
                (Kind::Refused, 0) => {}
                // Without its first end byte a frame is damaged; without its last it runs into
                // the next one, whose first end byte takes the place.
                (Kind::Answer, 9) if outer_end => {}
                other => panic!("bit {bit}: {other:?}"),
            }
        }
    }
}

#[test]
fn what_was_on_the_line_before_does_not_answer_the_next_request() {
    let mut first = true;
    let stream = device_with(move |reply| {
        let mut bytes = Vec::new();
        if std::mem::take(&mut first) {
            bytes.extend(b"\xdb\xdb half a frame \xc0");
            let mut stale = reply.message();
            stale.id = 4_000;
            stale.write(&mut |byte| bytes.push(byte)).unwrap();
        }
        bytes.extend(frame_of(reply));
        bytes
    });
    let key = Link::new(stream).into_key::<p256::VerifyingKey>(0).unwrap();
    assert_eq!(key.verifying_key(), p256_key().verifying_key());
}

#[test]
fn a_line_of_nothing_but_stray_frames_is_given_up() {
    let stream = device_with(|reply| {
        let mut stale = reply.message();
        stale.id ^= 1 << 20;
        let mut bytes = Vec::new();
        (0..64).for_each(|_| stale.write(&mut |byte| bytes.push(byte)).unwrap());
        bytes
    });
    let error = Link::new(stream).describe(0).unwrap_err();
    assert!(matches!(error, DeviceError::Answer(_)), "{error}");
}

#[test]
fn a_device_tells_what_it_saw_of_itself_and_which_slots_it_has() {
    let mut link = Link::new(device());
    let measured = link.measure().unwrap();
    assert_eq!((measured.stack_bytes, measured.ticks), (4_096, 77));
    assert!(matches!(link.describe(3), Err(DeviceError::Refused(Refusal::Slot))));
    assert_eq!(link.describe(1).unwrap().1, ed25519_key().verifying_key().to_bytes());
}
