//! `crossmint approve`: a transaction or signature that somebody else created.

use clap::Args;
use signer_protocols::crossmint::verify::Request;

use super::approving::{DryRun, Shown};
use super::send::{WalletArguments, sent_fields, signed_fields};
use super::{open, refused, run};
use crate::commands::crossmint::facts::TokenArgument;
use crate::commands::crossmint::read_secret;
use crate::failure::Failure;
use crate::input::{FileSource, one_standard_input};
use crate::outcome::Outcome;

const MAX_BYTES: usize = 4 << 20;

#[derive(Args, Debug)]
pub(crate) struct ApproveArguments {
    #[command(flatten)]
    wallet: WalletArguments,
    #[command(flatten)]
    dry_run: DryRun,
    /// The id of the transaction.
    #[arg(long, value_name = "I", required_unless_present = "signature_id")]
    transaction_id: Option<String>,
    /// The id of the signature.
    #[arg(long, value_name = "I", conflicts_with = "transaction_id")]
    signature_id: Option<String>,
    /// The body of the request that created it, as it was sent. Without a request, the limits of --policy decide.
    #[arg(long, value_name = "F", requires = "request_path")]
    request: Option<FileSource>,
    /// The path of the request, such as /api/2025-06-09/wallets/0x…/transactions.
    #[arg(long, value_name = "P")]
    request_path: Option<String>,
    /// The method of the request. Default: POST with a body, DELETE without.
    #[arg(long, value_name = "M", requires = "request_path")]
    request_method: Option<String>,
    /// A token that the check knows: CHAIN:SYMBOL=SPEC, or SPEC; see `signer crossmint inspect --help`.
    #[arg(long, value_name = "SPEC")]
    token: Vec<TokenArgument>,
}

impl ApproveArguments {
    fn request(&self) -> Result<Option<Request>, Failure> {
        let Some(path) = &self.request_path else { return Ok(None) };
        let body = match &self.request {
            Some(file) => file.read(MAX_BYTES)?,
            None => Vec::new(),
        };
        let default = if self.request.is_some() { "POST" } else { "DELETE" };
        let method = self.request_method.as_deref().unwrap_or(default);
        let request = Request::parse(method, path, &body);
        request.map(Some).map_err(|error| Failure::usage(error).about("request"))
    }
}

pub(crate) fn approve(arguments: &ApproveArguments) -> Result<Outcome, Failure> {
    one_standard_input(arguments.wallet.secrets(), &arguments.request)?;
    let request = arguments.request()?;
    let (client, chain) = open(&arguments.wallet.project)?;
    let client = arguments.wallet.approval.apply(client, &arguments.token)?;
    let (client, shown) = Shown::on(client, Some(arguments.dry_run));
    let secret = read_secret(&arguments.wallet.secret)?;
    run(async {
        let wallet = client.wallet(&arguments.wallet.wallet, chain, &secret).await;
        let wallet = wallet.map_err(refused)?;
        match (&arguments.transaction_id, &arguments.signature_id, request) {
            (Some(id), _, Some(request)) => {
                shown.outcome(wallet.approve_transaction(id, request).await, sent_fields)
            }
            (Some(id), _, None) => {
                shown.outcome(wallet.approve_transaction_within_limits(id).await, sent_fields)
            }
            (None, Some(id), Some(request)) => {
                shown.outcome(wallet.approve_signature(id, request).await, signed_fields)
            }
            (None, Some(id), None) => {
                shown.outcome(wallet.approve_signature_within_limits(id).await, signed_fields)
            }
            (None, None, _) => Err(Failure::usage("--transaction-id or --signature-id is needed")),
        }
    })
}
