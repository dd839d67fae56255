use std::sync::atomic::{AtomicU64, Ordering};

/// Names requests: a random name of the process and a number. It is no secret and no proof.
#[derive(Debug)]
pub(crate) struct RequestIds {
    process: u64,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        let mut process = [0; 8];
        // Without random bytes the names of two processes may meet, and nothing is signed anyway.
        let _ = getrandom::fill(&mut process);
        Self { process: u64::from_be_bytes(process), next: AtomicU64::new(1) }
    }

    pub(crate) fn next(&self) -> String {
        format!("{:016x}-{:x}", self.process, self.next.fetch_add(1, Ordering::Relaxed))
    }
}
