//! How long a service asks to be left alone, in all the ways in which it is said.

use std::time::{Duration, UNIX_EPOCH};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// Nobody waits longer than this by a header: more is this.
const LONGEST_MS: f64 = 24.0 * 3_600.0 * 1_000.0;
/// A number of seconds from here on is a time, not a span; and one from there on is in milliseconds.
const TIME_FROM: f64 = 1e9;
const MILLISECONDS_FROM: f64 = 1e11;

/// `retry-after-ms`, else `retry-after` (seconds or a date), else `x-ratelimit-reset` (seconds to go, or a time in
/// seconds or milliseconds). A date counts from the `Date` of the same answer, so that clocks may differ.
/// What cannot be read is as if it were not there.
pub(super) fn retry_after(headers: &HeaderMap, too_many: bool, now_ms: u64) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let date = |text: &str| {
        let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(date.as_secs_f64() * 1_000.0)
    };
    #[allow(clippy::cast_precision_loss, reason = "milliseconds of this millennium are exact")]
    let now_ms = text(DATE.as_str()).and_then(date).unwrap_or(now_ms as f64);
    let ms = text("retry-after-ms").and_then(number).or_else(|| {
        let after = text(RETRY_AFTER.as_str())?;
        number(after).map(|seconds| seconds * 1_000.0).or_else(|| Some(date(after)? - now_ms))
    });
    // Services say when a window ends with every answer; it matters once the window is used up.
    let used_up = too_many || text("x-ratelimit-remaining") == Some("0");
    let ms = ms.or_else(|| {
        Some(match number(text("x-ratelimit-reset").filter(|_| used_up)?)? {
            time if time >= MILLISECONDS_FROM => time - now_ms,
            time if time >= TIME_FROM => time.mul_add(1_000.0, -now_ms),
            seconds => seconds * 1_000.0,
        })
    })?;
    Some(Duration::from_secs_f64(ms.clamp(0.0, LONGEST_MS) / 1_000.0))
}

/// A plain decimal that is not negative.
fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && text.len() <= 20;
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW_MS: u64 = 784_111_777_000;

    fn wait(headers: &[(&'static str, &str)]) -> Option<Duration> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            if let Ok(value) = value.parse() {
                map.insert(*name, value);
            }
        }
        retry_after(&map, true, NOW_MS)
    }

    #[test]
    fn every_form_is_read() {
        let ms = |ms| Some(Duration::from_millis(ms));
        for (headers, expected) in [
            (&[("retry-after", "120")][..], ms(120_000)),
            (&[("retry-after", " 1.5 ")], ms(1_500)),
            (&[("retry-after", "0")], ms(0)),
            (&[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")], ms(10_000)),
            (&[("retry-after", "Sunday, 06-Nov-94 08:49:47 GMT")], ms(10_000)),
            (&[("retry-after", "Sun Nov  6 08:49:47 1994")], ms(10_000)),
            // In the past: at once.
            (&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")], ms(0)),
            // The service's clock stands an hour ahead of ours.
            (
                &[
                    ("date", "Sun, 06 Nov 1994 09:49:37 GMT"),
                    ("retry-after", "Sun, 06 Nov 1994 09:49:47 GMT"),
                ],
                ms(10_000),
            ),
            (&[("retry-after-ms", "250"), ("retry-after", "9")], ms(250)),
            (&[("retry-after-ms", "soon"), ("retry-after", "9")], ms(9_000)),
            (&[("x-ratelimit-reset", "3")], ms(3_000)),
            (&[("x-ratelimit-reset", "1784111777")], ms(86_400_000)),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "-5")], None),
            (&[("retry-after", "1e3")], None),
            (&[("retry-after", "")], None),
            (&[("retry-after", "999999999999")], ms(86_400_000)),
            (&[], None),
        ] {
            assert_eq!(wait(headers), expected, "{headers:?}");
        }
        let mut map = HeaderMap::new();
        map.insert("x-ratelimit-reset", "1773679541".parse().unwrap());
        assert_eq!(retry_after(&map, true, 1_773_679_531_000), ms(10_000));
        map.insert("x-ratelimit-reset", "1773679541000".parse().unwrap());
        assert_eq!(retry_after(&map, true, 1_773_679_531_000), ms(10_000));
    }

    #[test]
    fn the_end_of_a_window_matters_once_it_is_used_up() {
        let mut map = HeaderMap::new();
        map.insert("x-ratelimit-reset", "60".parse().unwrap());
        assert_eq!(retry_after(&map, false, NOW_MS), None);
        map.insert("x-ratelimit-remaining", "0".parse().unwrap());
        assert_eq!(retry_after(&map, false, NOW_MS), Some(Duration::from_secs(60)));
    }

    proptest! {
        #[test]
        fn any_header_gives_a_bounded_wait(
            a in ".*", b in ".*", c in "[0-9.]{0,25}", d in ".*", now in any::<u64>(),
        ) {
            let mut map = HeaderMap::new();
            let headers = [("retry-after", &a), ("retry-after-ms", &b), ("x-ratelimit-reset", &c), ("date", &d)];
            for (name, value) in headers {
                if let Ok(value) = value.parse() {
                    map.insert(name, value);
                }
            }
            let wait = retry_after(&map, true, now);
            prop_assert!(wait.is_none_or(|wait| wait <= Duration::from_secs(86_400)));
        }
    }
}
