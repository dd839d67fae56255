//! The forms in which a secret may lie around, in pieces: half of a key is a copy, too.

use signer_core::encoding::{base58, base64_encode, base64url_encode, hex};

/// A form's name, and the bytes of one piece.
#[derive(Debug)]
pub(crate) struct Needles(pub(crate) Vec<(&'static str, Vec<u8>)>);

const PIECE: usize = 16;

impl Needles {
    /// A key of 32 bytes: as it is, as limbs of a scalar, in hex of both cases, in base64 of both alphabets at each of the
    /// three alignments, in base58.
    pub(crate) fn of_key(key: &[u8; 32]) -> Self {
        let mut list = Vec::new();
        pieces("raw", key, &mut list);
        // As the curve libraries hold a scalar: limbs, the least first.
        let mut reversed = *key;
        reversed.reverse();
        pieces("limbs", &reversed, &mut list);
        let mut text = [0; 128];
        if let Ok(hex) = hex::encode(key, &mut text) {
            pieces("hex", hex.as_bytes(), &mut list);
            pieces("HEX", hex.to_ascii_uppercase().as_bytes(), &mut list);
        }
        for shift in 0..3 {
            let shifted = [&[0; 2][..shift.min(2)], key].concat();
            // The first group has the shift in it, the last may be padded.
            let inner = |text: &str| text.as_bytes().get(4..40).map(<[u8]>::to_vec);
            let texts = [
                base64_encode(&shifted, &mut text).ok().and_then(inner),
                base64url_encode(&shifted, &mut [0; 128]).ok().and_then(inner),
            ];
            texts.into_iter().flatten().for_each(|text| pieces("base64", &text, &mut list));
        }
        if let Ok(base58) = base58::encode(key, &mut text) {
            pieces("base58", base58.as_bytes(), &mut list);
        }
        Self(list)
    }

    /// A text that is secret as a whole.
    pub(crate) fn of_text(text: &[u8]) -> Self {
        let mut list = Vec::new();
        pieces("text", text, &mut list);
        Self(list)
    }

    /// Both.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

fn pieces(form: &'static str, bytes: &[u8], list: &mut Vec<(&'static str, Vec<u8>)>) {
    list.extend(bytes.chunks_exact(PIECE).map(|piece| (form, piece.to_vec())));
}
