//! `crossmint send`, `transfer`, `sign-message` and `sign-typed-data`.

use clap::Args;
use signer_client::crossmint::{Sent, SignedMessage};
use signer_protocols::Json;
use signer_protocols::crossmint::ChainType;
use signer_protocols::crossmint::rest::{EvmCall, StellarCall, Transaction, TypedData};
use signer_protocols::jcs::Limits;

use super::approving::{ApprovalArguments, DryRun, Shown};
use super::{ProjectArguments, asked_under, open, refused, run};
use crate::commands::crossmint::facts::TokenArgument;
use crate::commands::crossmint::read_secret;
use crate::failure::{Failure, OrRefuse};
use crate::input::{FileSource, SecretSource, one_standard_input};
use crate::outcome::Outcome;

const MAX_BYTES: usize = 1 << 20;

/// The wallet of a command, and our signer of it.
#[derive(Args, Debug)]
pub(crate) struct WalletArguments {
    #[command(flatten)]
    pub(super) project: ProjectArguments,
    /// The signer secret (SRC).
    #[arg(long, value_name = "SRC")]
    pub(super) secret: SecretSource,
    /// The wallet: an address, or a locator, such as evm:alias:shop.
    #[arg(long, value_name = "W")]
    pub(super) wallet: String,
    #[command(flatten)]
    pub(super) approval: ApprovalArguments,
}

