//! Events that others paid for, each as a test that this code could have failed.

use signer_client::BaseUrl;
use signer_client::privy::{ChainType, Client, CreateWallet};
use signer_emulator::{Emulator, FaultRule};

/// 2018 and 2022, HTTP libraries: a redirect to another host took the credentials along, those in headers of the
/// caller's own above all. No redirect is followed, to no host.
#[tokio::test]
async fn redirect_leak_2022_follow_redirects() {
    crate::trace::look();
    let other = Emulator::start().await.unwrap();
    for target in [format!("{}/stolen", other.url()), "/privy/v1/elsewhere".to_owned()] {
        let emulator = Emulator::start().await.unwrap();
        emulator.fault(format!("/=redirect:{target}").parse::<FaultRule>().unwrap());
        let base = BaseUrl::parse(&emulator.privy_url()).unwrap();
        let client = Client::new(base, "test-app-id", "test-app-secret".into()).unwrap();
        let error = client.transaction("none").await.unwrap_err();
        assert_eq!(error.status(), Some(307));
        let wallet = client.create_wallet(&CreateWallet::new(ChainType::ETHEREUM));
        assert_eq!(wallet.send().await.unwrap_err().status(), Some(307));
        assert_eq!(emulator.seen().len(), 2, "one request for each call");
    }
    assert!(other.seen().is_empty());
}
