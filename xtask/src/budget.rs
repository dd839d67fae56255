//! Figures that may fall and must not rise: each beside the one that was committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Named whole numbers: bytes, instructions.
pub(crate) type Figures = BTreeMap<String, u64>;

/// Prints each figure beside its budget. One that is more than `percent` above it fails, and so does a
/// budget that nothing was measured for. With `update` the file is written anew.
pub(crate) fn compare(
    task: &str,
    file: &Path,
    measured: &Figures,
    percent: u64,
    update: bool,
) -> Result<(), String> {
    if update {
        let text = serde_json::to_string_pretty(measured).map_err(|error| error.to_string())?;
        fs::write(file, text + "\n").map_err(|error| error.to_string())?;
        eprintln!("{task}: {} figures are the new budget", measured.len());
        return Ok(());
    }
    let text =
        fs::read_to_string(file).map_err(|error| format!("{task}: {}: {error}", file.display()))?;
    let budget: Figures = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let mut faults = Vec::new();
    let mut highest = 0;
    for (name, figure) in measured {
        match budget.get(name) {
            None => faults.push(format!("{name}: {figure}, and the budget does not name it")),
            Some(budget) => {
                println!("{name:<52} {figure:>12}  budget {budget:>12}");
                highest = highest.max((figure * 1_000).checked_div(*budget).unwrap_or(0));
                if figure * 100 > budget * (100 + percent) {
                    faults
                        .push(format!("{name}: {figure} is more than {percent} % above {budget}"));
                }
            }
        }
    }
    let missing = budget.keys().filter(|name| !measured.contains_key(*name));
    faults.extend(missing.map(|name| format!("{name}: in the budget, and was not measured")));
    if faults.is_empty() {
        println!(
            "{} figures, each at most {percent} % above its budget; the highest is at {}.{} %",
            measured.len(),
            highest / 10,
            highest % 10
        );
        return Ok(());
    }
    Err(format!(
        "{task}: {}\nwhere a rise is meant, write the budget anew with --update",
        faults.join("\n")
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_rise_a_new_figure_and_a_missing_one_fail() {
        let file = std::env::temp_dir().join(format!("budget-{}.json", std::process::id()));
        let figures = |list: &[(&str, u64)]| -> Figures {
            list.iter().map(|(name, figure)| ((*name).into(), *figure)).collect()
        };
        compare("t", &file, &figures(&[("a", 1_000)]), 5, true).unwrap();
        let measured = |list| compare("t", &file, &figures(list), 5, false);
        measured(&[("a", 1_050)]).unwrap();
        measured(&[("a", 10)]).unwrap();
        assert!(measured(&[("a", 1_051)]).unwrap_err().contains("5 % above 1000"));
        assert!(measured(&[("a", 1_000), ("b", 1)]).unwrap_err().contains("b: 1"));
        assert!(measured(&[]).unwrap_err().contains("was not measured"));
        fs::remove_file(file).unwrap();
    }
}
