//! What stands in a frame.

use core::fmt;

use crate::FrameError;

const VERSION: u8 = 1;
const HEADER_LEN: usize = 10;

/// The longest signing input, in bytes.
pub const MAX_SIGNING_INPUT: usize = 16 * 1024;

/// The longest frame of this protocol: header, signing input and checksum. The room that a
/// device's [`crate::FrameReader`] needs.
pub const MAX_FRAME: usize = HEADER_LEN + MAX_SIGNING_INPUT + 4;

/// One message, request or answer. The README has its layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// What it is.
    pub kind: Kind,
    /// Chosen by the host; the answer repeats it.
    pub id: u32,
    /// The key's place on the device.
    pub slot: u8,
    /// One of [`Algorithm`] in what asks for a signature or names a key; 0 elsewhere.
    pub algorithm: u8,
    /// As the kind says.
    pub payload: &'a [u8],
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Asks for the algorithm and the public key of a slot.
    Describe = 0x01,
    /// Asks for a signature of the payload.
    Sign = 0x02,
    /// Asks how deep the stack was and how long the last request took.
    Measure = 0x03,
    /// Answers what was asked.
    Answer = 0x80,
    /// Refuses it; the payload is one byte of [`Refusal`].
    Refused = 0xff,
}

/// How a signing input is hashed and signed. ECDSA takes no digest: what a device signs so, it has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Algorithm {
    /// ECDSA on P-256 over SHA-256, r ‖ s in 64 bytes; the public key is an uncompressed SEC1 point.
    EcdsaP256Sha256 = 1,
    /// Ed25519, 64 bytes; the public key is 32 bytes.
    Ed25519 = 2,
    /// Recoverable ECDSA on secp256k1 over the EIP-191 digest of the input, r ‖ s ‖ v in 65 bytes; the
    /// public key is an uncompressed SEC1 point.
    EcdsaSecp256k1Eip191 = 3,
}

/// Why a device did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
pub enum Refusal {
    /// The frame came damaged.
    Frame = 1,
    /// Not a message of this version, or one that only a device sends.
    Message = 2,
    /// The slot holds no key.
    Slot = 3,
    /// The slot's key is of another algorithm.
    Algorithm = 4,
    /// The signature could not be made.
    Signing = 5,
}

impl<'a> Message<'a> {
    /// Reads the content of a frame.
    ///
    /// # Errors
    /// [`Refusal::Message`] when it is no message of this version, or its length is another.
    pub fn parse(content: &'a [u8]) -> Result<Self, Refusal> {
        let (header, payload) =
            content.split_first_chunk::<HEADER_LEN>().ok_or(Refusal::Message)?;
        let [version, kind, id @ .., slot, algorithm, high, low] = *header;
        let kind = Kind::from_byte(kind).ok_or(Refusal::Message)?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        if version != VERSION || length != payload.len() || length > MAX_SIGNING_INPUT {
            return Err(Refusal::Message);
        }
        Ok(Self { kind, id: u32::from_be_bytes(id), slot, algorithm, payload })
    }

    /// Writes the message as a frame. A payload beyond [`MAX_SIGNING_INPUT`] is never written.
    ///
    /// # Errors
    /// [`FrameError::TooLong`].
    pub fn write(&self, write: &mut impl FnMut(u8)) -> Result<(), FrameError> {
        let length = u16::try_from(self.payload.len()).map_err(|_| FrameError::TooLong)?;
        if self.payload.len() > MAX_SIGNING_INPUT {
            return Err(FrameError::TooLong);
        }
        let head = [VERSION, self.kind as u8];
        let tail = [self.slot, self.algorithm];
        let parts: [&[u8]; 5] =
            [&head, &self.id.to_be_bytes(), &tail, &length.to_be_bytes(), self.payload];
        crate::write_frame(&parts, write);
        Ok(())
    }
}

impl Kind {
    const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0x01 => Self::Describe,
            0x02 => Self::Sign,
            0x03 => Self::Measure,
            0x80 => Self::Answer,
            0xff => Self::Refused,
            _ => return None,
        })
    }
}

impl Refusal {
    /// The refusal of a number that a device sent.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Frame,
            2 => Self::Message,
            3 => Self::Slot,
            4 => Self::Algorithm,
            5 => Self::Signing,
            _ => return None,
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Frame => "the frame came damaged",
            Self::Message => "not a message of this version",
            Self::Slot => "the slot holds no key",
            Self::Algorithm => "the slot's key is of another algorithm",
            Self::Signing => "the signature could not be made",
        })
    }
}

impl core::error::Error for Refusal {}
