//! Events that others paid for, each as a test that this code could have failed.

use super::serving::Serving;
use super::{REQUEST, folder};

/// 2018, wallets on this machine: a page whose name came to point here was of the same origin, and could ask for
/// signatures. A development endpoint answers only to names that are its own.
#[test]
fn dns_rebinding_2018_local_wallets() {
    let folder = folder("postmortem-rebinding");
    let serving = Serving::start(&folder, &["serve", "--dev", "--port", "0"]);
    let port = serving.address.rsplit(':').next().unwrap().to_owned();
    for name in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example"] {
        for host in [name.to_owned(), format!("{name}:{port}")] {
            let (status, answer) = serving.post(&host, "", REQUEST);
            assert_eq!(status, 403, "{host}: {answer}");
            assert!(answer.contains("Host is not allowed."), "{host}: {answer}");
        }
    }
    assert_eq!(serving.post(&format!("127.0.0.1:{port}"), "", REQUEST).0, 200);
}
