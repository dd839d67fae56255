//! When a call is tried again, and how often calls are in all.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The first pause is at most this; each one after it may be twice as long.
const FIRST_MS: u64 = 200;
const LONGEST_MS: u64 = 5_000;
/// A call that may be repeated pays in a tenth of a retry, up to ten of them: where all calls fail, a tenth more
/// calls are made, not four times as many.
const PER_CALL: u32 = 1;
const PER_RETRY: u32 = 10;
const MOST: u32 = 100;

/// How long to wait before attempt `attempt` + 1: what the service asks for, or any time up to a bound that
/// doubles. `jitter` is of 1024 parts.
pub(super) fn pause(attempt: u32, asked: Option<Duration>, jitter: u64) -> Duration {
    let bound = FIRST_MS.saturating_mul(1 << (attempt - 1).min(10)).min(LONGEST_MS);
    let ours = Duration::from_millis(bound / 2 + bound * jitter / 2_048);
    asked.map_or(ours, |asked| asked.saturating_add(Duration::from_millis(50 * jitter / 1_024)))
}

/// How many retries may be made.
#[derive(Debug)]
pub(super) struct Budget(AtomicU32);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU32::new(MOST))
    }
}

impl Budget {
    pub(super) fn deposit(&self) {
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
            Some((held + PER_CALL).min(MOST))
        });
    }

    /// Takes a retry out of it, if there is one.
    pub(super) fn withdraw(&self) -> bool {
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| held.checked_sub(PER_RETRY));
        taken.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_runs_out_and_comes_back() {
        let budget = Budget::default();
        assert_eq!((0..100).filter(|_| budget.withdraw()).count(), 10);
        for _ in 0..9 {
            budget.deposit();
        }
        assert!(!budget.withdraw());
        budget.deposit();
        assert!(budget.withdraw() && !budget.withdraw());
    }

    #[test]
    fn pauses_double_with_jitter_and_heed_the_service() {
        for attempt in 1..40 {
            let (least, most) = (pause(attempt, None, 0), pause(attempt, None, 1_023));
            assert!(least < most && most <= Duration::from_millis(LONGEST_MS), "{attempt}");
            assert!(least >= Duration::from_millis(FIRST_MS / 2));
        }
        let asked = Duration::from_secs(7);
        assert!(pause(1, Some(asked), 0) == asked && pause(9, Some(asked), 1_023) < asked * 2);
    }
}
