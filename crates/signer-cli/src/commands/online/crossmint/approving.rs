//! The flags of every command that approves, and the policy that shows an approval before it is signed.

use std::sync::{Arc, Mutex};

use clap::Args;
use signer_client::crossmint::{AllowUnverified, ApprovalPolicy, ApprovalRequest, Client};
use signer_protocols::U256;
use signer_protocols::crossmint::verify::Kind;

use super::refused;
use super::tokens;
use crate::commands::crossmint::facts::{self, TokenArgument};
use crate::commands::crossmint::report;
use crate::failure::{Failure, say};
use crate::input::FileSource;
use crate::outcome::{Outcome, shown};

const ALLOW_UNVERIFIED: &str = "Sign approvals of this kind although they cannot be verified; the service is trusted with them. May be repeated, or a list with commas: user_operation, typed_data, message, solana_transaction, stellar, hash";

#[derive(Args, Debug)]
pub(crate) struct ApprovalArguments {
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = facts::kind, help = ALLOW_UNVERIFIED)]
    allow_unverified: Vec<Kind>,
    /// The limits on what is approved: a TOML file. Its limits per day hold within one run of the program.
    #[arg(long, value_name = "F")]
    policy: Option<FileSource>,
    /// The most that the wallet may pay for gas (EVM). Default: 10000000000000000 (10^16).
    #[arg(long, value_name = "WEI", value_parser = facts::wei)]
    max_fee: Option<U256>,
    /// The chain id (EVM), for a chain without a known one.
    #[arg(long, value_name = "N")]
    chain_id: Option<u64>,
}

/// The flag that ends a command before it signs.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct DryRun {
    /// Show the content to approve and stop: nothing is signed.
    #[arg(long)]
    dry_run: bool,
}

impl ApprovalArguments {
    /// The client with the settings of these flags.
    pub(super) fn apply(
        &self,
        client: Client,
        tokens: &[TokenArgument],
    ) -> Result<Client, Failure> {
        let tokens = facts::with_tokens(tokens::table(client.environment()), tokens)?;
        let kinds = AllowUnverified::only(self.allow_unverified.iter().copied());
        let mut client = client.tokens(tokens).allow_unverified(kinds);
        if let Some(file) = &self.policy {
            client = client.limits(facts::limits(file)?);
        }
        if let Some(wei) = self.max_fee {
            client = client.max_fee(wei);
        }
        if let Some(id) = self.chain_id {
            client = client.chain_id(id);
        }
        Ok(client)
    }
}

/// Shows each approval on standard error before it is signed.
pub(super) struct Shown {
    dry_run: bool,
    stopped_at: Mutex<Option<String>>,
}

impl Shown {
    /// A client that shows approvals, and the policy that does so.
    pub(super) fn on(client: Client, dry_run: Option<DryRun>) -> (Client, Arc<Self>) {
        let dry_run = dry_run.is_some_and(|it| it.dry_run);
        let policy = Arc::new(Self { dry_run, stopped_at: Mutex::new(None) });
        (client.approval_policy(policy.clone()), policy)
    }

    /// The outcome of a command: that of the call, or of the dry run that ended it.
    pub(super) fn outcome<T>(
        &self,
        called: Result<T, signer_client::Error>,
        fields: impl FnOnce(T) -> Outcome,
    ) -> Result<Outcome, Failure> {
        let stopped = self.stopped_at.lock().ok().and_then(|mut id| id.take());
        match (called, stopped) {
            (Ok(done), _) => Ok(fields(done)),
            (Err(_), Some(id)) => {
                Ok(Outcome::Fields(vec![("id", id.into()), ("approved", "no (dry run)".into())]))
            }
            (Err(error), None) => Err(refused(error)),
        }
    }
}

impl ApprovalPolicy for Shown {
    fn review(&self, request: &ApprovalRequest<'_>) {
        for line in report::lines(request.verification) {
            say(&shown(&line));
        }
    }

    fn allows(&self, request: &ApprovalRequest<'_>) -> Result<(), String> {
        if !self.dry_run {
            return Ok(());
        }
        if let Ok(mut id) = self.stopped_at.lock() {
            *id = Some(request.id.into());
        }
        Err("dry run".into())
    }
}
