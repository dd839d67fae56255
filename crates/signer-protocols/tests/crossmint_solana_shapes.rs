//! Builds Solana answers from the page of Crossmint approvals.

use serde_json::{Value, json};
use signer_core::address::solana::Address;
use signer_protocols::Json;
use signer_protocols::crossmint::solana::pda::smart_account;
use signer_protocols::crossmint::solana::settings::{
    SettingsAction, execute_settings_transaction_sync,
};
use signer_protocols::crossmint::solana::squads::execute_transaction_sync;
use signer_protocols::crossmint::solana::{
    AccountMeta, Instruction, Message, Transaction, Version, programs, transfer_sol,
};
use signer_protocols::crossmint::verify::{
    Context, Finding, Request, Token, Tokens, Verdict, Verification, verify,
};
use signer_protocols::crossmint::{self, ChainId, Environment, Locator};

pub(crate) const fn key(byte: u8) -> Address {
    Address::from_bytes([byte; 32])
}

pub(crate) const SIGNER: Address = key(1);
pub(crate) const PAYER: Address = key(2);
pub(crate) const FEE_SOURCE: Address = key(3);
pub(crate) const RECIPIENT: Address = key(4);
pub(crate) const SETTINGS: Address = key(5);
pub(crate) const CO_SIGNER: Address = key(6);
pub(crate) const OTHER: Address = key(7);
pub(crate) const MINT: Address = key(8);
pub(crate) const MEMO: Address = key(9);

pub(crate) fn wallet() -> Address {
    smart_account(&SETTINGS, 0).unwrap()
}

/// An answer before it is encoded.
pub(crate) struct Shape {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) token: Option<Token>,
    pub(crate) outer: Vec<Instruction>,
    pub(crate) payer: Address,
    pub(crate) version: Version,
    /// Changes the message before it is encoded, so that the pending message follows.
    pub(crate) edit: fn(&mut Message),
    /// Changes the answer last.
    pub(crate) answer: fn(&mut Value),
}

pub(crate) fn limits() -> [Instruction; 2] {
    let budget = |data: &[u8]| Instruction {
        program: programs::COMPUTE_BUDGET,
        accounts: Vec::new(),
        data: data.into(),
    };
    [budget(&[2, 0x40, 0x0d, 3, 0]), budget(&[3, 0, 0, 0, 0, 0, 0, 0, 0])]
}

pub(crate) fn wrap(instructions: &[Instruction]) -> Instruction {
    execute_transaction_sync(SETTINGS, 0, &[SIGNER], wallet(), instructions).unwrap()
}

pub(crate) fn request_of(instructions: &[Instruction]) -> Value {
    let payer = Address::parse("11111111111111111111111111111112").unwrap();
    let message = Message::compile(Version::V0, payer, [0; 32], instructions).unwrap();
    json!({ "params": { "transaction": Transaction::unsigned(message).to_base58() } })
}

pub(crate) fn payment() -> Instruction {
    transfer_sol(wallet(), RECIPIENT, 1_000)
}

impl Shape {
    /// The shape of the recorded answer: limits, the wrapped instruction, the fee.
    pub(crate) fn transaction() -> Self {
        let mut shape = Self::of("POST", "transactions", wrap(&[payment()]));
        shape.body = request_of(&[payment()]);
        shape
    }

    fn of(method: &'static str, path: &str, call: Instruction) -> Self {
        let fee = transfer_sol(FEE_SOURCE, PAYER, 15_001);
        Self {
            method,
            path: format!("/wallets/{}/{path}", wallet()),
            body: Value::Null,
            token: None,
            outer: limits().into_iter().chain([call, fee]).collect(),
            payer: PAYER,
            version: Version::V0,
            edit: |_| {},
            answer: |_| {},
        }
    }

    pub(crate) fn sol() -> Self {
        let mut shape = Self::of("POST", "tokens/solana:sol/transfers", wrap(&[payment()]));
        shape.body = json!({ "recipient": RECIPIENT.to_string(), "amount": "0.000001" });
        shape.token = Some(Token::Native { decimals: 9 });
        shape
    }

