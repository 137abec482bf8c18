//! Every table function that the database has is shown by a case file and by the documentation.

use std::path::Path;

use libtest_mimic::Failed;
use muster_sqllogictest::cases_dir;

/// Fails when a registered table function has no `.slt` of its name.
pub(crate) fn table_functions_have_cases() -> Result<(), Failed> {
    let folder = cases_dir().join("functions").join("table");
    let without = |name: &&&str| !folder.join(format!("{name}.slt")).is_file();
    let missing: Vec<_> = muster::TABLE_FUNCTIONS.iter().filter(without).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("no cases in {} for {missing:?}", folder.display()).into())
    }
}

/// Fails when a registered table function has no heading in `docs/sql/functions.md`.
pub(crate) fn table_functions_have_docs() -> Result<(), Failed> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/sql/functions.md");
    let text = std::fs::read_to_string(&page)?;
    let without = |name: &&&str| !text.lines().any(|line| line == format!("### `{name}`"));
    let missing: Vec<_> = muster::TABLE_FUNCTIONS.iter().filter(without).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("no heading in {} for {missing:?}", page.display()).into())
    }
}
