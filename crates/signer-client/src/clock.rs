use std::time::{SystemTime, UNIX_EPOCH};

/// Unix milliseconds; a clock that stands before 1970 says 0.
pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
