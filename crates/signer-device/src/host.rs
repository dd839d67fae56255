//! The backend's side: a device at the other end of a stream. A signature is verified under the public key that the
//! device named before it is handed on; whose key that is, only the caller can know.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Write};
use std::sync::{Mutex, PoisonError};
use std::vec::Vec;

use signer_core::signature::{self, Signer};
use signer_core::{ed25519, keccak, p256, secp256k1};

use crate::message::MAX_SIGNING_INPUT;
use crate::{Algorithm, FrameReader, Kind, Measurement, Message, Refusal};

/// Answers are far shorter than requests.
const MAX_ANSWER: usize = 256;
/// What is read in search of an answer, before the line is given up: a few frames that answer something else.
const MAX_READ: usize = 16 * MAX_ANSWER;

/// A line to a device. The stream's own timeouts bound each step.
pub struct Link<S> {
    stream: S,
    last_id: u32,
}

/// Why a device gave no signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The line failed or ended.
    #[error("the line to the device failed: {}", reason(.0))]
    Line(#[from] io::Error),
    /// The device refused the request.
    #[error("the device refused: {0}")]
    Refused(Refusal),
    /// What came back is no answer of this protocol.
    #[error("the device's answer is not of this protocol: {0}")]
    Answer(&'static str),
    /// The signing input is longer than [`crate::MAX_SIGNING_INPUT`].
    #[error("signing input is longer than {MAX_SIGNING_INPUT} bytes")]
    TooLong,
    /// The signature does not verify under the slot's public key.
    #[error("the device's signature does not verify under its public key")]
    Signature,
}

/// A timeout has two names.
fn reason(error: &io::Error) -> std::string::String {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "no answer in time".into(),
        kind => std::string::ToString::to_string(&kind),
    }
}

impl<S: Read + Write> Link<S> {
    /// A line over a stream. It begins with a random id: what a former user of the line asked for is not taken for
    /// an answer.
    pub fn new(stream: S) -> Self {
        let random = RandomState::new().build_hasher().finish().to_le_bytes();
        let last_id = u32::from_le_bytes([random[0], random[1], random[2], random[3]]);
        Self { stream, last_id }
    }

    /// The stream.
    pub fn into_inner(self) -> S {
        self.stream
    }

