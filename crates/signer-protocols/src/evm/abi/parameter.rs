use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{AbiError, AbiFault, Value};
use crate::Json;
use crate::evm::elementary::{Elementary, Scalar};

const MAX_DEPTH: usize = 32;
/// Types, and values, of one call.
const MAX_COUNT: usize = 65_536;

/// A parameter of a function, or a member of a tuple.
#[derive(Debug)]
pub(super) struct Parameter {
    name: String,
    base: Base,
    /// The lengths of the array dimensions, as written; `None` for any length.
    dimensions: Vec<Option<usize>>,
}

#[derive(Debug)]
enum Base {
    Elementary(Elementary),
    Tuple(Vec<Parameter>),
}

/// Bounds what one call may cost to read.
pub(super) struct Budget {
    left: usize,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self { left: MAX_COUNT }
    }

    fn spend(&mut self, path: &str, depth: usize) -> Result<(), AbiError> {
        if depth >= MAX_DEPTH {
            return Err(AbiError::new(path, AbiFault::TooDeep));
        }
        let too_many = || AbiError::new(path, AbiFault::TooMany { limit: MAX_COUNT });
        self.left = self.left.checked_sub(1).ok_or_else(too_many)?;
        Ok(())
    }
}

/// Reads a list of parameters: `inputs` of a function, or `components` of a tuple.
pub(super) fn parameters(
    json: Option<&Json>,
    path: &str,
    depth: usize,
    budget: &mut Budget,
) -> Result<Vec<Parameter>, AbiError> {
    let list = json.and_then(Json::as_array);
    let list = list.ok_or_else(|| AbiError::new(path, AbiFault::Abi))?;
    let items = list.iter().enumerate();
    items.map(|(at, item)| parameter(item, &format!("{path}[{at}]"), depth, budget)).collect()
}

fn parameter(
    json: &Json,
    path: &str,
    depth: usize,
    budget: &mut Budget,
) -> Result<Parameter, AbiError> {
    budget.spend(path, depth)?;
    let fault = |fault| AbiError::new(path, fault);
    let text = json.member("type").and_then(Json::as_str).ok_or_else(|| fault(AbiFault::Abi))?;
    let (base, dimensions) = split_dimensions(text).ok_or_else(|| fault(AbiFault::Type))?;
    if dimensions.len() > MAX_DEPTH {
        return Err(fault(AbiFault::TooDeep));
    }
    if dimensions.contains(&Some(0)) {
        return Err(fault(AbiFault::Type));
    }
    let base = if base == "tuple" {
        let path = format!("{path}.components");
        Base::Tuple(parameters(json.member("components"), &path, depth + 1, budget)?)
    } else {
        Base::Elementary(Elementary::parse(base).ok_or_else(|| fault(AbiFault::Type))?)
    };
    let name = json.member("name").and_then(Json::as_str).unwrap_or_default();
    Ok(Parameter { name: name.into(), base, dimensions })
}

/// Splits `int16[2][]` into its base and the lengths of its dimensions. `None` if the brackets are malformed.
pub(crate) fn split_dimensions(text: &str) -> Option<(&str, Vec<Option<usize>>)> {
    let (base, brackets) = text.split_at(text.find('[').unwrap_or(text.len()));
    let mut dimensions = Vec::new();
    let mut rest = brackets;
    while !rest.is_empty() {
        let (digits, after) = rest.strip_prefix('[')?.split_once(']')?;
        dimensions.push(if digits.is_empty() { None } else { Some(length(digits)?) });
        rest = after;
    }
    Some((base, dimensions))
}

/// A length without leading zeros.
fn length(digits: &str) -> Option<usize> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = plain && (digits == "0" || !digits.starts_with('0'));
    canonical.then(|| digits.parse().ok())?
}

impl Parameter {
    /// Appends the type as a signature names it: tuples as their members in parentheses.
    pub(super) fn write_type(&self, out: &mut String) {
        match &self.base {
            Base::Elementary(elementary) => out.push_str(&elementary.to_string()),
            Base::Tuple(members) => write_types(members, out),
        }
        for dimension in &self.dimensions {
            match dimension {
                Some(length) => out.push_str(&format!("[{length}]")),
                None => out.push_str("[]"),
            }
        }
    }

