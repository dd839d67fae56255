//! Program-derived addresses: SHA-256 of the seeds, a bump, the program and a marker, if it is not a point of the curve.

use sha2::{Digest, Sha256};
use signer_core::address::solana::Address;
use signer_core::ed25519::is_on_curve;

use super::programs::{ASSOCIATED_TOKEN, SQUADS};

const MARKER: &[u8] = b"ProgramDerivedAddress";
const MAX_SEEDS: usize = 16;
const MAX_SEED_LEN: usize = 32;

/// The address of these seeds and the highest bump that gives one. `None` if there is none, or there are more than 15
/// seeds, or one has more than 32 bytes. Costs a hash and a decompression per bump, two on average.
pub fn find_program_address(seeds: &[&[u8]], program: &Address) -> Option<(Address, u8)> {
    (0..=u8::MAX).rev().find_map(|bump| {
        let bump_seed = [bump];
        create(seeds.iter().copied().chain([&bump_seed[..]]), program).map(|it| (it, bump))
    })
}

/// The address of these seeds without a search. `None` if it is a point of the curve, or there are more than 16 seeds, or
/// one has more than 32 bytes.
pub fn create_program_address(seeds: &[&[u8]], program: &Address) -> Option<Address> {
    create(seeds.iter().copied(), program)
}

/// The token account that belongs to an owner and a mint under a token program.
pub fn associated_token_account(
    owner: &Address,
    token_program: &Address,
    mint: &Address,
) -> Option<Address> {
    let seeds = [owner, token_program, mint].map(|it| &it.as_bytes()[..]);
    find_program_address(&seeds, &ASSOCIATED_TOKEN).map(|(address, _)| address)
}

/// The wallet with this index under the settings of a Squads smart account.
pub fn smart_account(settings: &Address, index: u8) -> Option<Address> {
    let seeds = [b"smart_account", &settings.as_bytes()[..], b"smart_account", &[index]];
    find_program_address(&seeds, &SQUADS).map(|(address, _)| address)
}

/// The settings of the Squads smart account that was created with this number.
pub fn smart_account_settings(seed: u128) -> Option<Address> {
    let seeds = [&b"smart_account"[..], b"settings", &seed.to_le_bytes()];
    find_program_address(&seeds, &SQUADS).map(|(address, _)| address)
}

fn create<'a>(seeds: impl Iterator<Item = &'a [u8]>, program: &Address) -> Option<Address> {
    let mut hash = Sha256::new();
    for (at, seed) in seeds.enumerate() {
        if at >= MAX_SEEDS || seed.len() > MAX_SEED_LEN {
            return None;
        }
        hash.update(seed);
    }
    hash.update(program.as_bytes());
    hash.update(MARKER);
    let bytes: [u8; 32] = hash.finalize().into();
    (!is_on_curve(&bytes)).then_some(Address::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    /// The examples in the documentation of Solana's `Pubkey::create_program_address`.
    #[test]
    fn addresses_of_seeds_are_those_of_solana() {
        let program = address("BPFLoaderUpgradeab1e11111111111111111111111");
        let key = address("SeedPubey1111111111111111111111111111111111");
        let cases: [(&[&[u8]], &str); 4] = [
            (&[b"", &[1]], "BwqrghZA2htAcqq8dzP1WDAhTXYTYWj7CHxF5j7TDBAe"),
            (&["☉".as_bytes(), &[0]], "13yWmRpaTR4r5nAktwLqMpRNr28tnVUZw26rTvPSSB19"),
            (&[b"Talking", b"Squirrels"], "2fnQrngrQT4SeLcdToJAD96phoEjNL2man2kfRLCASVk"),
            (&[&key.as_bytes()[..], &[1]], "976ymqVnfE32QFe6NfGDctSvVa36LWnvYxhU6G2232YL"),
        ];
        for (seeds, expected) in cases {
            assert_eq!(create_program_address(seeds, &program), Some(address(expected)));
        }
    }

    #[test]
    fn too_many_or_too_long_seeds_give_no_address() {
        let long = [0; 33];
        assert_eq!(find_program_address(&[&long], &SQUADS), None);
        assert!(find_program_address(&[&[][..]; 15], &SQUADS).is_some());
        assert_eq!(find_program_address(&[&[][..]; 16], &SQUADS), None);
    }
}
