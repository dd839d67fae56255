//! The device's side: a request in, a reply out, without I/O and without an allocator.

use core::fmt;

use signer_core::signature::Signer;
use signer_core::{ed25519, keccak, p256, secp256k1};

use crate::{Algorithm, FrameError, Kind, Message, Refusal};

const MAX_REPLY: usize = 65;

/// A key in a slot.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum SlotKey<'k> {
    /// Signs as [`Algorithm::EcdsaP256Sha256`].
    P256(&'k p256::SigningKey),
    /// Signs as [`Algorithm::Ed25519`].
    Ed25519(&'k ed25519::SigningKey),
    /// Signs as [`Algorithm::EcdsaSecp256k1Eip191`].
    Secp256k1(&'k secp256k1::SigningKey),
}

/// What a device saw of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measurement {
    /// The deepest the stack has been since the start, in bytes.
    pub stack_bytes: u32,
    /// How long the request before this one took, in ticks of the device's clock.
    pub ticks: u32,
}

/// A device that holds keys. It answers each request by itself and remembers none.
///
/// ```
/// use signer_core::p256::SigningKey;
/// use signer_device::{Device, FrameReader, Kind, MAX_FRAME, Message, SlotKey};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = SigningKey::from_scalar(&[7; 32])?; // a test key
/// let slots = [SlotKey::P256(&key)];
/// let device = Device::new(&slots);
///
/// let question = Message { kind: Kind::Describe, id: 1, slot: 0, algorithm: 0, payload: &[] };
/// let mut line = FrameReader::<MAX_FRAME>::new();
/// let mut reply = None;
/// question.write(&mut |byte| {
///     reply = line.push(byte).and_then(|frame| device.answer(frame, Default::default()));
/// })?;
/// let reply = reply.expect("a whole frame is answered");
/// assert_eq!(reply.message().payload, key.verifying_key().to_sec1_uncompressed());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Device<'k> {
    slots: &'k [SlotKey<'k>],
}

/// An answer that can be written to the line.
#[derive(Clone, Copy)]
pub struct Reply {
    kind: Kind,
    id: u32,
    slot: u8,
    algorithm: u8,
    payload: [u8; MAX_REPLY],
    len: usize,
}

impl<'k> Device<'k> {
    /// A device with keys in slots 0, 1, 2 …
    pub const fn new(slots: &'k [SlotKey<'k>]) -> Self {
        Self { slots }
    }

    /// Answers what a [`crate::FrameReader`] handed on. A damaged frame, or a content that is no message, is refused
    /// under id 0. What only a device sends is not answered: a line that echoes would never be silent again.
    pub fn answer(&self, frame: Result<&[u8], FrameError>, measured: Measurement) -> Option<Reply> {
        let request = frame.map_err(|_| Refusal::Frame).and_then(Message::parse);
        Some(match request {
            Err(refusal) => Reply::refused(0, 0, refusal),
            Ok(Message { kind: Kind::Answer | Kind::Refused, .. }) => return None,
            Ok(request) => self
                .answer_request(&request, measured)
                .unwrap_or_else(|refusal| Reply::refused(request.id, request.slot, refusal)),
        })
    }

    fn answer_request(
        &self,
        request: &Message<'_>,
        measured: Measurement,
    ) -> Result<Reply, Refusal> {
        let reply = |algorithm: u8, parts: &[&[u8]]| Reply::new(request, algorithm, parts);
        match request.kind {
            Kind::Measure => {
                let Measurement { stack_bytes, ticks } = measured;
                Ok(reply(0, &[&stack_bytes.to_be_bytes(), &ticks.to_be_bytes()]))
            }
            Kind::Describe => {
                let key = self.key(request.slot)?;
                Ok(key.with_public_key(|public_key| reply(key.algorithm() as u8, &[public_key])))
            }
            Kind::Sign => {
                let key = self.key(request.slot)?;
                if request.algorithm != key.algorithm() as u8 {
                    return Err(Refusal::Algorithm);
                }
                key.sign(request.payload, |signature| reply(request.algorithm, &[signature]))
                    .ok_or(Refusal::Signing)
            }
            Kind::Answer | Kind::Refused => Err(Refusal::Message),
        }
    }

    fn key(&self, slot: u8) -> Result<SlotKey<'k>, Refusal> {
        self.slots.get(usize::from(slot)).copied().ok_or(Refusal::Slot)
    }
}

impl SlotKey<'_> {
    const fn algorithm(&self) -> Algorithm {
        match self {
            Self::P256(_) => Algorithm::EcdsaP256Sha256,
            Self::Ed25519(_) => Algorithm::Ed25519,
            Self::Secp256k1(_) => Algorithm::EcdsaSecp256k1Eip191,
        }
    }

    fn with_public_key<T>(&self, use_it: impl FnOnce(&[u8]) -> T) -> T {
        match self {
            Self::P256(key) => use_it(&key.verifying_key().to_sec1_uncompressed()),
            Self::Ed25519(key) => use_it(&key.verifying_key().to_bytes()),
            Self::Secp256k1(key) => use_it(&key.verifying_key().to_sec1_uncompressed()),
        }
    }

    fn sign<T>(&self, input: &[u8], use_it: impl FnOnce(&[u8]) -> T) -> Option<T> {
        Some(match self {
            Self::P256(key) => {
                let signature: p256::Signature = key.try_sign(input).ok()?;
                use_it(&signature.to_bytes())
            }
            Self::Ed25519(key) => use_it(&key.try_sign(input).ok()?.to_bytes()),
            Self::Secp256k1(key) => {
                use_it(&key.sign_digest(&keccak::eip191_digest(input)).to_bytes())
            }
        })
    }
}

impl Reply {
    fn new(request: &Message<'_>, algorithm: u8, parts: &[&[u8]]) -> Self {
        let mut payload = [0; MAX_REPLY];
        let mut len = 0;
        for (place, byte) in payload.iter_mut().zip(parts.iter().flat_map(|part| part.iter())) {
            *place = *byte;
            len += 1;
        }
        Self { kind: Kind::Answer, id: request.id, slot: request.slot, algorithm, payload, len }
    }

    fn refused(id: u32, slot: u8, refusal: Refusal) -> Self {
        let mut payload = [0; MAX_REPLY];
        payload[0] = refusal as u8;
        Self { kind: Kind::Refused, id, slot, algorithm: 0, payload, len: 1 }
    }

    /// The reply as a message.
    pub fn message(&self) -> Message<'_> {
        let payload = self.payload.get(..self.len).unwrap_or_default();
        let Self { kind, id, slot, algorithm, .. } = *self;
        Message { kind, id, slot, algorithm, payload }
    }

    /// Writes the reply as a frame, a byte at a time.
    pub fn write(&self, write: &mut impl FnMut(u8)) {
        let written = self.message().write(write);
        debug_assert_eq!(written, Ok(()), "a reply is shorter than a signing input may be");
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}
