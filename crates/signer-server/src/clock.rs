use std::time::{SystemTime, UNIX_EPOCH};

use signer_protocols::blink::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now; `None` when it cannot be told, and then nothing is signed.
    fn now(&self) -> Option<Timestamp>;
}

/// The clock of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Option<Timestamp> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        Timestamp::from_unix_ms(u64::try_from(since.as_millis()).ok()?).ok()
    }
}
