use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use signer_core::keccak::keccak256;

use super::parameter::{Budget, check_count, parameters, write_types};
use super::{AbiError, AbiFault, encode};
use crate::Json;

/// The first four bytes of the Keccak-256 of a canonical signature such as `transfer(address,uint256)`.
pub fn selector(signature: &str) -> [u8; 4] {
    let [a, b, c, d, ..] = *keccak256(signature.as_bytes()).as_bytes();
    [a, b, c, d]
}

/// Encodes the call of a function: its selector and its arguments.
///
/// `abi` is the JSON description of a contract, a list of objects. It must have exactly one function of this name.
/// Integers are JSON numbers below 2^53, decimal text or `0x` text; bytes are `0x` text; a tuple is a list, or an object
/// with exactly its members; fixed arrays have their exact length. Types must be canonical (`uint256`, not `uint`).
/// The bytes are those of the [ABI specification](https://docs.soliditylang.org/en/latest/abi-spec.html).
///
/// # Errors
/// [`AbiError`] with the path of the part at fault: `abi` if there is not exactly one such function, `args[…]` for a value.
///
/// # Examples
/// ```
/// use signer_protocols::Json;
/// use signer_protocols::evm::abi::encode_call;
/// use signer_protocols::jcs::Limits;
///
/// let abi = br#"[{"type": "function", "name": "burn", "inputs": [{"type": "uint256"}]}]"#;
/// let abi = Json::parse(abi, Limits::default())?;
/// let data = encode_call(&abi, "burn", &["7".into()])?;
/// assert_eq!(data[..4], [0x42, 0x96, 0x6c, 0x68]);
/// assert_eq!(data[35], 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn encode_call(abi: &Json, function_name: &str, args: &[Json]) -> Result<Vec<u8>, AbiError> {
    let (path, function) = find(abi, function_name)?;
    let mut budget = Budget::new();
    let inputs = parameters(function.member("inputs"), &format!("{path}.inputs"), 0, &mut budget)?;
    let mut signature = String::from(function_name);
    write_types(&inputs, &mut signature);
    check_count("args", inputs.len(), args.len())?;
    let mut budget = Budget::new();
    let values = inputs.iter().zip(args).enumerate();
    let values = values.map(|(at, (it, arg))| it.read(arg, &format!("args[{at}]"), &mut budget));
    let values: Vec<_> = values.collect::<Result<_, _>>()?;
    let mut data = Vec::from(selector(&signature));
    data.append(&mut encode(&values));
    Ok(data)
}

/// The only function of this name. An entry without `type` is a function.
fn find<'a>(abi: &'a Json, function_name: &str) -> Result<(String, &'a Json), AbiError> {
    let fault = |fault| AbiError::new("abi", fault);
    let entries = abi.as_array().ok_or_else(|| fault(AbiFault::Abi))?;
    let named = |entry: &Json| {
        let kind = entry.member("type").map_or(Some("function"), Json::as_str);
        kind == Some("function")
            && entry.member("name").and_then(Json::as_str) == Some(function_name)
    };
    if !entries.iter().all(Json::is_object) {
        return Err(fault(AbiFault::Abi));
    }
    let mut found = entries.iter().enumerate().filter(|(_, entry)| named(entry));
    match (found.next(), found.count()) {
        (None, _) => Err(fault(AbiFault::NotFound)),
        (Some((at, function)), 0) => Ok((format!("abi[{at}]"), function)),
        (Some(_), more) => Err(fault(AbiFault::Overloaded { found: more + 1 })),
    }
}

#[cfg(test)]
mod tests;
