//! The address that a request comes from.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;

/// The peer of the connection; behind a trusted proxy, the last address in `X-Forwarded-For` that is not
/// itself a trusted proxy. `None` where the application does not tell the router its peers.
pub(crate) fn address(
    extensions: &Extensions,
    headers: &HeaderMap,
    trusted: &[IpNet],
) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    let mut address = peer.ip().to_canonical();
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|network| network.contains(ip));
    if trusted.is_empty() || !is_trusted(&address) {
        return Some(address);
    }
    let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    // A line that is no text is one hop that tells nothing.
    let hops = lines.iter().rev().map(|line| line.to_str().unwrap_or("?"));
    for hop in hops.flat_map(|line| line.rsplit(',')) {
        // What a proxy did not write as an address tells nothing, nor does what stands before it.
        let Ok(hop) = hop.trim().parse::<IpAddr>() else { break };
        address = hop.to_canonical();
        if !is_trusted(&address) {
            break;
        }
    }
    Some(address)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};

    use axum::extract::ConnectInfo;
    use axum::http::{Extensions, HeaderMap};

    fn address(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted: Vec<_> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        super::address(&extensions, &headers, &trusted).unwrap().to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(address("192.0.2.1", &["198.51.100.7"], &[]), "192.0.2.1");
        assert_eq!(address("192.0.2.1", &["198.51.100.7"], &["10.0.0.0/8"]), "192.0.2.1");
        let proxies = ["10.0.0.0/8"];
        assert_eq!(address("10.0.0.1", &["198.51.100.7"], &proxies), "198.51.100.7");
        assert_eq!(address("::ffff:10.0.0.1", &["198.51.100.7"], &proxies), "198.51.100.7");
        // What the caller wrote stands before what the proxy wrote.
        assert_eq!(
            address("10.0.0.1", &["1.2.3.4, 198.51.100.7, 10.0.0.2"], &proxies),
            "198.51.100.7"
        );
        assert_eq!(address("10.0.0.1", &["1.2.3.4", "198.51.100.7"], &proxies), "198.51.100.7");
        assert_eq!(address("10.0.0.1", &["1.2.3.4, nonsense"], &proxies), "10.0.0.1");
        assert_eq!(address("10.0.0.1", &[], &proxies), "10.0.0.1");
    }

    #[test]
    fn a_router_that_is_not_told_knows_no_peer() {
        let none: Option<IpAddr> = super::address(&Extensions::new(), &HeaderMap::new(), &[]);
        assert_eq!(none, None);
    }
}
