//! Whether the server's own settings keep what is written to it.

use super::{RedisCall, RedisFault, RedisStore};

/// A setting of Redis, the value that the store needs, and what happens with another.
const NEEDED: [(&str, &str, &str); 3] = [
    ("maxmemory-policy", "noeviction", "a full server may drop idempotency keys and daily sums"),
    ("appendonly", "yes", "a crash of the server loses the records since its last snapshot"),
    (
        "appendfsync",
        "always",
        "a power cut loses the last records, with `everysec` those of a second",
    ),
];

impl RedisStore {
    /// Reads the durability and eviction settings of the server (`CONFIG GET`) and returns a sentence for each
    /// that loses records, or one that says that they could not be read. Empty if all is well.
    pub async fn settings_warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for (name, needed, effect) in NEEDED {
            let mut command = redis::cmd("CONFIG");
            command.arg("GET").arg(name);
            let answer = self.link.run::<Vec<String>>(RedisCall::Command(&command)).await;
            match answer.as_deref() {
                Ok([_, value]) if value == needed => {}
                Ok([_, value]) => {
                    warnings.push(format!("redis: {name} is {value}, not {needed}: {effect}"));
                }
                Err(RedisFault::Down) => {
                    warnings.push("redis: does not answer, so its settings are not checked".into());
                    return warnings;
                }
                Ok(_) | Err(RedisFault::Refused) => {
                    let rule = "its settings could not be read (CONFIG GET): see to it that";
                    warnings.push(format!("redis: {rule} {name} is {needed}, or {effect}"));
                }
            }
        }
        warnings
    }
}
