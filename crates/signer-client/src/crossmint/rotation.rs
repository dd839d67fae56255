use signer_protocols::crossmint::rest::{SignerReference, Wallet as WalletRecord};
use signer_protocols::crossmint::verify::Role;
use signer_protocols::crossmint::{ChainId, Locator, Scheme, SignerSecret};

use super::client::is_for;
use super::wallet::Registration;
use super::{Client, PermissionId, Wallet};
use crate::error::{Error, Kind};

/// A rotation of the secret behind a wallet's server signer: the new signer is added, seen to be there, and the old one
/// removed. Every step is read off the service first, so a rotation that a crash ended is ended by running it again.
///
/// Both steps are approved by the wallet's admin signer. Where the old signer **is** the admin signer, these calls
/// cannot replace it, and nothing is changed.
///
/// On EVM a signer is one of each chain: rotate on each chain that the wallet is used on. The signers listed at the end
/// are those of any chain. A step that cannot be verified is refused unless
/// [`Client::allow_unverified`] names its kind: on EVM a registration that an SDK began without `deployImmediately`
/// ([`Kind::Hash`](signer_protocols::crossmint::verify::Kind)), and a removal without the permission id of the old signer
/// (`Kind::UserOperation`). So a leaked signer can always be removed, knowingly.
#[derive(Debug)]
#[must_use]
pub struct Rotation<'a> {
    wallet: &'a str,
    chain: ChainId,
    old: &'a SignerSecret,
    new: &'a SignerSecret,
    admin: &'a SignerSecret,
    scheme: Scheme,
    permission_id: Option<PermissionId>,
}

/// The outcome of a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rotated {
    /// The signers of the wallet after the rotation.
    pub signers: Signers,
    /// The permission id of the new signer on EVM, if this run added it. Keep it: the next rotation is verified by it.
    pub permission_id: Option<PermissionId>,
}

/// Who can sign for a wallet, by locators as `server:0x…`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signers {
    /// The admin signer.
    pub admin: Option<String>,
    /// All others.
    pub delegated: Vec<String>,
}

impl Signers {
    pub(super) fn of(record: &WalletRecord) -> Self {
        Self {
            admin: record.config.admin_signer.as_ref().and_then(SignerReference::name),
            delegated: record
                .config
                .delegated_signers
                .iter()
                .filter_map(SignerReference::name)
                .collect(),
        }
    }
}

impl<'a> Rotation<'a> {
    /// From the `old` secret to the `new` one, for the wallet found by a locator; `admin` is the secret of the
    /// wallet's admin signer, which approves.
    pub const fn new(
        wallet: &'a str,
        chain: ChainId,
        old: &'a SignerSecret,
        new: &'a SignerSecret,
        admin: &'a SignerSecret,
    ) -> Self {
        Self { wallet, chain, old, new, admin, scheme: Scheme::Current, permission_id: None }
    }

    /// The permission id of the old signer on EVM, which its [`AddedSigner`](super::AddedSigner) named. Its removal is
    /// verified by it.
    pub const fn permission_id(mut self, id: PermissionId) -> Self {
        self.permission_id = Some(id);
        self
    }

    /// The scheme of the new signer. Default: [`Scheme::Current`]. Where the secret is also used by a vendor's SDK before
    /// 1.3, which derives by [`Scheme::Legacy`] alone, it must be that.
    pub const fn scheme(mut self, scheme: Scheme) -> Self {
        self.scheme = scheme;
        self
    }
}

impl Client {
    /// Rotates, and reads at the end who can still sign. `step` is told of each step before it is made.
    ///
    /// # Errors
    /// [`Error`]. Before the first `step` nothing was changed: `is_refused()` when the old signer is the admin signer, or
    /// `admin` is not the secret of the admin signer; `is_input()` when the old secret has no signer to replace. After
    /// any later one: run it again.
    pub async fn rotate(
        &self,
        rotation: Rotation<'_>,
        mut step: impl FnMut(&str) + Send,
    ) -> Result<Rotated, Error> {
        let Rotation { wallet: name, chain, old, new, admin, scheme, permission_id } = rotation;
        let chain = self.chain(chain)?;
        let record = self.record(name).await?;
        let is_admin = |locator: &Locator| {
            record.config.admin_signer.as_ref().is_some_and(|admin| is_for(admin, locator))
        };
        let locator = |scheme| self.signer(old, chain, scheme).map(|signer| signer.locator());
        let mut olds = vec![locator(Scheme::Current)?, locator(Scheme::Legacy)?];
        // Both schemes have one signer on Solana and Stellar.
        olds.dedup();
        if olds.iter().any(is_admin) {
            let rule = "the old signer is the wallet's admin signer, which these calls cannot replace; nothing was changed";
            return Err(Error::new(Kind::Refused, rule).about(name));
        }
        let current = self.signer(admin, chain, Scheme::Current)?;
        let approver = if is_admin(&current.locator()) {
            current
        } else {
            let legacy = self.signer(admin, chain, Scheme::Legacy)?;
            if !is_admin(&legacy.locator()) {
                let rule = "the given admin secret is not that of the wallet's admin signer; nothing was changed";
                return Err(Error::new(Kind::Refused, rule).about(name));
            }
            legacy
        };
        let added = self.signer(new, chain, scheme)?.locator();
        if olds.contains(&added) {
            return Err(Error::input("the new secret is the old one"));
        }
        let address = record.address.clone();
        let wallet = Wallet::new(self.clone(), chain, record.address, approver, Role::Admin);

        let mut leaving = Vec::new();
        for old in &olds {
            if wallet.registration(old).await?.is_known() {
                leaving.push(old);
            }
        }
        let is_there = wallet.registration(&added).await?.is_there();
        match (leaving.is_empty(), is_there) {
            (true, false) => {
                let names: Vec<String> = olds.iter().map(Locator::to_string).collect();
                let rule =
                    "the old secret has no signer of the wallet on this chain; nothing was changed";
                return Err(Error::input(rule).about(names.join(" and ")));
            }
            (true, true) => step("no old signer is left to remove, and the new one is there"),
            (false, _) => {}
        }
        let mut new_permission = None;
        if !is_there {
            step("adding the new signer");
            new_permission = wallet.add_signer(added).await?.permission_id;
            if let Some(id) = new_permission {
                // Named at once, because a run that ends here would lose it.
                step(&format!("permission id of the new signer: {id}"));
            }
            // The old one stays until the new one is seen to be there.
            if !wallet.registration(&added).await?.is_there() {
                let what = "the new signer is not among the wallet's signers; the old one was left";
                return Err(Error::new(Kind::Failed, what).about(address));
            }
        }
        for old in leaving {
            step("removing the old signer");
            match wallet.remove_signer(old, permission_id).await {
                Err(error) if error.is_not_found() => {}
                removed => removed?,
            }
        }
        step("reading who can sign");
        let record = self.record(&address).await?;
        for old in &olds {
            let is_listed = record.config.delegated_signers.iter().any(|it| is_for(it, old));
            let registration = wallet.registration(old).await?;
            // One that is listed and of which the service knows nothing may be known under another spelling.
            if registration.is_known()
                || is_listed && !matches!(registration, Registration::Elsewhere)
            {
                let what = "the old signer is still among the wallet's signers";
                return Err(Error::new(Kind::Failed, what).about(address));
            }
        }
        Ok(Rotated { signers: Signers::of(&record), permission_id: new_permission })
    }
}
