//! Every sequence of six events, with every rule checked after each.

use super::*;

#[derive(Clone, Copy, Debug)]
enum Event {
    Ask,
    /// With the value that is held.
    Refused,
    /// With one that was held before.
    RefusedLongSince,
    Lands,
    Crashes,
    Aborts,
    Forget,
    Ends,
    /// Past the early mark of what is held.
    ToTheEarlyMark,
    PastTheEnd,
    PastTheCoolDown,
}

const EVENTS: [Event; 11] = [
    Event::Ask,
    Event::Refused,
    Event::RefusedLongSince,
    Event::Lands,
    Event::Crashes,
    Event::Aborts,
    Event::Forget,
    Event::Ends,
    Event::ToTheEarlyMark,
    Event::PastTheEnd,
    Event::PastTheCoolDown,
];

/// What is true of the world, kept apart from what the machine knows.
#[derive(Clone, Default)]
struct World {
    machine: Machine,
    now: u64,
    flights: u32,
    held_until: Option<u64>,
    early_at: u64,
    refused: bool,
    /// Whether the flight took off while what is held was good.
    is_early: bool,
    cool_until: u64,
    early_cool_until: u64,
}

impl World {
    fn ask(&mut self, refused: Option<u64>) {
        if refused == Some(self.machine.generation) && self.held_until.is_some() {
            self.refused = true;
        }
        let usable = !self.refused && self.held_until.is_some_and(|until| self.now < until);
        let decision = self.machine.ask(self.now, refused);
        match decision {
            Decision::Serve => {
                assert!(usable);
                let cools = self.now < self.cool_until.max(self.early_cool_until);
                let rests = self.flights == 1 || cools;
                assert!(rests || self.now < self.early_at, "what ages is fetched anew");
            }
            Decision::ServeAndRefresh => {
                assert!(usable && self.now >= self.early_at);
                assert!(self.now >= self.cool_until.max(self.early_cool_until));
                (self.flights, self.is_early) = (self.flights + 1, true);
            }
            Decision::Lead => {
                assert!(!usable && self.now >= self.cool_until);
                (self.flights, self.is_early) = (self.flights + 1, false);
            }
            Decision::Wait => assert!(!usable && self.flights == 1, "nobody waits for nothing"),
            Decision::Ended => assert!(refused.is_some() && self.held_until.is_none()),
            Decision::Fail => assert!(!usable && self.flights == 0 && self.now < self.cool_until),
        }
        assert!(self.flights <= 1, "one flight at a time");
        if usable {
            assert!(matches!(decision, Decision::Serve | Decision::ServeAndRefresh));
        }
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Ask => self.ask(None),
            Event::Refused => self.ask(Some(self.machine.generation)),
            Event::RefusedLongSince => self.ask(Some(self.machine.generation.wrapping_sub(1))),
            Event::Lands if self.flights == 1 => {
                let before = self.machine.generation;
                assert_eq!(self.machine.landed(self.now, Some(100), 20), before + 1);
                (self.flights, self.refused) = (0, false);
                (self.cool_until, self.early_cool_until) = (0, 0);
                (self.held_until, self.early_at) = (Some(self.now + 100), self.now + 80);
            }
            Event::Crashes if self.flights == 1 => {
                self.machine.crashed(self.now, None, 0);
                self.flights = 0;
                let kept = self.machine.cooling.until_ms == self.cool_until;
                let cools = if self.is_early {
                    assert!(kept, "who needs a value does not pay for one that could wait");
                    &mut self.early_cool_until
                } else {
                    &mut self.cool_until
                };
                let until = if self.is_early {
                    self.machine.early_cooling.until_ms
                } else {
                    self.machine.cooling.until_ms
                };
                *cools = until;
                assert!((COOL_DOWN_MS..=MAX_COOL_DOWN_MS).contains(&(until - self.now)));
            }
            Event::Aborts if self.flights == 1 => {
                self.machine.aborted();
                self.flights = 0;
            }
            Event::Forget => {
                let before = self.machine.epoch();
                self.machine.forget();
                assert_eq!(self.machine.epoch(), before + 1);
                (self.held_until, self.refused) = (None, false);
                (self.cool_until, self.early_cool_until) = (0, 0);
            }
            Event::Ends if self.flights == 1 => {
                self.machine.ended();
                self.flights = 0;
                (self.held_until, self.refused) = (None, false);
                (self.cool_until, self.early_cool_until) = (0, 0);
            }
            Event::Lands | Event::Crashes | Event::Aborts | Event::Ends => {}
            Event::ToTheEarlyMark => self.now = self.now.max(self.early_at),
            Event::PastTheEnd => self.now = self.now.max(self.held_until.unwrap_or(0)),
            Event::PastTheCoolDown => {
                self.now = self.now.max(self.cool_until).max(self.early_cool_until);
            }
        }
        assert_eq!(self.machine.is_refused(), self.refused);
        // A refused value is not served unasked.
        let fresh_until = if self.refused || self.held_until.is_none() { 0 } else { self.early_at };
        assert_eq!(self.machine.fresh_until_ms(), fresh_until);
    }
}

