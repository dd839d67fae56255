//! What is counted, in Prometheus' text form.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::Refusal;

/// The content type of the text form.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

pub(crate) struct Metrics {
    registry: Registry,
    requests: Vec<(&'static str, Counter)>,
    sign_seconds: Histogram,
    key_age_seconds: Gauge<f64, AtomicU64>,
    pub(crate) store_errors: Counter,
    pub(crate) store_lost: Counter,
    pub(crate) audit_errors: Counter,
    pub(crate) reload_failures: Counter,
    pub(crate) connections: Gauge,
}

/// The outcomes that are no refusals.
pub(crate) const SIGNED: &str = "signed";
pub(crate) const PREFLIGHT: &str = "preflight";

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("signer");
        let outcomes = Family::<Outcome, Counter>::default();
        registry.register("requests", "Requests by their outcome", outcomes.clone());
        // Every outcome is there from the start, so that a rate can be told of it.
        let labels = [SIGNED, PREFLIGHT].into_iter().chain(Refusal::LABELS);
        let requests = labels
            .map(|outcome| (outcome, outcomes.get_or_create_owned(&Outcome { outcome })))
            .collect();
        // 4 µs to 67 ms.
        let sign_seconds = Histogram::new(exponential_buckets(4e-6, 2.0, 15));
        registry.register("sign_seconds", "How long one signature took", sign_seconds.clone());
        let key_age_seconds = Gauge::default();
        registry.register("key_age_seconds", "Age of the key that signs", key_age_seconds.clone());
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let store_errors = counter("store_errors", "Calls that the store did not answer");
        let store_lost = counter("store_lost", "Calls refused because the store lost its records");
        let audit_errors = counter("audit_errors", "Audit lines that could not be written");
        let reload_failures =
            counter("reload_failures", "Reloads that were refused, the old being kept");
        let connections = Gauge::default();
        registry.register("connections", "Open connections", connections.clone());
        Self {
            registry,
            requests,
            sign_seconds,
            key_age_seconds,
            store_errors,
            store_lost,
            audit_errors,
            reload_failures,
            connections,
        }
    }

    pub(crate) fn count(&self, outcome: &'static str) {
        if let Some((_, counter)) = self.requests.iter().find(|(known, _)| *known == outcome) {
            counter.inc();
        }
    }

    pub(crate) fn signed_in(&self, time: Duration) {
        self.sign_seconds.observe(time.as_secs_f64());
    }

    /// All of it as text.
    pub(crate) fn text(&self, key_age: Option<Duration>) -> String {
        self.key_age_seconds.set(key_age.map_or(f64::NAN, |age| age.as_secs_f64()));
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}