#[derive(Args, Debug)]
pub(crate) struct SendArguments {
    #[command(flatten)]
    wallet: WalletArguments,
    #[command(flatten)]
    dry_run: DryRun,
    /// A call of a contract (EVM): its address, the value in wei and 0x data; may be repeated.
    #[arg(long, value_name = "TO,VALUE,DATA", value_parser = call, conflicts_with_all = ["transaction", "contract"])]
    call: Vec<EvmCall>,
    /// A serialized transaction: 0x hex (EVM) or base58 (Solana).
    #[arg(long, value_name = "T", conflicts_with = "contract")]
    transaction: Option<String>,
    /// The contract to call (Stellar).
    #[arg(long, value_name = "C", requires = "function")]
    contract: Option<String>,
    /// The function of the contract (Stellar).
    #[arg(long, value_name = "NAME", requires = "contract")]
    function: Option<String>,
    /// The named arguments of the function: a JSON object (Stellar). Default: {}.
    #[arg(long, value_name = "JSON", requires = "contract")]
    args: Option<String>,
    /// A token that the check knows: CHAIN:SYMBOL=SPEC, or SPEC; see `signer crossmint inspect --help`.
    #[arg(long, value_name = "SPEC")]
    token: Vec<TokenArgument>,
    /// The key under which it is sent once, however often it is asked for.
    #[arg(long, value_name = "K")]
    idempotency_key: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct TransferArguments {
    #[command(flatten)]
    wallet: WalletArguments,
    #[command(flatten)]
    dry_run: DryRun,
    /// The token, such as usdc; and, repeated, the facts of a token that the program does not know: CHAIN:SYMBOL=SPEC.
    #[arg(long, value_name = "T", required = true)]
    token: Vec<String>,
    /// The recipient: an address. email:…, phoneNumber:…, x:… and userId:… need --allow-unverified.
    #[arg(long, value_name = "A")]
    to: String,
    /// The amount in whole tokens, such as 1.5.
    #[arg(long, value_name = "N")]
    amount: String,
    /// The key under which it is sent once, however often it is asked for.
    #[arg(long, value_name = "K")]
    idempotency_key: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct SignMessageArguments {
    #[command(flatten)]
    wallet: WalletArguments,
    #[command(flatten)]
    dry_run: DryRun,
    /// The text.
    #[arg(long, value_name = "TEXT")]
    message: String,
    /// The key under which it is signed once, however often it is asked for.
    #[arg(long, value_name = "K")]
    idempotency_key: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct SignTypedDataArguments {
    #[command(flatten)]
    wallet: WalletArguments,
    #[command(flatten)]
    dry_run: DryRun,
    /// The typed data: a JSON file with domain, message, primaryType and types, or - for standard input.
    #[arg(value_name = "F")]
    typed_data: FileSource,
    /// The key under which it is signed once, however often it is asked for.
    #[arg(long, value_name = "K")]
    idempotency_key: Option<String>,
}

fn call(text: &str) -> Result<EvmCall, String> {
    let parts: Vec<&str> = text.split(',').collect();
    match parts.as_slice() {
        [to, value, data] => {
            Ok(EvmCall::Parts { to: (*to).into(), value: (*value).into(), data: (*data).into() })
        }
        _ => Err("must be TO,VALUE,DATA, such as 0x1111…,0,0xa9059cbb…".into()),
    }
}

pub(crate) fn send(arguments: &SendArguments) -> Result<Outcome, Failure> {
    one_standard_input(arguments.wallet.secrets(), [])?;
    let (client, chain) = open(&arguments.wallet.project)?;
    let client = arguments.wallet.approval.apply(client, &arguments.token)?;
    let (client, shown) = Shown::on(client, Some(arguments.dry_run));
    let secret = read_secret(&arguments.wallet.secret)?;
    run(async {
        let wallet = client.wallet(&arguments.wallet.wallet, chain, &secret).await;
        let wallet = wallet.map_err(refused)?;
        let transaction = match (wallet.chain().chain_type(), &arguments.transaction) {
            (ChainType::Evm, Some(text)) => {
                let call = EvmCall::Serialized { transaction: text.clone() };
                Transaction::Evm(wallet.chain(), vec![call])
            }
            (ChainType::Evm, None) if !arguments.call.is_empty() => {
                Transaction::Evm(wallet.chain(), arguments.call.clone())
            }
            (ChainType::Solana, Some(text)) => Transaction::Solana(text.clone()),
            (ChainType::Stellar, None) => Transaction::Stellar(arguments.stellar_call()?),
            _ => {
                let rule = "what to send is missing: --call or --transaction on EVM, --transaction on Solana, --contract and --function on Stellar";
                return Err(Failure::usage(rule));
            }
        };
        let key = key(arguments.idempotency_key.as_deref(), "transaction")?;
        let sent = wallet.send_under(transaction, &key).await;
        shown.outcome(sent, sent_fields)
    })
}

impl SendArguments {
    fn stellar_call(&self) -> Result<StellarCall, Failure> {
        let (Some(contract), Some(function)) = (&self.contract, &self.function) else {
            return Err(Failure::usage("--contract and --function are needed on Stellar"));
        };
        let args = self.args.as_deref().unwrap_or("{}");
        let limits = Limits::default().with_exact_integers();
        let args = Json::parse(args.as_bytes(), limits)
            .map_err(|error| Failure::usage(error).about("--args"))?;
        Ok(StellarCall::new(contract, function, args))
    }
}

pub(crate) fn transfer(arguments: &TransferArguments) -> Result<Outcome, Failure> {
    one_standard_input(arguments.wallet.secrets(), [])?;
    let (symbol, facts) = arguments.tokens()?;
    let (client, chain) = open(&arguments.wallet.project)?;
    let client = arguments.wallet.approval.apply(client, &facts)?;
    let (client, shown) = Shown::on(client, Some(arguments.dry_run));
    let secret = read_secret(&arguments.wallet.secret)?;
    run(async {
        let wallet = client.wallet(&arguments.wallet.wallet, chain, &secret).await;
        let wallet = wallet.map_err(refused)?;
        let key = key(arguments.idempotency_key.as_deref(), "transfer")?;
        let (to, amount) = (&arguments.to, &arguments.amount);
        let sent = wallet.transfer_under(symbol, to, amount, &key).await;
        shown.outcome(sent, sent_fields)
    })
}

impl TransferArguments {
    /// The token to send, and the facts of tokens: a symbol has no colon.
    fn tokens(&self) -> Result<(&str, Vec<TokenArgument>), Failure> {
        let mut symbols = self.token.iter().filter(|text| !text.contains(':'));
        let symbol = match (symbols.next(), symbols.next()) {
            (Some(symbol), None) => symbol,
            _ => return Err(Failure::usage("--token: one token must be named, such as usdc")),
        };
        let facts = self.token.iter().filter(|text| text.contains(':')).map(|text| text.parse());
        let facts: Result<Vec<TokenArgument>, String> = facts.collect();
        let facts = facts.map_err(|error| Failure::usage(error).about("--token"))?;
        Ok((symbol, facts))
    }
}

pub(crate) fn sign_message(arguments: &SignMessageArguments) -> Result<Outcome, Failure> {
    one_standard_input(arguments.wallet.secrets(), [])?;
    let (client, chain) = open(&arguments.wallet.project)?;
    let client = arguments.wallet.approval.apply(client, &[])?;
    let (client, shown) = Shown::on(client, Some(arguments.dry_run));
    let secret = read_secret(&arguments.wallet.secret)?;
    run(async {
        let wallet = client.wallet(&arguments.wallet.wallet, chain, &secret).await;
        let wallet = wallet.map_err(refused)?;
        let key = key(arguments.idempotency_key.as_deref(), "signature")?;
        let signed = wallet.sign_message_under(&arguments.message, &key).await;
        shown.outcome(signed, signed_fields)
    })
}

pub(crate) fn sign_typed_data(arguments: &SignTypedDataArguments) -> Result<Outcome, Failure> {
    one_standard_input(arguments.wallet.secrets(), [&arguments.typed_data])?;
    let typed_data = read_typed_data(&arguments.typed_data)?;
    let (client, chain) = open(&arguments.wallet.project)?;
    let client = arguments.wallet.approval.apply(client, &[])?;
    let (client, shown) = Shown::on(client, Some(arguments.dry_run));
    let secret = read_secret(&arguments.wallet.secret)?;
    run(async {
        let wallet = client.wallet(&arguments.wallet.wallet, chain, &secret).await;
        let wallet = wallet.map_err(refused)?;
        let key = key(arguments.idempotency_key.as_deref(), "signature")?;
        let signed = wallet.sign_typed_data_under(typed_data, &key).await;
        shown.outcome(signed, signed_fields)
    })
}

fn read_typed_data(file: &FileSource) -> Result<TypedData, Failure> {
    let limits = Limits::default().with_exact_integers();
    let value = Json::parse(&file.read(MAX_BYTES)?, limits).or_refuse("typed data")?;
    let member = |name: &str| {
        let rule = || Failure::refused(format!("typed data: {name} is missing"));
        value.member(name).cloned().ok_or_else(rule)
    };
    let primary_type = member("primaryType")?;
    let primary_type = primary_type.as_str();
    let rule = || Failure::refused("typed data: primaryType must be a text");
    Ok(TypedData {
        domain: member("domain")?,
        message: member("message")?,
        primary_type: primary_type.ok_or_else(rule)?.into(),
        types: member("types")?,
    })
}

impl WalletArguments {
    pub(super) fn secrets(&self) -> [&SecretSource; 2] {
        [&self.secret, &self.project.api_key]
    }
}

/// The key of a call: the given one, or a new one, which is printed before anything is sent.
fn key(given: Option<&str>, call: &str) -> Result<String, Failure> {
    given.map_or_else(|| asked_under(call), |key| Ok(key.to_owned()))
}

pub(super) fn sent_fields(sent: Sent) -> Outcome {
    Outcome::Fields(vec![("id", sent.id.into()), ("hash", sent.hash.unwrap_or_default().into())])
}

pub(super) fn signed_fields(signed: SignedMessage) -> Outcome {
    Outcome::Fields(vec![("id", signed.id.into()), ("signature", signed.signature.into())])
}