    pub(crate) fn spl(inner: &[Instruction]) -> Self {
        let mut shape = Self::of("POST", "tokens/solana:usdc/transfers", wrap(inner));
        shape.body = json!({ "recipient": RECIPIENT.to_string(), "amount": "1.5" });
        shape.token = Some(Token::Spl { mint: MINT, decimals: 6, program: None });
        shape
    }

    pub(crate) fn signers(method: &'static str, path: &str, actions: Vec<SettingsAction>) -> Self {
        let call = execute_settings_transaction_sync(SETTINGS, Some(PAYER), &[SIGNER], actions);
        let mut shape = Self::of(method, path, call.unwrap());
        shape.body = json!({ "signer": format!("server:{OTHER}") });
        shape
    }

    pub(crate) fn add_signer() -> Self {
        let action = SettingsAction::AddSigner { key: OTHER, permissions: 7 };
        Self::signers("POST", "signers", vec![action])
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The call of the wallet's program.
    pub(crate) fn squads(&mut self) -> &mut Instruction {
        self.outer.iter_mut().find(|it| it.program == programs::SQUADS).unwrap()
    }

    pub(crate) fn verify(&self) -> Verification {
        let mut message = Message::compile(self.version, self.payer, [9; 32], &self.outer).unwrap();
        (self.edit)(&mut message);
        let pending = base58(&message.to_bytes());
        let transaction = Transaction::unsigned(message).to_base58();
        let entry =
            json!({ "signer": { "locator": format!("server:{SIGNER}") }, "message": pending });
        let mut answer = json!({
            "id": "1",
            "walletType": "smart",
            "onChain": { "transaction": transaction },
            "approvals": { "pending": [entry] },
        });
        (self.answer)(&mut answer);
        if self.method == "POST" && self.path.ends_with("signers") {
            answer = json!({ "transaction": answer });
        }
        let answer: Json = serde_json::from_value(answer).unwrap();
        let body = if self.method == "DELETE" { Vec::new() } else { self.body.to_string().into() };
        let request = Request::parse(self.method, &self.path, &body).unwrap();
        let chain = ChainId::parse("solana").unwrap();
        let wallet = wallet().to_string();
        let signer = Locator::server(crossmint::Address::Solana(SIGNER));
        let mut context = Context::new(Environment::Production, chain, &wallet, signer);
        if let Some(token) = self.token {
            context.tokens = Tokens::default().with_default(token);
        }
        verify(&request, &answer, &context)
    }
}

fn base58(bytes: &[u8]) -> String {
    let mut out = vec![0; signer_core::encoding::base58::encoded_len(bytes.len())];
    signer_core::encoding::base58::encode(bytes, &mut out).unwrap().to_owned()
}

pub(crate) fn foreign(program: Address, accounts: Vec<AccountMeta>, data: &[u8]) -> Instruction {
    Instruction { program, accounts, data: data.into() }
}

#[track_caller]
pub(crate) fn accept(name: &str, shape: Shape) {
    let verification = shape.verify();
    let findings: Vec<_> = verification.findings().iter().map(ToString::to_string).collect();
    assert_eq!(verification.verdict(), Verdict::AsRequested, "{name}: {findings:?}");
    assert!(verification.approval().is_some());
}

/// Each shape is refused for its reason alone, with the verdict of the page.
#[track_caller]
pub(crate) fn refuse(verdict: Verdict, reason: &str, shapes: Vec<(&str, Shape)>) {
    for (name, shape) in shapes {
        let verification = shape.verify();
        let findings: Vec<_> = verification.findings().iter().map(ToString::to_string).collect();
        assert_eq!(verification.verdict(), verdict, "{name}: {findings:?}");
        let reasons: Vec<_> = verification.findings().iter().map(Finding::reason).collect();
        assert!(reasons.contains(&reason), "{name}: {findings:?}");
    }
}
