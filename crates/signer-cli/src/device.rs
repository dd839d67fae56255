//! Keys that sign elsewhere: on a device behind a socket.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use signer_core::p256::{DerSignature, VerifyingKey};
use signer_core::signature::Signer;

use crate::failure::{Failure, OrRefuse};
use crate::input::SecretSource;

/// Where a P-256 key signs: here, read as a secret, or on a device.
#[derive(Clone, Debug)]
pub(crate) enum KeySource {
    Secret(SecretSource),
    Device(DeviceSource),
}

/// A P-256 key that signs, wherever it is.
pub(crate) struct P256Key {
    pub(crate) signer: Arc<dyn Signer<DerSignature> + Send + Sync>,
    pub(crate) verifying_key: VerifyingKey,
}

/// A device: the socket of its line, and the slot where one is named.
#[derive(Clone, Debug)]
pub(crate) struct DeviceSource {
    socket: PathBuf,
    slot: Option<u8>,
}

impl FromStr for KeySource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.strip_prefix("device:").map_or_else(
            || text.parse().map(Self::Secret),
            |device| device.parse().map(Self::Device),
        )
    }
}

impl FromStr for DeviceSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix("device:").unwrap_or(text);
        let (socket, slot) = match text.rsplit_once('#') {
            Some((socket, slot)) => {
                let slot = slot.parse().map_err(|_| "a slot is a number from 0 to 255")?;
                (socket, Some(slot))
            }
            None => (text, None),
        };
        if socket.is_empty() {
            return Err("a device is SOCKET or SOCKET#SLOT".into());
        }
        Ok(Self { socket: socket.into(), slot })
    }
}

impl KeySource {
    /// The place of the secret, where there is one.
    pub(crate) const fn secret(&self) -> Option<&SecretSource> {
        match self {
            Self::Secret(source) => Some(source),
            Self::Device(_) => None,
        }
    }

    /// Whether both are keys of one device, whose line serves one at a time.
    pub(crate) fn is_same_device(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Device(one), Self::Device(other)) => one.socket == other.socket,
            _ => false,
        }
    }

    /// Opens the key; `read` reads one that is a secret.
    pub(crate) fn open<K: Signer<DerSignature> + Send + Sync + 'static>(
        &self,
        read: impl FnOnce(&SecretSource) -> Result<(K, VerifyingKey), Failure>,
    ) -> Result<P256Key, Failure> {
        match self {
            Self::Secret(source) => {
                let (key, verifying_key) = read(source)?;
                Ok(P256Key { signer: Arc::new(key), verifying_key })
            }
            Self::Device(source) => source.p256_key(),
        }
    }
}

#[cfg(unix)]
mod line {
    use std::io::{self, Read, Write};
    use std::os::unix::net::UnixStream;
    use std::path::Path;
    use std::sync::{Arc, mpsc};
    use std::thread;
    use std::time::{Duration, Instant};

    use signer_device::{DeviceKey, Link};

    use super::{DerSignature, DeviceSource, Failure, OrRefuse, P256Key, Signer, VerifyingKey};
    use crate::failure::{io_reason, say};

    /// A small chip needs a second for a signature; one that needs ten times as long is not there.
    const DEADLINE: Duration = Duration::from_secs(10);

    /// A stream whose answers come within the deadline, counted from the request, however they drip.
    pub(crate) struct Line {
        stream: UnixStream,
        until: Instant,
    }

    impl Line {
        /// A listener whose queue is full would have a `connect` wait for ever: that is left to a thread.
        fn open(socket: &Path) -> io::Result<Self> {
            let (sender, receiver) = mpsc::channel();
            let path = socket.to_owned();
            thread::spawn(move || sender.send(UnixStream::connect(path)));
            let connected = receiver.recv_timeout(DEADLINE);
            let stream = connected.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            stream.set_write_timeout(Some(DEADLINE))?;
            Ok(Self { stream, until: Instant::now() })
        }
    }

    impl Read for Line {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.stream.set_read_timeout(Some(left))?;
            self.stream.read(buffer)
        }
    }

    impl Write for Line {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.until = Instant::now() + DEADLINE;
            self.stream.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.stream.flush()
        }
    }

    /// A key on a device. The error of a signer carries no reason: the user is told it here.
    struct Key(DeviceKey<Line, VerifyingKey>);

    impl Signer<DerSignature> for Key {
        fn try_sign(&self, input: &[u8]) -> signer_core::signature::Result<DerSignature> {
            self.0.sign(input).map_err(|error| {
                say(&format!("device: {error}"));
                signer_core::signature::Error::new()
            })
        }
    }

    impl DeviceSource {
        pub(crate) fn link(&self) -> Result<Link<Line>, Failure> {
            let line = Line::open(&self.socket);
            let line = line.map_err(|error| Failure::refused(io_reason(&error)).about(self))?;
            Ok(Link::new(line))
        }

        pub(super) fn p256_key(&self) -> Result<P256Key, Failure> {
            let link = self.link()?;
            let key = match self.slot {
                Some(slot) => link.into_key::<VerifyingKey>(slot),
                None => link.into_first_key(),
            };
            let key = key.or_refuse(self)?;
            Ok(P256Key { verifying_key: key.verifying_key(), signer: Arc::new(Key(key)) })
        }
    }
}

#[cfg(not(unix))]
impl DeviceSource {
    fn p256_key(&self) -> Result<P256Key, Failure> {
        Err(Failure::refused("devices are reached over Unix sockets only")).or_refuse(self)
    }
}

impl std::fmt::Display for DeviceSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "device:{}", self.socket.display())?;
        self.slot.map_or(Ok(()), |slot| write!(f, "#{slot}"))
    }
}
