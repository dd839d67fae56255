//! Named arguments of a request as positions and types of a call. Only the contract knows them, so they are fixed here
//! for the functions of SEP-41.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use signer_core::address::stellar::ContractAddress;

use super::super::verify::Finding;
use super::xdr::{Invocation, ScAddress, ScVal};
use crate::Json;

#[derive(Clone, Copy, PartialEq)]
enum Type {
    Address,
    I128,
    U32,
}

struct Function {
    name: &'static str,
    parameters: &'static [(&'static str, Type)],
}

/// The functions of SEP-41 that need an authorization.
const SEP41: [Function; 5] = [
    Function {
        name: "transfer",
        parameters: &[("from", Type::Address), ("to", Type::Address), ("amount", Type::I128)],
    },
    Function {
        name: "transfer_from",
        parameters: &[
            ("spender", Type::Address),
            ("from", Type::Address),
            ("to", Type::Address),
            ("amount", Type::I128),
        ],
    },
    Function {
        name: "approve",
        parameters: &[
            ("from", Type::Address),
            ("spender", Type::Address),
            ("amount", Type::I128),
            (EXPIRATION, Type::U32),
        ],
    },
    Function { name: "burn", parameters: &[("from", Type::Address), ("amount", Type::I128)] },
    Function {
        name: "burn_from",
        parameters: &[("spender", Type::Address), ("from", Type::Address), ("amount", Type::I128)],
    },
];

/// The last parameter of `approve`; later editions of SEP-41 name it [`EXPIRATION_ALIAS`].
const EXPIRATION: &str = "expiration_ledger";
const EXPIRATION_ALIAS: &str = "live_until_ledger";

fn function(name: &str) -> Option<&'static Function> {
    SEP41.iter().find(|function| function.name == name)
}

/// The call of SEP-41 `transfer`; `amount` is in base units.
pub fn token_transfer(
    token: ContractAddress,
    from: ScAddress,
    to: ScAddress,
    amount: i128,
) -> Invocation {
    let arguments = [ScVal::Address(from), ScVal::Address(to), ScVal::I128(amount)];
    Invocation::new(token, "transfer", arguments.into())
}

/// The arguments that a request's `args` stand for, by position.
pub(super) fn requested(method: &str, args: &Json) -> Result<Vec<ScVal>, Finding> {
    let refused = |detail| Err(Finding::unverified("stellar_args", detail));
    let Json::Object(members) = args else {
        return refused(format!("args of {method:?} are not an object"));
    };
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let Some(function) = function(method) else {
        let detail = format!("order and types of the arguments of {method:?} are not known");
        return refused(detail);
    };
    if members.len() != function.parameters.len() {
        return refused(format!("{method} takes {} arguments", function.parameters.len()));
    }
    let mut values = Vec::with_capacity(members.len());
    for (name, kind) in function.parameters {
        let alias = || members.get(EXPIRATION_ALIAS).filter(|_| *name == EXPIRATION);
        let Some(value) = members.get(*name).or_else(alias) else {
            return refused(format!("{method} has no argument {name:?}"));
        };
        match kind.read(value) {
            Some(value) => values.push(value),
            None => return refused(format!("{method}.{name} is not {}", kind.description())),
        }
    }
    Ok(values)
}

/// The names of the arguments of a call, if it is one of SEP-41 by its name and types, or has no arguments.
pub(super) fn names(invocation: &Invocation) -> Option<Vec<&'static str>> {
    if invocation.arguments.is_empty() {
        return Some(Vec::new());
    }
    let parameters = function(&invocation.function)?.parameters;
    let fits = |((_, kind), value): (&(_, Type), &ScVal)| kind.is_type_of(value);
    let is_call = parameters.len() == invocation.arguments.len()
        && parameters.iter().zip(&invocation.arguments).all(fits);
    is_call.then(|| parameters.iter().map(|(name, _)| *name).collect())
}

