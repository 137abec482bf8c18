//! Who may depend on whom: the arrows of ARCHITECTURE.md, checked over `cargo metadata`.
//!
//! `deny.toml` states the same for `cargo deny`; this holds where only cargo is installed.

use std::process::Command;

use libtest_mimic::Failed;
use serde_json::Value;

/// A crate, and the only workspace packages that may name it in their manifest. Empty: none may.
const OWNERS: [(&str, &[&str]); 11] = [
    ("datafusion", &["muster"]),
    ("redb", &["muster-storage"]),
    ("pgwire", &["muster-server"]),
    ("hnsw_rs", &["muster-engine"]),
    ("muster-storage", &["muster", "muster-benches"]),
    ("hyper", &["muster-embedders", "muster-server"]),
    ("sled", &["muster-embedders"]),
    ("candle-core", &["muster-embedders"]),
    ("muster-embedders", &["muster"]),
    ("muster-engine", &["muster", "muster-benches", "muster-embedders"]),
    ("muster-server", &["muster-sqllogictest"]),
];

/// Fails when a manifest of the workspace names a crate that is not for it.
pub(crate) fn hold() -> Result<(), Failed> {
    let metadata = metadata()?;
    let packages = metadata.get("packages").and_then(Value::as_array).ok_or("no packages in the metadata")?;
    let mut wrong = Vec::new();
    let mut seen = 0;
    for package in packages {
        let name = name_of(package);
        let dependencies = package.get("dependencies").and_then(Value::as_array);
        for dependency in dependencies.into_iter().flatten().map(name_of) {
            let Some((_, owners)) = OWNERS.iter().find(|(owned, _)| *owned == dependency) else { continue };
            seen += 1;
            if !owners.contains(&name) {
                wrong.push(format!("{name} may not depend on {dependency}; only {owners:?} may"));
            }
        }
    }
    // Guards against metadata that says nothing: each owned crate is used by its owner at least.
    if seen < OWNERS.len() {
        return Err(format!("only {seen} uses of the {} owned crates were found", OWNERS.len()).into());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn name_of(item: &Value) -> &str {
    item.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn metadata() -> Result<Value, Failed> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
