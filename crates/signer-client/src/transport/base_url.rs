use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

use crate::error::Error;

/// Where a service is: `https://…`, or `http://` on this machine; with or without a path, and without credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Url,
    /// Without a final `/`.
    text: String,
}

impl BaseUrl {
    /// Reads an address. A final `/` makes no difference.
    ///
    /// # Errors
    /// An input error when it is anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let rule = "the base url must be https://, or http:// on this machine, without credentials, query or fragment";
        let url = Url::parse(text).map_err(|_| Error::input(rule))?;
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let here = url.host_str().is_some_and(|host| {
            let host = host.trim_matches(['[', ']']);
            host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        });
        if !plain || !(url.scheme() == "https" || url.scheme() == "http" && here) {
            return Err(Error::input(rule));
        }
        let text = url.as_str().trim_end_matches('/').into();
        Ok(Self { url, text })
    }

    /// The address without a final `/`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address of what is found by the segments of a path, each encoded as one segment.
    pub(crate) fn join<'a>(
        &self,
        segments: impl IntoIterator<Item = &'a str>,
        query: &[(&str, &str)],
    ) -> Result<Url, Error> {
        let rule = "a part of the path must be neither empty nor dots, without control characters, of 512 bytes at most";
        let mut url = self.url.clone();
        {
            let mut path = url.path_segments_mut().map_err(|()| Error::input(rule))?;
            path.pop_if_empty();
            for segment in segments {
                // An address drops control characters before it looks for dots.
                let dots = segment.bytes().all(|byte| byte == b'.');
                if dots || segment.len() > 512 || segment.chars().any(char::is_control) {
                    return Err(Error::input(rule));
                }
                path.push(segment);
            }
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_or_this_machine() {
        for good in [
            "https://api.privy.io",
            "https://api.privy.io/",
            "http://127.0.0.1:3000/privy/",
            "http://localhost:1",
            "http://[::1]:8080/x/y",
        ] {
            assert!(BaseUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.privy.io",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "https://user@api.privy.io",
            "https://user:secret@api.privy.io",
            "https://api.privy.io/?a=b",
            "https://api.privy.io/#a",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
            "api.privy.io",
            "",
        ] {
            assert!(BaseUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_segment_stays_one_segment() {
        let base = BaseUrl::parse("http://127.0.0.1:3000/privy/").unwrap();
        let join =
            |segment: &str| base.join(["v1", "wallets", segment], &[]).map(|url| url.to_string());
        assert_eq!(join("id").unwrap(), "http://127.0.0.1:3000/privy/v1/wallets/id");
        assert_eq!(
            join("a/b?c#d%2e").unwrap(),
            "http://127.0.0.1:3000/privy/v1/wallets/a%2Fb%3Fc%23d%252e"
        );
        for bad in ["", ".", "..", "...", ".\t.", "\n", "ab\nc"] {
            assert!(join(bad).unwrap_err().is_input(), "{bad}");
        }
        let query = base.join(["x"], &[("chain", "a&b=c")]).unwrap();
        assert_eq!(query.as_str(), "http://127.0.0.1:3000/privy/x?chain=a%26b%3Dc");
    }
}