    /// Reads an argument.
    pub(super) fn read(
        &self,
        json: &Json,
        path: &str,
        budget: &mut Budget,
    ) -> Result<Value, AbiError> {
        self.read_array(&self.dimensions, json, path, 0, budget)
    }

    fn read_array(
        &self,
        dimensions: &[Option<usize>],
        json: &Json,
        path: &str,
        depth: usize,
        budget: &mut Budget,
    ) -> Result<Value, AbiError> {
        budget.spend(path, depth)?;
        // The last brackets are the outermost dimension.
        let Some((dimension, inner)) = dimensions.split_last() else {
            return self.read_base(json, path, depth, budget);
        };
        let items = json.as_array();
        let items =
            items.ok_or_else(|| AbiError::new(path, AbiFault::Kind { expected: "a list" }))?;
        if let Some(expected) = *dimension {
            check_count(path, expected, items.len())?;
        }
        let values = items.iter().enumerate().map(|(at, item)| {
            self.read_array(inner, item, &format!("{path}[{at}]"), depth + 1, budget)
        });
        let values = values.collect::<Result<_, _>>()?;
        Ok(if dimension.is_some() { Value::Tuple(values) } else { Value::Array(values) })
    }

    fn read_base(
        &self,
        json: &Json,
        path: &str,
        depth: usize,
        budget: &mut Budget,
    ) -> Result<Value, AbiError> {
        match &self.base {
            Base::Elementary(elementary) => match elementary.read(json) {
                Ok((Scalar::Word(word), _)) => Ok(Value::Word(word)),
                Ok((Scalar::Dynamic(bytes), _)) => Ok(Value::Bytes(bytes)),
                Err(error) => Err(AbiError::new(path, AbiFault::Value(error))),
            },
            Base::Tuple(members) => {
                let values = members.iter().zip(tuple_members(members, json, path)?);
                let values = values.map(|(member, (json, path))| {
                    member.read_array(&member.dimensions, json, &path, depth + 1, budget)
                });
                Ok(Value::Tuple(values.collect::<Result<_, _>>()?))
            }
        }
    }
}

/// Appends `(type,type,…)`.
pub(super) fn write_types(parameters: &[Parameter], out: &mut String) {
    out.push('(');
    for (at, parameter) in parameters.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        parameter.write_type(out);
    }
    out.push(')');
}

pub(super) fn check_count(path: &str, expected: usize, found: usize) -> Result<(), AbiError> {
    let fault = AbiFault::Count { expected, found };
    if expected == found { Ok(()) } else { Err(AbiError::new(path, fault)) }
}

/// The members of a tuple in order, each with its path. An object must have exactly the members of the tuple.
fn tuple_members<'a>(
    members: &[Parameter],
    json: &'a Json,
    path: &str,
) -> Result<Vec<(&'a Json, String)>, AbiError> {
    let fault = |fault| AbiError::new(path, fault);
    match json {
        Json::Array(items) => {
            check_count(path, members.len(), items.len())?;
            Ok(items.iter().enumerate().map(|(at, item)| (item, format!("{path}[{at}]"))).collect())
        }
        Json::Object(object) => {
            let mut names: Vec<_> = members.iter().map(|it| it.name.as_str()).collect();
            names.sort_unstable();
            let twice = names.windows(2).any(|pair| matches!(pair, [a, b] if a == b));
            if twice || names.first().is_some_and(|it| it.is_empty()) {
                return Err(fault(AbiFault::Unnamed));
            }
            let values = members.iter().map(|member| {
                let path = format!("{path}.{}", member.name);
                match object.get(&member.name) {
                    Some(value) => Ok((value, path)),
                    None => Err(AbiError::new(&path, AbiFault::Missing)),
                }
            });
            let values: Vec<_> = values.collect::<Result<_, _>>()?;
            check_count(path, members.len(), object.len())?;
            Ok(values)
        }
        _ => Err(fault(AbiFault::Kind { expected: "a list or an object" })),
    }
}