    /// What the device saw of itself.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn measure(&mut self) -> Result<Measurement, DeviceError> {
        let (_, payload) = self.ask(Kind::Measure, 0, 0, &[])?;
        let fields = payload.split_first_chunk::<4>();
        let fields = fields.and_then(|(first, rest)| Some((*first, rest.try_into().ok()?)));
        let (stack, ticks) = fields.ok_or(DeviceError::Answer("a measurement is eight bytes"))?;
        Ok(Measurement { stack_bytes: u32::from_be_bytes(stack), ticks: u32::from_be_bytes(ticks) })
    }

    /// The number of the algorithm ([`Algorithm`]) and the public key of a slot.
    ///
    /// # Errors
    /// [`DeviceError`]; [`Refusal::Slot`] after the last slot.
    pub fn describe(&mut self, slot: u8) -> Result<(u8, Vec<u8>), DeviceError> {
        self.ask(Kind::Describe, slot, 0, &[])
    }

    /// The key of a slot as a signer.
    ///
    /// # Errors
    /// [`DeviceError`]; [`Refusal::Algorithm`] where the slot's key is of another kind than `V`.
    pub fn into_key<V: DeviceVerifyingKey>(
        mut self,
        slot: u8,
    ) -> Result<DeviceKey<S, V>, DeviceError> {
        let (algorithm, public_key) = self.describe(slot)?;
        if algorithm != V::ALGORITHM as u8 {
            return Err(DeviceError::Refused(Refusal::Algorithm));
        }
        let verifying_key =
            V::read(&public_key).ok_or(DeviceError::Answer("not a public key of its algorithm"))?;
        Ok(DeviceKey { link: Mutex::new(self), slot, verifying_key })
    }

    /// The first slot with a key of the kind `V`, as a signer.
    ///
    /// # Errors
    /// [`DeviceError`]; [`Refusal::Slot`] where no slot holds one.
    pub fn into_first_key<V: DeviceVerifyingKey>(mut self) -> Result<DeviceKey<S, V>, DeviceError> {
        for slot in 0..=u8::MAX {
            if self.describe(slot)?.0 == V::ALGORITHM as u8 {
                return self.into_key(slot);
            }
        }
        Err(DeviceError::Refused(Refusal::Slot))
    }

    fn ask(
        &mut self,
        kind: Kind,
        slot: u8,
        algorithm: u8,
        payload: &[u8],
    ) -> Result<(u8, Vec<u8>), DeviceError> {
        self.last_id = self.last_id.wrapping_add(1).max(1);
        let request = Message { kind, id: self.last_id, slot, algorithm, payload };
        let mut bytes = Vec::with_capacity(payload.len() + 64);
        request.write(&mut |byte| bytes.push(byte)).map_err(|_| DeviceError::TooLong)?;
        self.send(&bytes)?;
        self.answer(slot, &bytes)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    fn answer(&mut self, slot: u8, request: &[u8]) -> Result<(u8, Vec<u8>), DeviceError> {
        let mut reader = FrameReader::<MAX_ANSWER>::new();
        let mut damaged = false;
        let mut byte = [0];
        for _ in 0..MAX_READ {
            match self.stream.read_exact(&mut byte) {
                // It came damaged twice, and nothing else came.
                Err(_) if damaged => return Err(DeviceError::Refused(Refusal::Frame)),
                read => read?,
            }
            let Some(frame) = reader.push(byte[0]) else { continue };
            // A damaged frame may be the end of what was on the line before.
            let Ok(message) = frame.map_err(drop).and_then(|it| Message::parse(it).map_err(drop))
            else {
                continue;
            };
            let mine = message.id == self.last_id && message.slot == slot;
            match message {
                Message { kind: Kind::Refused, payload: [number], .. } if mine => {
                    return Err(Refusal::from_byte(*number).map_or(
                        DeviceError::Answer("a refusal of an unknown number"),
                        DeviceError::Refused,
                    ));
                }
                Message { kind: Kind::Answer, algorithm, payload, .. } if mine => {
                    return Ok((algorithm, payload.to_vec()));
                }
                // Something came damaged: this request, or what was on the line before it. It is sent once more;
                // should it be answered twice, the second answer is that of no later id.
                Message { kind: Kind::Refused, id: 0, .. } if !damaged => {
                    damaged = true;
                    self.send(request)?;
                }
                // The answer to a request that was given up.
                _ => {}
            }
        }
        Err(DeviceError::Answer("none of its frames answers the request"))
    }
}

impl<S> fmt::Debug for Link<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link(request {})", self.last_id)
    }
}

/// A public key that a device can hold the other half of.
pub trait DeviceVerifyingKey: sealed::Read + Copy {
    /// How its signatures are made.
    const ALGORITHM: Algorithm;
    /// The length of one, in bytes.
    const SIGNATURE_LEN: usize;
}

mod sealed {
    pub trait Read: Sized {
        /// Reads it as the device sends it.
        fn read(bytes: &[u8]) -> Option<Self>;
    }
}

impl DeviceVerifyingKey for p256::VerifyingKey {
    const ALGORITHM: Algorithm = Algorithm::EcdsaP256Sha256;
    const SIGNATURE_LEN: usize = 64;
}

impl sealed::Read for p256::VerifyingKey {
    fn read(bytes: &[u8]) -> Option<Self> {
        Self::from_sec1_bytes(bytes).ok().filter(|_| bytes.len() == 65)
    }
}

impl DeviceVerifyingKey for ed25519::VerifyingKey {
    const ALGORITHM: Algorithm = Algorithm::Ed25519;
    const SIGNATURE_LEN: usize = 64;
}

