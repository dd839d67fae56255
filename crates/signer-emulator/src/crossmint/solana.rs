//! Just enough of Solana to ask for an approval: a transfer, as a legacy transaction.

use signer_core::address::solana::Address;

use super::api_key::encode;
use crate::key::random;

/// Base58 of a transaction by which `from` sends so many lamports; without a recipient, to itself.
pub(super) fn transfer(from: &str, to: Option<&str>, lamports: u64) -> Option<String> {
    let from = *Address::parse(from).ok()?.as_bytes();
    let to = to.map_or(Some(from), |to| Address::parse(to).ok().map(|to| *to.as_bytes()))?;
    let mut blockhash = [0; 32];
    rand_core::Rng::fill_bytes(&mut random(), &mut blockhash);
    let mut wire = vec![1];
    wire.extend([0; 64]);
    // One signature, none of them read only, one account read only.
    wire.extend([1, 0, 1, 3]);
    for key in [from, to, [0; 32]] {
        wire.extend(key);
    }
    wire.extend(blockhash);
    wire.extend([1, 2, 2, 0, 1, 12, 2, 0, 0, 0]);
    wire.extend(lamports.to_le_bytes());
    Some(encode(&wire))
}