impl Type {
    const fn description(self) -> &'static str {
        match self {
            Self::Address => "an address (G… or C…)",
            Self::I128 => "an integer of 128 bits",
            Self::U32 => "an integer of 32 bits without sign",
        }
    }

    fn read(self, value: &Json) -> Option<ScVal> {
        match self {
            Self::Address => ScAddress::parse(value.as_str()?).ok().map(ScVal::Address),
            Self::I128 => integer(value).map(ScVal::I128),
            Self::U32 => u32::try_from(integer(value)?).ok().map(ScVal::U32),
        }
    }

    const fn is_type_of(self, value: &ScVal) -> bool {
        matches!(
            (self, value),
            (Self::Address, ScVal::Address(_))
                | (Self::I128, ScVal::I128(_))
                | (Self::U32, ScVal::U32(_))
        )
    }
}

/// Decimal text, or a number whose absolute value is below 2^53.
fn integer(value: &Json) -> Option<i128> {
    if !value.is_exact() {
        return None;
    }
    match value {
        Json::String(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let is_decimal = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
            is_decimal.then(|| text.parse().ok())?
        }
        Json::Unsigned(number) => Some(i128::from(*number)),
        Json::Signed(number) => Some(i128::from(*number)),
        // Prints every digit; a fraction has a point and is refused.
        Json::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const G: &str = "GAHJBXSDIBJ4UZYL6QWWDFKOBDD754YRZLR4YJCBRBIL6HHLQYOYLUQB";

    fn args(members: &[(&str, Json)]) -> Json {
        members.iter().map(|(name, value)| (*name, value.clone())).collect()
    }

    #[test]
    fn integers_are_decimal_text_or_exact_numbers() {
        for (value, expected) in [
            (Json::from("0"), Some(0)),
            (Json::from("-5"), Some(-5)),
            (Json::from("170141183460469231731687303715884105727"), Some(i128::MAX)),
            (Json::from("170141183460469231731687303715884105728"), None),
            (Json::from("+5"), None),
            (Json::from("--5"), None),
            (Json::from(""), None),
            (Json::from("0x5"), None),
            (Json::from("1.0"), None),
            (Json::Unsigned(7), Some(7)),
            (Json::Signed(-7), Some(-7)),
            (Json::Number(4_000_000_000_000_000.0), Some(4_000_000_000_000_000)),
            (Json::Number(0.5), None),
            (Json::Unsigned(1 << 53), None),
            (Json::Null, None),
        ] {
            assert_eq!(integer(&value), expected, "{value:?}");
        }
    }

    #[test]
    fn arguments_are_those_of_the_function_by_name() {
        let burn = args(&[("from", G.into()), ("amount", "5".into())]);
        let values = [ScVal::Address(ScAddress::parse(G).unwrap()), ScVal::I128(5)];
        assert_eq!(requested("burn", &burn), Ok(values.into()));
        assert_eq!(requested("anything", &args(&[])), Ok(Vec::new()));
        for (method, args) in [
            ("mint", burn.clone()),
            ("transfer", burn),
            ("burn", args(&[("from", G.into()), ("amount", "5".into()), ("to", G.into())])),
            ("burn", args(&[("from", G.into()), ("sum", "5".into())])),
            ("burn", args(&[("from", "G".into()), ("amount", "5".into())])),
            ("burn", Json::Null),
        ] {
            let finding = requested(method, &args).unwrap_err();
            assert_eq!(finding.reason(), "stellar_args", "{method}");
        }
    }

    #[test]
    fn the_last_parameter_of_approve_has_two_names() {
        for name in [EXPIRATION, EXPIRATION_ALIAS] {
            let members = [("from", G.into()), ("spender", G.into()), ("amount", "5".into())];
            let mut members = Vec::from(members);
            members.push((name, Json::Unsigned(9)));
            let values = requested("approve", &args(&members)).unwrap();
            assert_eq!(values.last(), Some(&ScVal::U32(9)));
        }
    }
}
