use alloc::collections::BTreeSet;
use alloc::string::String;

use signer_core::address::evm;
use signer_core::encoding::hex;
use signer_core::keccak::keccak256;

use super::LimitError;
use super::error::shortened;

/// The functions of one contract that may be called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Functions {
    is_any: bool,
    selectors: BTreeSet<[u8; 4]>,
    names: BTreeSet<String>,
}

impl Functions {
    pub(super) fn parse(contract: &str, functions: Option<&[&str]>) -> Result<Self, LimitError> {
        let Some(functions) = functions else {
            return Ok(Self { is_any: true, ..Self::default() });
        };
        let is_evm = evm::Address::parse(contract).is_ok();
        let mut parsed = Self::default();
        for text in functions {
            let is_read = if is_evm {
                selector(text).map(|selector| parsed.selectors.insert(selector)).is_some()
            } else {
                is_name(text) && {
                    parsed.names.insert((*text).into());
                    true
                }
            };
            if !is_read {
                return Err(LimitError::Function { text: shortened(text) });
            }
        }
        Ok(parsed)
    }

    pub(super) fn add(&mut self, other: Self) {
        self.is_any |= other.is_any;
        self.selectors.extend(other.selectors);
        self.names.extend(other.names);
    }

    pub(super) fn allows_selector(&self, selector: Option<[u8; 4]>) -> bool {
        self.is_any || selector.is_some_and(|selector| self.selectors.contains(&selector))
    }

    pub(super) fn allows_name(&self, name: &str) -> bool {
        self.is_any || self.names.contains(name)
    }
}

/// `0x` and 8 hex digits, or the selector of a signature.
fn selector(text: &str) -> Option<[u8; 4]> {
    if let Some(digits) = text.strip_prefix("0x") {
        let mut selector = [0; 4];
        let is_hex = hex::decode_into(digits.as_bytes(), &mut selector).is_ok();
        return is_hex.then_some(selector);
    }
    is_signature(text)
        .then(|| keccak256(text.as_bytes()).as_bytes().first_chunk().copied())
        .flatten()
}

/// A name and types in parentheses that are balanced, as the selector hashes them: without spaces and parameter names.
/// The types themselves are not checked, except for the short forms `uint` and `int`, which no selector has.
fn is_signature(text: &str) -> bool {
    let Some((name, types)) = text.split_once('(') else { return false };
    let mut depth = 1_usize;
    for (at, character) in types.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            'a'..='z' | 'A'..='Z' | '0'..='9' | ',' | '[' | ']' => {}
            _ => return false,
        }
        if depth == 0 && at + 1 != types.len() {
            return false;
        }
    }
    let is_short = |part: &str| matches!(part, "uint" | "int");
    let separators = ['(', ')', ',', '[', ']'];
    is_name(name) && depth == 0 && !types.split(separators).any(is_short)
}

fn is_name(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$';
    !text.is_empty()
        && text.bytes().all(is_letter)
        && !text.starts_with(|it: char| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Selectors as Solidity's documentation and the token standards give them.
    #[test]
    fn selectors_are_read_and_computed() {
        for (text, expected) in [
            ("transfer(address,uint256)", Some([0xa9, 0x05, 0x9c, 0xbb])),
            ("approve(address,uint256)", Some([0x09, 0x5e, 0xa7, 0xb3])),
            ("sam(bytes,bool,uint256[])", Some([0xa5, 0x64, 0x3b, 0xf2])),
            ("0xA9059cbb", Some([0xa9, 0x05, 0x9c, 0xbb])),
            ("0xa9059c", None),
            ("0xa9059cbb00", None),
            ("transfer", None),
            ("transfer(address, uint256)", None),
            ("transfer(address,uint)", None),
            ("f(int[])", None),
            ("f(address", None),
            ("f(address))", None),
            ("f()g()", None),
            ("(address)", None),
            ("", None),
        ] {
            assert_eq!(selector(text), expected, "{text:?}");
        }
    }
}
