use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Caller;

/// Verified tokens, by their digest. Two halves: when the young one is full it becomes the old one, and
/// what was in the old one is forgotten. So there are never more than `capacity`, and nothing is searched.
pub(super) struct TokenCache {
    halves: Mutex<Halves>,
    half: usize,
}

#[derive(Default)]
struct Halves {
    young: HashMap<[u8; 32], Verified>,
    old: HashMap<[u8; 32], Verified>,
}

#[derive(Clone)]
struct Verified {
    caller: Caller,
    generation: u64,
    until_ms: u64,
}

impl TokenCache {
    pub(super) fn new(capacity: usize) -> Self {
        Self { halves: Mutex::default(), half: (capacity / 2).max(1) }
    }

    /// The caller of a token that was verified under the same keys and has not expired.
    pub(super) fn find(&self, digest: &[u8; 32], generation: u64, now_ms: u64) -> Option<Caller> {
        let mut halves = self.halves();
        let found = match halves.young.get(digest) {
            Some(found) => found.clone(),
            None => {
                let found = halves.old.remove(digest)?;
                halves.insert(*digest, found.clone(), self.half);
                found
            }
        };
        (found.generation == generation && now_ms < found.until_ms).then_some(found.caller)
    }

    pub(super) fn keep(&self, digest: [u8; 32], caller: Caller, generation: u64, until_ms: u64) {
        self.halves().insert(digest, Verified { caller, generation, until_ms }, self.half);
    }

    /// Nothing panics while it is held, and a few map operations are all that happens.
    fn halves(&self) -> MutexGuard<'_, Halves> {
        self.halves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Halves {
    fn insert(&mut self, digest: [u8; 32], verified: Verified, half: usize) {
        if self.young.len() >= half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(digest, verified);
    }
}

#[cfg(test)]
mod tests {
    use super::TokenCache;
    use crate::{Caller, CallerId};

    #[test]
    fn bounded_and_forgetful_of_the_oldest() {
        let cache = TokenCache::new(4);
        let caller = Caller::new(CallerId::new("a"));
        for token in 0..100 {
            cache.keep([token; 32], caller.clone(), 1, 10);
            let halves = cache.halves();
            assert!(halves.young.len() + halves.old.len() <= 4);
        }
        assert!(cache.find(&[99; 32], 1, 9).is_some());
        assert!(cache.find(&[0; 32], 1, 9).is_none());
        assert!(cache.find(&[99; 32], 1, 10).is_none(), "expired");
        assert!(cache.find(&[99; 32], 2, 9).is_none(), "the keys changed");
    }
}
