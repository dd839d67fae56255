//! The proofs in their short form. The long forms are tasks of `assurance`.

use crate::programs::Need;
use crate::setup;
use crate::steps::Steps;

/// The tasks, each as its words.
const PROOFS: [&[&str]; 12] = [
    &["lint"],
    &["doc"],
    &["no-std"],
    &["unified", "--short"],
    &["openapi"],
    &["deny"],
    &["embedded"],
    &["constant-time"],
    &["memory"],
    &["instructions"],
    &["differential"],
    &["fuzz", "--smoke"],
];

pub(crate) fn run() -> Result<(), String> {
    let mut steps = Steps::of("ci");
    steps.step("cargo xtask setup", || setup::ensure(Need::Proofs))?;
    for words in PROOFS {
        steps.task(words)?;
    }
    steps.finish();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_proof_is_a_task() {
        for words in PROOFS {
            crate::steps::parse(words).unwrap();
        }
    }
}
