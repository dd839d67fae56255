//! `crossmint inspect`: what an answer of the service asks to approve, without a network.

use clap::Args;
use signer_protocols::crossmint::verify::{
    ApprovalLimits, Context, Grant, Operation, Request, Tokens, Verdict, Verification, verify,
};
use signer_protocols::crossmint::{ChainId, Environment, Locator, ProjectId, ServerSigner};
use signer_protocols::{Json, U256};

use super::facts::{self, RoleArguments, TokenArgument};
use super::{SchemeName, read_api_key, read_secret, report};
use crate::failure::Failure;
use crate::input::{FileSource, SecretSource, one_standard_input};
use crate::outcome::Outcome;

const MAX_BYTES: usize = 4 << 20;

#[derive(Args, Debug)]
pub(crate) struct InspectArguments {
    /// The answer of the service: a JSON file, or - for standard input.
    #[arg(long, value_name = "F")]
    answer: FileSource,
    /// The body of the request as it was sent. A request without a body (DELETE) has none.
    #[arg(long, value_name = "F")]
    request: Option<FileSource>,
    /// The path of the request, such as /api/2025-06-09/wallets/0x…/transactions.
    #[arg(long, value_name = "P")]
    request_path: String,
    /// The method of the request. Default: POST with a body, DELETE without.
    #[arg(long, value_name = "M")]
    request_method: Option<String>,
    /// The address of the wallet.
    #[arg(long, value_name = "A")]
    wallet: String,
    /// The chain, such as base-sepolia, polygon, solana or stellar.
    #[arg(long, value_name = "C")]
    chain: String,
    /// Our signer, such as server:0x….
    #[arg(
        long,
        value_name = "LOCATOR",
        required_unless_present = "secret",
        requires = "environment",
        conflicts_with_all = ["secret", "api_key", "project_id"]
    )]
    signer: Option<String>,
    /// The signer secret (SRC): then the signature is printed, too.
    #[arg(long, value_name = "SRC")]
    secret: Option<SecretSource>,
    /// The API key (SRC), which names the project and the environment.
    #[arg(long, value_name = "SRC", requires = "secret", conflicts_with_all = ["project_id", "environment"])]
    api_key: Option<SecretSource>,
    /// Trust this key (base58) instead of the vendor's; may be repeated.
    #[arg(long, value_name = "B58", requires = "api_key")]
    trusted_key: Vec<String>,
    /// The project id.
    #[arg(long, value_name = "P", requires = "environment")]
    project_id: Option<String>,
    /// development, staging or production.
    #[arg(long, value_name = "E")]
    environment: Option<Environment>,
    /// The derivation: current (SDK 1.3 and later) or legacy (0.21 to 1.2).
    #[arg(long, value_enum, default_value = "current")]
    scheme: SchemeName,
    #[command(flatten)]
    role: RoleArguments,
    /// The permission id of the signer to remove (EVM): 8 hex digits.
    #[arg(long, value_name = "HEX", value_parser = facts::permission_id)]
    permission_id: Option<[u8; 4]>,
    /// The chain id (EVM), for a chain without a known one.
    #[arg(long, value_name = "N")]
    chain_id: Option<u64>,
    /// The most that the wallet may pay for gas. Default: 10000000000000000 (10^16).
    #[arg(long, value_name = "WEI", value_parser = facts::wei)]
    max_fee: Option<U256>,
    /// The token: native:DECIMALS, erc20:ADDRESS:DECIMALS, `spl:MINT:DECIMALS[:PROGRAM]` or sep41:CONTRACT:DECIMALS. Several
    /// tokens are named: CHAIN:SYMBOL=….
    #[arg(long, value_name = "SPEC")]
    token: Vec<TokenArgument>,
    /// Limits of your own: a TOML file. An answer that they do not allow gets no signature and exit 1.
    #[arg(long, value_name = "F")]
    policy: Option<FileSource>,
}

/// Our signer, and the project's environment.
struct Ours {
    environment: Environment,
    chain: ChainId,
    locator: Locator,
    key: Option<ServerSigner>,
}

/// Every failure but a verdict is exit 2, so that exit 1 means the verdict alone.
pub(super) fn inspect(arguments: &InspectArguments) -> Result<Outcome, Failure> {
    run(arguments).map_err(Failure::into_usage)
}

