//! What the cache decides, without a clock, a task or a value: milliseconds and generations in, decisions out.

/// The first cool-down; it doubles with each failure that follows.
const COOL_DOWN_MS: u64 = 1_000;
const MAX_COOL_DOWN_MS: u64 = 30_000;
/// A service that asks for more is asked again after this.
const MAX_ASKED_MS: u64 = 300_000;

/// Refused by a caller that wants what is held, and no session that is begun for it.
pub(super) const NO_GENERATION: u64 = 0;

/// What to do with a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Give it what is held.
    Serve,
    /// Give it what is held, and start a flight behind its back.
    ServeAndRefresh,
    /// Start a flight, and have it wait.
    Lead,
    /// Have it wait for the flight that is under way.
    Wait,
    /// Give it the last error: the last attempt is too young for another.
    Fail,
    /// What was refused to it is not held any more, and nothing came after it: it has ended.
    Ended,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Machine {
    /// Counts the values that landed.
    generation: u64,
    held: Option<Held>,
    flying: Option<Flight>,
    /// Between flights that are needed, and between those whose value can wait: one that failed early does not keep
    /// from fetching what is needed by now.
    cooling: Cooling,
    early_cooling: Cooling,
    /// Counts what was forgotten: a flight that took off before does not count.
    epoch: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flight {
    /// Callers wait for it.
    Needed,
    /// It took off while what is held was good.
    Early,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cooling {
    until_ms: u64,
    failures: u32,
}

impl Cooling {
    /// What the service `asked` for, or a second that doubles; `jitter` of 256 parts adds up to a quarter.
    fn crashed(&mut self, now_ms: u64, asked_ms: u64, jitter: u64) {
        let doubled = COOL_DOWN_MS.saturating_mul(1 << self.failures.min(10)).min(MAX_COOL_DOWN_MS);
        self.failures = self.failures.saturating_add(1);
        self.rest(now_ms, doubled.max(asked_ms), jitter);
    }

    fn rest(&mut self, now_ms: u64, rest_ms: u64, jitter: u64) {
        let rest_ms = rest_ms + rest_ms * jitter / 1024;
        self.until_ms = self.until_ms.max(now_ms.saturating_add(rest_ms));
    }
}

#[derive(Clone, Copy, Debug)]
struct Held {
    /// From here on a new one is fetched while this one is served.
    refresh_at_ms: u64,
    expires_at_ms: u64,
    /// The service refused it, whatever it says of its life.
    refused: bool,
}

impl Machine {
    /// A caller asks; with `refused`, because the value of that generation was refused to it.
    pub(super) fn ask(&mut self, now_ms: u64, refused: Option<u64>) -> Decision {
        if let Some(held) = &mut self.held
            && refused == Some(self.generation)
        {
            held.refused = true;
        }
        if self.held.is_none() && refused.is_some() {
            return Decision::Ended;
        }
        let cooling = now_ms < self.cooling.until_ms;
        match self.held.filter(|held| !held.refused && now_ms < held.expires_at_ms) {
            Some(held) if now_ms < held.refresh_at_ms || self.flying.is_some() => Decision::Serve,
            Some(_) if cooling || now_ms < self.early_cooling.until_ms => Decision::Serve,
            Some(_) => {
                self.flying = Some(Flight::Early);
                Decision::ServeAndRefresh
            }
            None if self.flying.is_some() => Decision::Wait,
            None if cooling => Decision::Fail,
            None => {
                self.flying = Some(Flight::Needed);
                Decision::Lead
            }
        }
    }

    /// The flight brought a value, which lives for `lifetime_ms` and is to be fetched anew `early_ms` before
    /// its end. The answer is its generation.
    pub(super) fn landed(&mut self, now_ms: u64, lifetime_ms: Option<u64>, early_ms: u64) -> u64 {
        let expires_at_ms = lifetime_ms.map_or(u64::MAX, |life| now_ms.saturating_add(life));
        let refresh_at_ms = expires_at_ms.saturating_sub(early_ms);
        self.held = Some(Held { refresh_at_ms, expires_at_ms, refused: false });
        self.rested();
        self.generation += 1;
        self.generation
    }

    /// The flight failed. There is no other of its kind until a cool-down ends, and none at all before the end of what
    /// the service `asked` for.
    pub(super) fn crashed(&mut self, now_ms: u64, asked_ms: Option<u64>, jitter: u64) {
        let asked_ms = asked_ms.unwrap_or(0).min(MAX_ASKED_MS);
        if self.flying.take() == Some(Flight::Early) {
            self.early_cooling.crashed(now_ms, asked_ms, jitter);
            if asked_ms > 0 {
                self.cooling.rest(now_ms, asked_ms, jitter);
            }
        } else {
            self.cooling.crashed(now_ms, asked_ms, jitter);
        }
    }

    /// The flight found that what was held has ended for good. Whoever asks next begins anew.
    pub(super) fn ended(&mut self) {
        self.held = None;
        self.rested();
    }

    fn rested(&mut self) {
        self.flying = None;
        (self.cooling, self.early_cooling) = (Cooling::default(), Cooling::default());
    }

    /// The flight was taken down with its runtime, or took off before something was forgotten; it says nothing.
    pub(super) fn aborted(&mut self) {
        self.flying = None;
    }

    /// Holds nothing any more, and cools no more; a flight that is under way brings nothing.
    pub(super) fn forget(&mut self) {
        self.held = None;
        (self.cooling.until_ms, self.early_cooling.until_ms) = (0, 0);
        self.epoch += 1;
    }

    pub(super) const fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(super) fn is_refused(&self) -> bool {
        self.held.is_some_and(|held| held.refused)
    }

    /// Until when what is held may be served without asking.
    pub(super) fn fresh_until_ms(&self) -> u64 {
        self.held.filter(|held| !held.refused).map_or(0, |held| held.refresh_at_ms)
    }
}

#[cfg(test)]
mod tests;
