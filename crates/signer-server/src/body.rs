//! The first limit: the headers that describe the body, and its length.

use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use futures_util::FutureExt;
use http_body_util::{BodyExt, Collected, LengthLimitError, Limited};
use tokio::time::timeout;

use crate::Refusal;

/// Refuses what is not plain JSON in UTF-8, and a declared length over the cap, before any of the body
/// is read.
pub(crate) fn check_headers(headers: &HeaderMap, max_bytes: usize) -> Result<(), Refusal> {
    if headers.contains_key(CONTENT_ENCODING) || headers.get_all(CONTENT_TYPE).iter().count() != 1 {
        return Err(Refusal::MediaType);
    }
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(is_json) {
        return Err(Refusal::MediaType);
    }
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let declared = declared.and_then(|value| value.parse::<u64>().ok()).unwrap_or(0);
    if usize::try_from(declared).map_or(true, |declared| declared > max_bytes) {
        return Err(Refusal::TooLarge);
    }
    Ok(())
}

/// Reads at most `max_bytes`, within `deadline`. What came with the head costs no timer.
pub(crate) async fn read(
    body: &mut Body,
    max_bytes: usize,
    deadline: Duration,
) -> Result<Bytes, Refusal> {
    let rest = {
        let mut all = Limited::new(body, max_bytes).collect();
        match (&mut all).now_or_never() {
            Some(all) => return whole(all),
            None => Box::pin(timeout(deadline, all)),
        }
    };
    whole(rest.await.map_err(|_| Refusal::Incomplete)?)
}

fn whole(read: Result<Collected<Bytes>, BoxError>) -> Result<Bytes, Refusal> {
    match read {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge),
        Err(_) => Err(Refusal::Incomplete),
    }
}

/// `application/json` of any case, with no charset or UTF-8; other parameters have no meaning.
fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let json = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    })
}
