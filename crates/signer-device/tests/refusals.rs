use std::io::Write;
use std::os::unix::net::UnixStream;

use signer_core::{ed25519, p256, secp256k1};
use signer_device::{DeviceError, Kind, Link, Message, Refusal};

use crate::{device, device_with, frame_of};

/// What a device sends that signs something else, or lies.
#[test]
fn a_signature_that_does_not_verify_is_not_handed_on() {
    for place in 0..64 {
        let stream = device_with(move |reply| {
            let message = reply.message();
            let mut payload = message.payload.to_vec();
            if payload.len() == 64 {
                payload[place] ^= 1;
            }
            let mut bytes = Vec::new();
            let lie = Message { payload: &payload, ..message };
            lie.write(&mut |byte| bytes.push(byte)).unwrap();
            bytes
        });
        let key = Link::new(stream).into_key::<p256::VerifyingKey>(0).unwrap();
        assert!(matches!(key.sign(b"input"), Err(DeviceError::Signature)), "byte {place}");
    }
}

#[test]
fn a_recovery_id_that_names_another_key_is_refused() {
    let stream = device_with(|reply| {
        let message = reply.message();
        let mut payload = message.payload.to_vec();
        // Only signatures: a public key of 65 bytes begins with 4.
        if payload.len() == 65 && payload[0] != 4 {
            payload[64] ^= 7; // 27 and 28
        }
        let mut bytes = Vec::new();
        Message { payload: &payload, ..message }.write(&mut |byte| bytes.push(byte)).unwrap();
        bytes
    });
    let key = Link::new(stream).into_key::<secp256k1::VerifyingKey>(2).unwrap();
    for message in [b"one".as_slice(), b"two", b"three", b"four"] {
        assert!(matches!(key.sign(message), Err(DeviceError::Signature)));
    }
}

#[test]
fn a_slot_of_another_algorithm_is_refused_by_both_sides() {
    let refused = Link::new(device()).into_key::<p256::VerifyingKey>(1);
    assert!(matches!(refused, Err(DeviceError::Refused(Refusal::Algorithm))));
    let refused = Link::new(device()).into_key::<ed25519::VerifyingKey>(9);
    assert!(matches!(refused, Err(DeviceError::Refused(Refusal::Slot))));

    // A request that names another algorithm than that of the slot.
    let mut stream = device();
    let wrong = Message { kind: Kind::Sign, id: 1, slot: 0, algorithm: 2, payload: b"x" };
    let mut bytes = Vec::new();
    wrong.write(&mut |byte| bytes.push(byte)).unwrap();
    stream.write_all(&bytes).unwrap();
    assert_eq!(refusal(stream), Refusal::Algorithm as u8);
}

#[test]
fn messages_that_are_none_are_refused() {
    let whole = [1, 2, 0, 0, 0, 5, 0, 1, 0, 1, b'x'];
    let mut other_version = whole;
    other_version[0] = 2;
    let mut unknown_kind = whole;
    unknown_kind[1] = 9;
    let mut longer = whole;
    longer[9] = 2;
    for content in [&other_version[..], &unknown_kind, &longer, &whole[..9], &[]] {
        let mut stream = device();
        let mut bytes = Vec::new();
        signer_device::write_frame(&[content], &mut |byte| bytes.push(byte));
        stream.write_all(&bytes).unwrap();
        assert_eq!(refusal(stream), Refusal::Message as u8, "{content:?}");
    }
}

#[test]
fn a_line_that_ends_or_stays_silent_is_an_error_in_time() {
    let (host, line) = UnixStream::pair().unwrap();
    drop(line);
    assert!(matches!(Link::new(host).describe(0), Err(DeviceError::Line(_))));

    let stream = device_with(|_| Vec::new());
    stream.set_read_timeout(Some(std::time::Duration::from_millis(50))).unwrap();
    assert!(matches!(Link::new(stream).describe(0), Err(DeviceError::Line(_))));

    let half = device_with(|reply| {
        let frame = frame_of(reply);
        frame[..frame.len() / 2].to_vec()
    });
    half.set_read_timeout(Some(std::time::Duration::from_millis(50))).unwrap();
    assert!(matches!(Link::new(half).describe(0), Err(DeviceError::Line(_))));
}

/// The number of the refusal that comes next.
fn refusal(mut stream: UnixStream) -> u8 {
    use std::io::Read;
    let mut reader = signer_device::FrameReader::<256>::new();
    let mut byte = [0];
    loop {
        stream.read_exact(&mut byte).unwrap();
        if let Some(frame) = reader.push(byte[0]) {
            let message = Message::parse(frame.unwrap()).unwrap();
            assert_eq!(message.kind, Kind::Refused);
            return message.payload[0];
        }
    }
}

/// A line that echoes sends a device its own answers: it stays silent on them.
#[test]
fn what_a_device_sends_is_not_answered() {
    use std::io::Read;
    let mut stream = device();
    let mut bytes = Vec::new();
    for kind in [Kind::Answer, Kind::Refused] {
        let echo = Message { kind, id: 1, slot: 0, algorithm: 0, payload: b"x" };
        echo.write(&mut |byte| bytes.push(byte)).unwrap();
    }
    stream.write_all(&bytes).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_millis(100))).unwrap();
    assert!(stream.read(&mut [0]).is_err(), "it answered");
}

/// Junk before a request, whole or half a frame: the request is answered.
#[test]
fn junk_on_the_line_costs_no_request() {
    for junk in [&b"\xc0half a frame"[..], b"noise", b"\xc0\xdb", b"\xc0\x01\x02\xc0", &[1; 40_000]]
    {
        let mut stream = device();
        stream.write_all(junk).unwrap();
        let key = Link::new(stream).into_key::<ed25519::VerifyingKey>(1).unwrap();
        key.sign(b"input").unwrap();
        key.sign(b"another").unwrap();
    }
}

/// Bytes that never make a frame end with a count, not with the patience of the caller.
#[test]
fn an_endless_line_is_given_up() {
    for byte in [0x00, 0xc0, 0xdb] {
        let stream = device_with(move |_| vec![byte; 200_000]);
        let error = Link::new(stream).describe(0).unwrap_err();
        assert!(matches!(error, DeviceError::Answer(_)), "{byte:x}: {error}");
    }
}
