//! Rotations of a Crossmint wallet's server signer, against the emulator.

use std::time::Duration;

use signer_client::crossmint::{AllowUnverified, NewWallet, Rotation};
use signer_emulator::{FaultRule, Seen, Tampering};
use signer_protocols::crossmint::Scheme;
use signer_protocols::crossmint::verify::Kind;

use crate::crossmint::{CHAINS, chain, secret, start, transaction, trusting};

#[tokio::test]
async fn a_rotation_ends_wherever_it_was_broken_off() {
    for name in CHAINS {
        // The first so many requests of a rotation go well, and the next is lost for good.
        for lost_after in 0..16 {
            let (emulator, client) = start().await;
            let client = trusting(&client);
            let (admin, old, new) = (secret(1), secret(2), secret(3));
            let wallet = client.create_wallet(NewWallet::new(chain(name)), &admin).await.unwrap();
            let old_signer = client.signer(&old, chain(name), Scheme::Current).unwrap().locator();
            wallet.add_signer(&old_signer).await.unwrap();
            let rotation = || Rotation::new(wallet.address(), chain(name), &old, &new, &admin);

            let before = emulator.seen().len();
            let mut task = Box::pin(client.rotate(rotation(), |_| {}));
            let mut done = None;
            while done.is_none() && emulator.seen().len() - before < lost_after {
                done = tokio::time::timeout(Duration::from_millis(1), &mut task).await.ok();
            }
            // As a crash would.
            drop(task);
            let mut steps = Vec::new();
            let again = client.rotate(rotation(), |step| steps.push(step.to_owned()));
            let signers = again.await.unwrap().signers;
            assert!(steps.len() <= 4, "each step is made once: {name} {steps:?}");
            assert_eq!(signers.delegated.len(), 1, "{name} {lost_after}: {signers:?}");
            // Of a chain of many, a signer is asked for by it.
            let of_signers =
                |seen: &&Seen| seen.method != "POST" && seen.path.contains("/signers/");
            let seen = emulator.seen();
            let by_chain = seen.iter().filter(of_signers).map(|it| it.path.contains("?chain="));
            assert!(by_chain.into_iter().all(|by_chain| by_chain == (name == "base")));
            let found = client.wallet(wallet.address(), chain(name), &new).await.unwrap();
            found.send(transaction(name, found.address())).await.unwrap();
            assert!(client.wallet(wallet.address(), chain(name), &old).await.is_err());
            if done.is_some() {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_wallet_is_rotated_on_each_of_its_chains() {
    let (_emulator, client) = start().await;
    let client = trusting(&client);
    let (admin, old, new) = (secret(1), secret(2), secret(3));
    let wallet = client.create_wallet(NewWallet::new(chain("base")), &admin).await.unwrap();
    for name in ["base", "polygon"] {
        let wallet = client.wallet(wallet.address(), chain(name), &admin).await.unwrap();
        let signer = client.signer(&old, chain(name), Scheme::Current).unwrap().locator();
        wallet.add_signer(&signer).await.unwrap();
    }
    for (name, left) in [("base", 2), ("polygon", 1)] {
        let rotation = Rotation::new(wallet.address(), chain(name), &old, &new, &admin);
        let mut steps = Vec::new();
        let rotated = client.rotate(rotation, |step| steps.push(step.to_owned())).await.unwrap();
        let signers = rotated.signers;
        assert_eq!(steps.len(), 4, "{name}: {steps:?}");
        assert_eq!(signers.delegated.len(), left, "{name}");
    }
}

#[tokio::test]
async fn a_rotation_of_the_admin_changes_nothing_and_says_so() {
    let (emulator, client) = start().await;
    let wallet = client.create_wallet(NewWallet::new(chain("base")), &secret(1)).await.unwrap();
    let (one, two, three) = (secret(1), secret(2), secret(3));
    let before = wallet.signers().await.unwrap();
    for rotation in [
        Rotation::new(wallet.address(), chain("base"), &one, &two, &one),
        Rotation::new(wallet.address(), chain("base"), &two, &three, &two),
    ] {
        let error = client.rotate(rotation, |_| {}).await.unwrap_err();
        assert!(error.is_refused() && error.to_string().contains("nothing was changed"), "{error}");
    }
    assert_eq!(wallet.signers().await.unwrap(), before);
    assert!(!emulator.seen().iter().any(|seen| seen.path.ends_with("/signers")));
}

#[tokio::test]
async fn a_rotation_by_a_secret_that_has_no_signer_changes_nothing() {
    let (emulator, client) = start().await;
    let (admin, old, new, wrong) = (secret(1), secret(2), secret(3), secret(4));
    let wallet = client.create_wallet(NewWallet::new(chain("base")), &admin).await.unwrap();
    let signer = |secret| client.signer(secret, chain("base"), Scheme::Current).unwrap().locator();
    wallet.add_signer(&signer(&old)).await.unwrap();
    let before = wallet.signers().await.unwrap();
    let count = || emulator.seen().iter().filter(|seen| seen.method != "GET").count();
    let calls = count();
    let rotation = Rotation::new(wallet.address(), chain("base"), &wrong, &new, &admin);
    let mut steps = Vec::new();
    let error = client.rotate(rotation, |step| steps.push(step.to_owned())).await.unwrap_err();
    assert!(error.is_input() && error.to_string().contains("nothing was changed"), "{error}");
    assert_eq!(error.subject().map(|it| it.matches("server:0x").count()), Some(2));
    assert_eq!((wallet.signers().await.unwrap(), count(), steps.len()), (before, calls, 0));

    // The secrets the other way round look like a rotation that has ended, and it says so.
    let rotation = Rotation::new(wallet.address(), chain("base"), &new, &old, &admin);
    let rotated = client.rotate(rotation, |step| steps.push(step.to_owned())).await.unwrap();
    let signers = rotated.signers;
    assert_eq!(signers.delegated.len(), 1);
    assert!(steps[0].contains("no old signer is left"), "{steps:?}");
}

/// The service knows nothing of the old signer by its locator, and lists it all the same.
#[tokio::test]
async fn a_signer_that_is_still_listed_is_not_reported_as_gone() {
    let (emulator, client) = start().await;
    let client = trusting(&client);
    let (admin, old, new) = (secret(1), secret(2), secret(3));
    let wallet = client.create_wallet(NewWallet::new(chain("base")), &admin).await.unwrap();
    let signer = |secret| client.signer(secret, chain("base"), Scheme::Current).unwrap().locator();
    for secret in [&old, &new] {
        wallet.add_signer(&signer(secret)).await.unwrap();
    }
    let path = format!("/crossmint/api/2025-06-09/wallets/{}/signers/", wallet.address());
    let encoded = signer(&old).to_string();
    let fault = format!("GET {path}{encoded}=status:404");
    emulator.fault(fault.parse::<FaultRule>().unwrap());
    let rotation = || Rotation::new(wallet.address(), chain("base"), &old, &new, &admin);
    let error = client.rotate(rotation(), |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("still among"), "{error}");
    emulator.clear_faults();
    assert_eq!(client.rotate(rotation(), |_| {}).await.unwrap().signers.delegated.len(), 1);
}

#[tokio::test]
async fn signers_of_both_schemes_are_rotated_away_by_an_admin_of_either() {
    for (admin_scheme, old_schemes, new_scheme) in [
        (Scheme::Legacy, &[Scheme::Legacy][..], Scheme::Legacy),
        (Scheme::Current, &[Scheme::Legacy, Scheme::Current], Scheme::Current),
    ] {
        let (_emulator, client) = start().await;
        let client = trusting(&client);
        let (admin, old, new) = (secret(1), secret(2), secret(3));
        let wallet = NewWallet::new(chain("base")).scheme(admin_scheme);
        let wallet = client.create_wallet(wallet, &admin).await.unwrap();
        let signer = |secret, scheme| client.signer(secret, chain("base"), scheme).unwrap();
        for scheme in old_schemes {
            wallet.add_signer(&signer(&old, *scheme).locator()).await.unwrap();
        }
        let rotation = Rotation::new(wallet.address(), chain("base"), &old, &new, &admin);
        let rotated = client.rotate(rotation.scheme(new_scheme), |_| {}).await.unwrap();
        let signers = rotated.signers;
        let expected = signer(&new, new_scheme).locator().to_string();
        assert_eq!(signers.delegated.len(), 1, "{signers:?}");
        assert!(signers.delegated[0].eq_ignore_ascii_case(&expected), "{signers:?}");
    }
}

/// The permission id that an addition returned verifies the removal; without it the caller must allow it knowingly.
#[tokio::test]
async fn a_rotation_with_the_permission_id_needs_no_trust_in_the_service() {
    let (emulator, client) = start().await;
    let secrets = [secret(1), secret(2), secret(3), secret(4)];
    let wallet = NewWallet::new(chain("base"));
    let wallet = client.create_wallet(wallet, &secrets[0]).await.unwrap();
    let old = client.signer(&secrets[1], chain("base"), Scheme::Current).unwrap();
    let mut id = wallet.add_signer(old.locator()).await.unwrap().permission_id.unwrap();
    for pair in secrets[1..].windows(2) {
        let rotation =
            || Rotation::new(wallet.address(), chain("base"), &pair[0], &pair[1], &secrets[0]);
        let mut steps = Vec::new();
        let rotation = rotation().permission_id(id);
        let rotated = client.rotate(rotation, |step| steps.push(step.to_owned())).await.unwrap();
        id = rotated.permission_id.unwrap();
        assert_eq!(rotated.signers.delegated.len(), 1);
        assert!(steps.iter().any(|step| step.contains(&id.to_string())), "{steps:?}");
    }

    let rotation =
        || Rotation::new(wallet.address(), chain("base"), &secrets[3], &secrets[1], &secrets[0]);
    let approvals = || emulator.seen().iter().filter(|it| it.path.ends_with("/approvals")).count();
    let before = approvals();
    let error = client.rotate(rotation(), |_| {}).await.unwrap_err();
    assert!(error.is_refused() && !error.is_outcome_unknown(), "{error:?}");
    assert_eq!(error.findings()[0].reason(), "permission_id");
    assert!(error.to_string().contains("--allow-unverified user_operation"), "{error}");
    assert_eq!(approvals(), before + 1, "the new signer was added, and the old one is left");
    let rotated = trusting(&client).rotate(rotation(), |_| {}).await.unwrap();
    assert_eq!(rotated.signers.delegated.len(), 1);
}

/// An SDK of the vendor registered the new signer without a transaction, and broke off.
#[tokio::test]
async fn a_lazy_registration_is_resumed_under_the_explicit_policy_only() {
    let (emulator, client) = start().await;
    let (admin, new) = (secret(1), secret(2));
    let wallet = client.create_wallet(NewWallet::new(chain("base")), &admin).await.unwrap();
    let signer = client.signer(&new, chain("base"), Scheme::Current).unwrap().locator();
    emulator.crossmint_tampering(Some(Tampering::BareHash));
    assert!(wallet.add_signer(signer).await.unwrap_err().is_refused());
    emulator.crossmint_tampering(None);
    let error = wallet.add_signer(signer).await.unwrap_err();
    assert!(error.is_refused() && error.to_string().contains("bare_hash"), "{error:?}");
    assert_eq!(error.approval_kind(), Some(Kind::Hash));
    let trusting = client.allow_unverified(AllowUnverified::only([Kind::Hash]));
    let wallet = trusting.wallet(wallet.address(), chain("base"), &admin).await.unwrap();
    assert_eq!(wallet.add_signer(signer).await.unwrap().permission_id, None);
    assert_eq!(wallet.signers().await.unwrap().delegated.len(), 1);
}
