use async_trait::async_trait;
use base64ct::{Base64, Encoding};
use signer_core::encoding::hex;
use signer_core::keccak::eip191_digest;
use signer_protocols::privy::rpc::RpcRequest;

use super::{Authorization, ChainType, Client, Wallet};
use crate::error::{Error, Kind};
use crate::{Signer, evm, token};

/// A wallet that signs messages.
#[derive(Clone, Debug)]
pub struct WalletSigner {
    client: Client,
    wallet: Wallet,
    authorization: Authorization,
}

impl WalletSigner {
    /// `wallet`, with requests signed by `authorization`.
    pub const fn new(client: Client, wallet: Wallet, authorization: Authorization) -> Self {
        Self { client, wallet, authorization }
    }
}

#[async_trait]
impl Signer for WalletSigner {
    fn address(&self) -> &str {
        &self.wallet.address
    }

    async fn sign_message(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let no_signature = || Error::new(Kind::Answer, "the answer holds no signature");
        if self.wallet.chain_type == ChainType::SOLANA {
            let request = self.client.sign_solana_message(&self.wallet, message);
            let answer = request.authorization(self.authorization.clone()).send().await?;
            let text = answer.signature().ok_or_else(no_signature)?;
            return Base64::decode_vec(text).map_err(|_| no_signature());
        }
        let call = RpcRequest::personal_sign_hex(token::hex(message));
        let request = self.client.rpc(&self.wallet.id, &call);
        let answer = request.authorization(self.authorization.clone()).send().await?;
        let text = answer.signature().ok_or_else(no_signature)?;
        let digest = eip191_digest(message);
        evm::check_digest(&self.wallet.address, digest.as_bytes(), text)?;
        let mut bytes = [0; 65];
        let digits = text.strip_prefix("0x").unwrap_or(text);
        hex::decode_into(digits.as_bytes(), &mut bytes).map_err(|_| no_signature())?;
        bytes[64] = 27 + bytes[64] % 27;
        Ok(bytes.to_vec())
    }
}
