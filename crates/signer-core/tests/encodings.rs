use signer_core::Error;
use signer_core::encoding::{base58, base64_decode, base64url_decode, hex};

use super::{lines, text, unhex};

#[test]
fn base58_of_bs58() {
    for case in lines(include_str!("vectors/base58.jsonl")) {
        let (bytes, encoded) = (unhex(text(&case, "hex")), text(&case, "base58"));
        let mut out = vec![0; base58::encoded_len(bytes.len())];
        assert_eq!(base58::encode(&bytes, &mut out), Ok(encoded));
        let mut exact = vec![0; encoded.len()];
        assert_eq!(base58::encode(&bytes, &mut exact), Ok(encoded));
        let mut out = vec![0; bytes.len()];
        assert_eq!(base58::decode(encoded.as_bytes(), &mut out), Ok(bytes.as_slice()));
        if let Some((_, short)) = out.split_first_mut() {
            assert_eq!(base58::decode(encoded.as_bytes(), short), Err(Error::BufferTooSmall));
            assert!(base58::encode(&bytes, &mut exact[1..]).is_err());
        }
    }
}

/// The examples of RFC 4648, section 10, in the alphabet of section 5.
#[test]
fn base64url_has_no_padding() {
    use signer_core::encoding::{base64_len, base64_unpadded_len, base64url_encode};
    for (bytes, text) in [
        ("", ""),
        ("f", "Zg"),
        ("fo", "Zm8"),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg"),
        ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ] {
        let mut out = [0; 16];
        assert_eq!(base64url_encode(bytes.as_bytes(), &mut out), Ok(text));
        assert_eq!(base64_unpadded_len(bytes.len()), text.len());
        assert_eq!(base64_len(bytes.len()), text.len().next_multiple_of(4));
    }
    let mut short = [0; 3];
    assert_eq!(base64url_encode(b"foo", &mut short), Err(Error::BufferTooSmall));
    let mut out = [0; 4];
    assert_eq!(base64url_encode(&[0xfb, 0xff, 0xfe], &mut out), Ok("-__-"));
}

#[test]
fn base58_refuses_other_characters() {
    for bad in ["0", "O", "I", "l", "+", " ", "1 1", "\u{e9}", "abc0"] {
        assert_eq!(base58::decode(bad.as_bytes(), &mut [0; 16]), Err(Error::Base58), "{bad}");
    }
}

#[test]
fn hex_is_strict() {
    let mut two = [0; 2];
    for good in ["00ff", "00FF", "00fF"] {
        hex::decode_into(good.as_bytes(), &mut two).unwrap();
        assert_eq!(two, [0x00, 0xff]);
    }
    for bad in ["+f+f", "0x0f", "g000", "00 0", "-1-1", "00f\u{660}"] {
        assert!(hex::decode_into(bad.as_bytes(), &mut two).is_err(), "{bad}");
    }
    for odd in ["", "0", "000", "00000"] {
        let verdict = hex::decode_into(odd.as_bytes(), &mut two);
        assert_eq!(verdict, Err(Error::Length { expected: 4, found: odd.len() }));
    }
}

#[test]
fn base64_reads_the_canonical_form_only() {
    let mut out = [0; 8];
    assert_eq!(base64_decode(b"+/8=", &mut out), Ok(&[0xfb, 0xff][..]));
    assert_eq!(base64url_decode(b"-_8", &mut out), Ok(&[0xfb, 0xff][..]));
    for bad in ["+/8", "+/9=", "-_8=", "+/8= ", "+/8\n=", "+/8==", "=", "AA=A"] {
        assert_eq!(base64_decode(bad.as_bytes(), &mut out), Err(Error::Base64), "{bad}");
    }
    for bad in ["-_8=", "-_9", "+/8", "-_8 ", "A"] {
        assert_eq!(base64url_decode(bad.as_bytes(), &mut out), Err(Error::Base64), "{bad}");
    }
}