fn run(arguments: &InspectArguments) -> Result<Outcome, Failure> {
    let secrets = arguments.secret.iter().chain(&arguments.api_key);
    let files = [&arguments.answer].into_iter().chain(&arguments.request).chain(&arguments.policy);
    one_standard_input(secrets, files)?;
    let ours = ours(arguments)?;
    let request = request(arguments)?;
    let answer = arguments.answer.read(MAX_BYTES)?;
    let answer: Json = serde_json::from_slice(&answer)
        .map_err(|error| Failure::usage(format!("--answer: must be JSON: {error}")))?;

    let mut context = Context::new(ours.environment, ours.chain, &arguments.wallet, ours.locator);
    context.role = arguments.role.role(ours.chain.chain_type())?;
    context.chain_id = arguments.chain_id;
    context.max_fee = arguments.max_fee.unwrap_or(context.max_fee);
    context.tokens = facts::with_tokens(Tokens::default(), &arguments.token)?;
    context.permission_id = arguments.permission_id;

    let verification = verify(&request, &answer, &context);
    let is_as_requested = verification.verdict() == Verdict::AsRequested;
    let refusal = match &arguments.policy {
        Some(file) => refusal(&facts::limits(file)?, &request, &verification),
        None => None,
    };
    let passed = is_as_requested && refusal.is_none();
    let approval = verification.approval().filter(|_| passed);
    let signature = match (&ours.key, approval) {
        (Some(key), Some(approval)) => Some(key.approve(approval).map_err(Failure::refused)?),
        _ => None,
    };
    let mut fields = report::fields(&verification, signature);
    if arguments.policy.is_some() {
        fields.push(("policy", report::policy(refusal.as_deref())));
    }
    Ok(Outcome::Report { fields, passed })
}

/// The reason why limits do not allow an answer.
fn refusal(
    limits: &ApprovalLimits,
    request: &Request,
    verification: &Verification,
) -> Option<String> {
    let asked =
        matches!(request.operation(), Operation::AddSigner | Operation::RemoveSigner { .. });
    let grant = if asked { Grant::signer_change() } else { Grant::default() };
    match verification.content() {
        Some(content) => limits.check(content, &grant).err().map(|refusal| refusal.to_string()),
        None => Some("the content cannot be read".into()),
    }
}

fn ours(arguments: &InspectArguments) -> Result<Ours, Failure> {
    let chain = |environment| {
        ChainId::parse(&arguments.chain)
            .and_then(|chain| chain.in_environment(environment))
            .map_err(|error| Failure::usage(error).about("--chain"))
    };
    if let (Some(signer), Some(environment)) = (&arguments.signer, arguments.environment) {
        let chain = chain(environment)?;
        let locator = Locator::parse(signer, chain.chain_type())
            .map_err(|error| Failure::usage(error).about("--signer"))?;
        return Ok(Ours { environment, chain, locator, key: None });
    }
    let (project, environment) = match (&arguments.api_key, &arguments.project_id) {
        (Some(source), _) => {
            let key = read_api_key(source, &arguments.trusted_key)?;
            (key.project_id, key.environment)
        }
        (None, Some(project)) => {
            let project = ProjectId::parse(project)
                .map_err(|error| Failure::usage(error).about("--project-id"))?;
            let missing = || Failure::usage("--environment: is needed with --project-id");
            (project, arguments.environment.ok_or_else(missing)?)
        }
        (None, None) => {
            let rule = "--secret: --api-key, or --project-id and --environment, is needed with it";
            return Err(Failure::usage(rule));
        }
    };
    let chain = chain(environment)?;
    let source = arguments.secret.as_ref();
    let secret = read_secret(source.ok_or_else(|| Failure::usage("--secret: is needed"))?)?;
    let key =
        ServerSigner::derive(&secret, &project, environment, chain, arguments.scheme.scheme())
            .map_err(Failure::refused)?;
    Ok(Ours { environment, chain, locator: key.locator(), key: Some(key) })
}

fn request(arguments: &InspectArguments) -> Result<Request, Failure> {
    let body = match &arguments.request {
        Some(file) => file.read(MAX_BYTES)?,
        None => Vec::new(),
    };
    let default = if arguments.request.is_some() { "POST" } else { "DELETE" };
    let method = arguments.request_method.as_deref().unwrap_or(default);
    Request::parse(method, &arguments.request_path, &body)
        .map_err(|error| Failure::usage(error).about("request"))
}