#[test]
fn every_sequence_of_events_keeps_the_rules() {
    fn explore(world: &World, depth: u32, seen: &mut u64) {
        *seen += 1;
        if depth == 0 {
            return;
        }
        for event in EVENTS {
            let mut next = world.clone();
            next.apply(event);
            explore(&next, depth - 1, seen);
        }
    }
    let mut seen = 0;
    explore(&World::default(), 6, &mut seen);
    assert_eq!(seen, (0..=6).map(|depth| 11_u64.pow(depth)).sum::<u64>());
}

#[test]
fn a_cool_down_doubles_up_to_its_bound_and_heeds_the_service() {
    let mut machine = Machine::default();
    let mut last = 0;
    for _ in 0..12 {
        assert_eq!(machine.ask(machine.cooling.until_ms, None), Decision::Lead);
        let now = machine.cooling.until_ms;
        machine.crashed(now, None, 0);
        let cool_down = machine.cooling.until_ms - now;
        assert!(cool_down >= last && cool_down <= MAX_COOL_DOWN_MS);
        last = cool_down;
    }
    assert_eq!(last, MAX_COOL_DOWN_MS);
    let now = machine.cooling.until_ms;
    machine.crashed(now, Some(60_000), 255);
    // 60,000 and 255 of 1,024 parts of it.
    assert_eq!(machine.cooling.until_ms - now, 74_941);
    let now = machine.cooling.until_ms;
    machine.crashed(now, Some(u64::MAX), 0);
    assert_eq!(machine.cooling.until_ms - now, MAX_ASKED_MS);
}

/// A refresh that could wait failed often; then the value ends, and is fetched at once, but for what the service asked.
#[test]
fn a_cool_down_between_early_flights_is_not_one_between_those_that_are_needed() {
    let mut machine = Machine::default();
    assert_eq!(machine.ask(0, None), Decision::Lead);
    machine.landed(0, Some(100_000), 90_000);
    let mut now = 10_000;
    for _ in 0..6 {
        assert_eq!(machine.ask(now, None), Decision::ServeAndRefresh);
        machine.crashed(now, None, 255);
        assert_eq!(machine.ask(now, None), Decision::Serve);
        now = machine.early_cooling.until_ms;
    }
    assert!(now < 100_000);
    assert_eq!(machine.ask(now, None), Decision::ServeAndRefresh);
    machine.crashed(now, None, 0);
    assert_eq!(machine.ask(now, Some(machine.generation)), Decision::Lead);
    // The first that is needed and fails cools for a second again.
    machine.crashed(now, None, 0);
    assert_eq!(machine.ask(now + 999, None), Decision::Fail);
    assert_eq!(machine.ask(now + 1_000, None), Decision::Lead);
    machine.landed(now, Some(100_000), 90_000);

    assert_eq!(machine.ask(now + 10_000, None), Decision::ServeAndRefresh);
    machine.crashed(now + 10_000, Some(200_000), 0);
    assert_eq!(machine.ask(now + 100_000, None), Decision::Fail);
    assert_eq!(machine.ask(now + 210_000, None), Decision::Lead);
}
