/// The commands with what they print. The values in them stand in the vectors of `signer-protocols`.
#[test]
fn transcripts() {
    trycmd::TestCases::new()
        .env("SIGNER_TEST_SECRET", super::SECRET)
        .env("SIGNER_TEST_PRIVY_KEY", "wallet-auth:MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgs7uchAfjrRdv2mYMt50uBSYerEvwAgMWPiz9j9bNwtuhRANCAAQGIx0q+oztgjDryEMO9HNV4K40BI+J5vaB8WQk9mX+awVZyID5sY+Hk9jQyHceyKiju0PtPy856a63LBR2tbzP")
        .env("SIGNER_TEST_ACCESS_KEY", "44ea2542dab591d13bb69f39d967d91a713212a6168b5d9f9ba58d5a72203f23")
        .env("SIGNER_TEST_WEBHOOK", "whsec_cHJpdnktd2ViaG9vay10ZXN0LXNlY3JldC0wMDAwMDE=")
        .env("SIGNER_TEST_BAD", "canary-secret-that-must-not-be-shown")
        .case("tests/cmd/*.trycmd");
}
