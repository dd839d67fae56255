//! What the program is made of, in the form of `CycloneDX` 1.5: the same bytes for the same lock file and target.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};

use crate::shell;

/// Prints it for this machine's target.
pub(crate) fn print() -> Result<(), String> {
    let host = shell::output("rustc --print host-tuple")?;
    let text = of_the_program(host.trim())?;
    print!("{text}");
    Ok(())
}

/// Every crate that is compiled into the program or builds it, with its licence, its checksum and what it needs.
pub(crate) fn of_the_program(host: &str) -> Result<String, String> {
    let mut metadata =
        shell::command("cargo metadata --format-version 1 --locked --filter-platform");
    metadata.arg(host);
    let metadata = shell::output_of(metadata)?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    let packages = by_id(&metadata["packages"]);
    let nodes = by_id(&metadata["resolve"]["nodes"]);
    let root = packages.values().find(|package| package["name"] == "signer-cli");
    let root = root.and_then(|package| package["id"].as_str()).ok_or("sbom: no signer-cli")?;

    let used = used(host)?;
    let (mut seen, mut waiting) = (BTreeSet::from([root]), vec![root]);
    let mut dependencies = BTreeMap::new();
    while let Some(id) = waiting.pop() {
        let needed = needs(nodes.get(id).copied().unwrap_or(&Value::Null));
        let needed: BTreeSet<&str> =
            needed.filter(|id| used.contains(&purl(packages[id]))).collect();
        waiting.extend(needed.iter().filter(|id| seen.insert(id)));
        let needed: Vec<String> = needed.into_iter().map(|id| purl(packages[id])).collect();
        dependencies.insert(purl(packages[id]), needed);
    }
    let checksums = checksums()?;
    let components: BTreeMap<String, Value> = seen
        .iter()
        .filter(|id| **id != root)
        .map(|id| (purl(packages[id]), component(packages[id], &checksums)))
        .collect();
    let dependencies: Vec<Value> = dependencies
        .into_iter()
        .map(|(name, needed)| json!({"ref": name, "dependsOn": needed}))
        .collect();
    let text = serde_json::to_string_pretty(&json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {
            "type": "application",
            "bom-ref": purl(packages[root]),
            "name": "signer",
            "version": packages[root]["version"],
        }},
        "components": components.into_values().collect::<Vec<_>>(),
        "dependencies": dependencies,
    }));
    text.map(|text| text + "\n").map_err(|error| error.to_string())
}

/// What the program alone brings: the resolution above is that of the whole workspace, with all that its members
/// turn on for each other.
fn used(host: &str) -> Result<BTreeSet<String>, String> {
    let mut tree = shell::command(
        "cargo tree --package signer-cli --edges normal,build --prefix none --no-dedupe --locked --target",
    );
    tree.arg(host);
    let tree = shell::output_of(tree)?;
    let name = |line: &str| {
        let mut words = line.split_whitespace();
        Some(format!("pkg:cargo/{}@{}", words.next()?, words.next()?.strip_prefix('v')?))
    };
    Ok(tree.lines().filter_map(name).collect())
}

fn by_id(list: &Value) -> BTreeMap<&str, &Value> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(|item| Some((item["id"].as_str()?, item))).collect()
}

/// What a crate needs to be built and to run; what only its tests need is left out.
fn needs(node: &Value) -> impl Iterator<Item = &str> {
    let dependencies = node["deps"].as_array().map_or(&[][..], Vec::as_slice);
    let used = |dependency: &&Value| {
        let kinds = dependency["dep_kinds"].as_array().map_or(&[][..], Vec::as_slice);
        kinds.iter().any(|kind| kind["kind"] != "dev")
    };
    dependencies.iter().filter(used).filter_map(|dependency| dependency["pkg"].as_str())
}

fn text<'a>(package: &'a Value, member: &str) -> &'a str {
    package[member].as_str().unwrap_or_default()
}

/// The name of a crate in the form of a package URL.
fn purl(package: &Value) -> String {
    format!("pkg:cargo/{}@{}", text(package, "name"), text(package, "version"))
}

fn component(package: &Value, checksums: &BTreeMap<String, String>) -> Value {
    let name = purl(package);
    let mut component = json!({
        "type": "library",
        "bom-ref": name,
        "name": text(package, "name"),
        "version": text(package, "version"),
        "purl": name,
        // The older form of a choice is a slash.
        "licenses": [{"expression": text(package, "license").replace('/', " OR ")}],
    });
    if let Some(checksum) = checksums.get(&name) {
        component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
    }
    component
}

/// The checksums of the lock file, by package URL. Our own crates have none.
fn checksums() -> Result<BTreeMap<String, String>, String> {
    let lock = fs::read_to_string(shell::root().join("Cargo.lock"));
    let lock = lock.map_err(|error| format!("sbom: Cargo.lock: {error}"))?;
    let packages = lock.split("[[package]]").skip(1).filter_map(|package| {
        let member = |name: &str| {
            let lines = package.lines();
            let value = lines.filter_map(|line| line.strip_prefix(name)).next()?;
            value.strip_prefix(" = \"")?.strip_suffix('"').map(str::to_owned)
        };
        let name = format!("pkg:cargo/{}@{}", member("name")?, member("version")?);
        Some((name, member("checksum")?))
    });
    Ok(packages.collect())
}