impl sealed::Read for ed25519::VerifyingKey {
    fn read(bytes: &[u8]) -> Option<Self> {
        Self::from_bytes(bytes.try_into().ok()?).ok()
    }
}

impl DeviceVerifyingKey for secp256k1::VerifyingKey {
    const ALGORITHM: Algorithm = Algorithm::EcdsaSecp256k1Eip191;
    const SIGNATURE_LEN: usize = 65;
}

impl sealed::Read for secp256k1::VerifyingKey {
    fn read(bytes: &[u8]) -> Option<Self> {
        Self::from_sec1_bytes(bytes).ok().filter(|_| bytes.len() == 65)
    }
}

/// A key that never leaves its device. P-256 and Ed25519 keys are [`Signer`]s like those in memory;
/// one of secp256k1 signs messages under EIP-191.
pub struct DeviceKey<S, V> {
    link: Mutex<Link<S>>,
    slot: u8,
    verifying_key: V,
}

impl<S: Read + Write, V: DeviceVerifyingKey> DeviceKey<S, V> {
    /// The public key that the device named and every signature is verified under.
    pub const fn verifying_key(&self) -> V {
        self.verifying_key
    }

    /// The key's slot.
    pub const fn slot(&self) -> u8 {
        self.slot
    }

    fn ask(&self, input: &[u8]) -> Result<Vec<u8>, DeviceError> {
        // A request that a panic broke off leaves the line as a lost answer does.
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        let (algorithm, signature) = link.ask(Kind::Sign, self.slot, V::ALGORITHM as u8, input)?;
        if algorithm != V::ALGORITHM as u8 || signature.len() != V::SIGNATURE_LEN {
            return Err(DeviceError::Answer("not a signature of its algorithm"));
        }
        Ok(signature)
    }
}

impl<S: Read + Write> DeviceKey<S, p256::VerifyingKey> {
    /// Has a signing input signed, and verifies what comes back.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn sign(&self, input: &[u8]) -> Result<p256::DerSignature, DeviceError> {
        let signature = self.ask(input)?;
        self.verifying_key.accept(input, &signature).map_err(|_| DeviceError::Signature)
    }
}

impl<S: Read + Write> DeviceKey<S, ed25519::VerifyingKey> {
    /// Has a signing input signed, and verifies what comes back.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn sign(&self, input: &[u8]) -> Result<ed25519::Signature, DeviceError> {
        let signature = self.ask(input)?;
        self.verifying_key.accept(input, &signature).map_err(|_| DeviceError::Signature)
    }
}

impl<S: Read + Write> DeviceKey<S, secp256k1::VerifyingKey> {
    /// Has a message signed under EIP-191, and verifies what comes back.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn sign(&self, message: &[u8]) -> Result<secp256k1::RecoverableSignature, DeviceError> {
        let bytes = self.ask(message)?;
        let signature = <&[u8; 65]>::try_from(bytes.as_slice())
            .ok()
            .and_then(|bytes| secp256k1::RecoverableSignature::from_bytes(bytes).ok())
            .ok_or(DeviceError::Signature)?;
        let recovered = signature.recover(&keccak::eip191_digest(message));
        if recovered != Ok(self.verifying_key) {
            return Err(DeviceError::Signature);
        }
        Ok(signature)
    }
}

impl<S: Read + Write> Signer<p256::DerSignature> for DeviceKey<S, p256::VerifyingKey> {
    fn try_sign(&self, message: &[u8]) -> signature::Result<p256::DerSignature> {
        self.sign(message).map_err(|_| signature::Error::new())
    }
}

impl<S: Read + Write> Signer<ed25519::Signature> for DeviceKey<S, ed25519::VerifyingKey> {
    fn try_sign(&self, message: &[u8]) -> signature::Result<ed25519::Signature> {
        self.sign(message).map_err(|_| signature::Error::new())
    }
}

impl<S, V> fmt::Debug for DeviceKey<S, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceKey(slot {})", self.slot)
    }
}
