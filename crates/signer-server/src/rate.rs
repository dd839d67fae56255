//! Rates: how often a peer, a caller and a destination may come.

use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use ipnet::IpNet;

use crate::{CallerId, Refusal};

/// How many cells a table has. Two that share a cell share its rate, which of 16,384 is seldom.
const CELLS: usize = 1 << 14;

/// So many requests a second, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second, in the long run.
    pub per_second: NonZeroU32,
    /// Requests at once, after a rest.
    pub burst: NonZeroU32,
}

/// The rates of an endpoint, in memory of fixed size: what comes under more names than there are cells
/// shares cells, and nothing grows.
#[derive(Debug, Default)]
pub struct Rates {
    peer: Option<Table>,
    caller: Option<Table>,
    destination: Option<Table>,
    trusted_proxies: Vec<IpNet>,
}

impl Rates {
    /// No rate at all.
    pub fn unlimited() -> Self {
        Self::default()
    }

    /// The rate of each peer address, before it is asked who calls. An IPv6 peer is its /64.
    #[must_use]
    pub fn per_peer(mut self, rate: Rate) -> Self {
        self.peer = Some(Table::new(rate));
        self
    }

    /// The rate of each caller.
    #[must_use]
    pub fn per_caller(mut self, rate: Rate) -> Self {
        self.caller = Some(Table::new(rate));
        self
    }

    /// The rate of each destination address, of all callers that it belongs to together.
    #[must_use]
    pub fn per_destination(mut self, rate: Rate) -> Self {
        self.destination = Some(Table::new(rate));
        self
    }

    /// Proxies whose `X-Forwarded-For` is believed. From anybody else it says nothing.
    #[must_use]
    pub fn trusted_proxies(mut self, proxies: Vec<IpNet>) -> Self {
        self.trusted_proxies = proxies;
        self
    }

    pub(crate) fn trusted(&self) -> &[IpNet] {
        &self.trusted_proxies
    }

    pub(crate) fn admit_peer(&self, peer: IpAddr) -> Result<(), Refusal> {
        let network = match peer.to_canonical() {
            IpAddr::V4(ip) => u64::from(ip.to_bits()),
            #[allow(clippy::cast_possible_truncation, reason = "the upper half")]
            IpAddr::V6(ip) => (ip.to_bits() >> 64) as u64,
        };
        admit(self.peer.as_ref(), &(peer.to_canonical().is_ipv4(), network))
    }

    pub(crate) fn admit_caller(&self, caller: &CallerId) -> Result<(), Refusal> {
        admit(self.caller.as_ref(), caller)
    }

    /// The case of the address is not that of its owner: EVM addresses come in any.
    pub(crate) fn admit_destination(&self, address: &str) -> Result<(), Refusal> {
        admit(self.destination.as_ref(), &crate::ownership::comparable(address))
    }
}

fn admit(table: Option<&Table>, key: &impl Hash) -> Result<(), Refusal> {
    match table.map(|table| table.check(key)) {
        None | Some(Ok(())) => Ok(()),
        Some(Err(retry_after_s)) => Err(Refusal::TooMany { retry_after_s }),
    }
}

struct Table {
    limiter: RateLimiter<u64, Cells, DefaultClock>,
    hasher: RandomState,
}

impl Table {
    fn new(rate: Rate) -> Self {
        let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
        let cells = Cells((0..CELLS).map(|_| InMemoryState::default()).collect());
        Self {
            limiter: RateLimiter::new(quota, cells, DefaultClock::default()),
            hasher: RandomState::new(),
        }
    }

    /// Counts one request, or tells after how many seconds the next would pass.
    fn check(&self, key: &impl Hash) -> Result<(), u64> {
        self.limiter.check_key(&self.hasher.hash_one(key)).map_err(|until| {
            let wait = until.wait_time_from(self.limiter.clock().now());
            wait.as_secs() + 1
        })
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Table")
    }
}

/// The state of every key, by its hash.
struct Cells(Vec<InMemoryState>);

impl StateStore for Cells {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, hash: &u64, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        #[allow(clippy::cast_possible_truncation, reason = "the lower bits choose the cell")]
        let cell = *hash as usize % CELLS;
        self.0[cell].measure_and_replace(&NotKeyed::NonKey, decide)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::num::NonZeroU32;

    use super::{Rate, Rates};
    use crate::Refusal;

    fn rate(per_second: u32, burst: u32) -> Rate {
        let count = |count| NonZeroU32::new(count).unwrap();
        Rate { per_second: count(per_second), burst: count(burst) }
    }

    #[test]
    fn a_peer_is_an_address_or_its_network() {
        let rates = Rates::unlimited().per_peer(rate(1, 2));
        let admit = |ip: &str| rates.admit_peer(ip.parse::<IpAddr>().unwrap());
        assert_eq!((admit("192.0.2.1"), admit("::ffff:192.0.2.1")), (Ok(()), Ok(())));
        assert!(matches!(admit("192.0.2.1"), Err(Refusal::TooMany { retry_after_s: 1..=2 })));
        assert_eq!(admit("192.0.2.2"), Ok(()));
        assert_eq!((admit("2001:db8::1"), admit("2001:db8::2")), (Ok(()), Ok(())));
        assert!(admit("2001:db8::3").is_err(), "the same /64");
        assert_eq!(admit("2001:db8:0:1::1"), Ok(()));
    }

    #[test]
    fn a_destination_is_one_in_any_case() {
        let rates = Rates::unlimited().per_destination(rate(1, 1));
        assert_eq!(rates.admit_destination("0xAb"), Ok(()));
        assert!(rates.admit_destination("0xaB").is_err());
        assert_eq!(rates.admit_destination("SoL"), Ok(()));
        assert_eq!(rates.admit_destination("sol"), Ok(()));
    }
}
