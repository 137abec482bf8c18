//! `muster bench multitier` as it is run: a server of its own, all scenarios, a kill, and the figures.

use std::process::Command;

fn muster() -> Command {
    Command::new(env!("CARGO_BIN_EXE_muster"))
}

#[test]
fn multitier_runs_without_a_failure_and_finds_its_playbooks_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let (workers, data, json, html) = (path("w.parquet"), path("data"), path("r.json"), path("r.html"));
    let run = |arguments: &[&str]| {
        let output = muster().args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    run(&["generate", "workers", "--rows", "1000", "--seed", "7", "--out", &workers]);
    run(&["load", &workers, "--table", "workers", "--data", &data]);
    let told = run(&[
        "bench",
        "multitier",
        "--data",
        &data,
        "--concurrency",
        "8",
        "--duration",
        "4s",
        "--kill",
        "--json",
        &json,
        "--html",
        &html,
    ]);
    assert!(told.contains("0 failures") && told.contains("after kill -9"), "{told}");
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(report["failures"], 0);
    let scenarios = report["per_scenario"].as_object().unwrap();
    let runs: Vec<u64> = scenarios.values().map(|of| of["runs"].as_u64().unwrap()).collect();
    assert_eq!(runs.len(), 6);
    assert_eq!(report["total_scenarios"].as_u64().unwrap(), runs.iter().sum::<u64>());
    assert!(report["total_scenarios"].as_u64().unwrap() > 20, "{report}");
    assert_eq!(report["playbooks_verified"]["acknowledged"], report["playbooks_verified"]["found"]);
    let page = std::fs::read_to_string(&html).unwrap();
    assert!(page.contains("<svg") && !page.contains("http"), "the page loads nothing");
}

#[test]
fn an_empty_database_is_told_how_to_be_filled() {
    let folder = tempfile::tempdir().unwrap();
    let output = muster()
        .args(["bench", "multitier", "--duration", "1s", "--data"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("muster generate workers"));
}
