//! One trial for each case file on each engine, named `engine::folder/file`, and the checks that
//! hold the workspace together. `cargo test -p muster-sqllogictest -- vector_search` picks by name.

mod arrows;
mod coverage;

use std::path::PathBuf;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use muster_sqllogictest::{EngineKind, case_files, cases_dir, run_file};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let files = match case_files() {
        Ok(files) if !files.is_empty() => files,
        Ok(_) => {
            eprintln!("no case files under {}", cases_dir().display());
            return ExitCode::FAILURE;
        }
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let mut trials = vec![
        Trial::test("workspace::table_functions_have_cases", coverage::table_functions_have_cases),
        Trial::test("workspace::table_functions_have_docs", coverage::table_functions_have_docs),
        Trial::test("workspace::dependency_arrows", arrows::hold),
    ];
    for engine in EngineKind::ALL {
        trials.extend(files.iter().map(|file| trial(engine, file.clone())));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(engine: EngineKind, file: PathBuf) -> Trial {
    let name = file.strip_prefix(cases_dir()).unwrap_or(&file).with_extension("");
    let name = name.to_string_lossy().replace('\\', "/");
    Trial::test(format!("{engine}::{name}"), move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(run_file(&file, engine)).map_err(Failed::from)
    })
}
