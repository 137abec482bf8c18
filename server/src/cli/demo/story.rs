//! The demo told from the first row to the last line: generate, load, search, what to type next.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use muster::{Database, LoadRequest, QueryResult, Session};
use tokio::runtime::Handle;

use super::searches::{self, Search};
use crate::cli::error::{Error, Result};
use crate::cli::generate::write_workers;
use crate::cli::load::summary;
use crate::cli::output::say_to;
use crate::cli::progress::Display;
use crate::cli::quantity::{grouped, milliseconds, peak_memory, seconds};
use crate::cli::shell::{Expanded, Look, ResultPrinter};

/// The seed of the demo's workforce: everybody sees the same people.
const SEED: u64 = 42;

/// What the telling needs.
pub(super) struct Story {
    pub(super) database: Database,
    pub(super) runtime: Handle,
    pub(super) data: PathBuf,
    pub(super) temporary: bool,
    pub(super) rows: u64,
    pub(super) serves: bool,
}

impl Story {
    /// Tells it on standard output.
    pub(super) fn tell(self) -> Result<()> {
        let start = Instant::now();
        let session = self.database.session();
        let mut out = std::io::stdout();
        self.fill(&session, &mut out)?;

        self.search(&session, 1, &searches::by_meaning(), &mut out)?;
        let found = self.search(&session, 2, &searches::filtered(), &mut out)?;
        let first = first_text(&found);
        self.search(&session, 3, &searches::without(first.as_deref()), &mut out)?;
        self.search(&session, 4, &searches::two_orders(), &mut out)?;
        self.search(&session, 5, &searches::graph_and_exact(), &mut out)?;
        say_to(&mut out, &format!("\nAll of it took {}.\n\n{}", seconds(start.elapsed()), self.what_next()))
    }

    /// Puts workers into the table, unless it has some.
    fn fill(&self, session: &Session, out: &mut dyn Write) -> Result<()> {
        let place = self.data.display();
        let present = self.count(session)?;
        if present > 0 {
            return say_to(
                out,
                &format!("{place} already holds {} workers: these are searched.", grouped(present)),
            );
        }
        if self.temporary {
            say_to(out, &format!("A new database in {place}, removed at the end."))?;
        } else {
            say_to(out, &format!("A new database in {place}."))?;
        }
        let files = tempfile::Builder::new().prefix("muster-demo-file-").tempdir_in(self.files_beside());
        let files = files.map_err(|source| Error::System { action: "make a temporary folder", source })?;
        let path = files.path().join("workers.parquet");
        write_workers(self.rows, SEED, &path)?;
        session.set_progress(Arc::new(Display::on_stderr()));
        let request = LoadRequest { table: "workers".to_owned(), path, format: None, create: false };
        let report = self.runtime.block_on(session.load(&request))?;
        say_to(out, &format!("Loaded {}.", summary("workers", &report, peak_memory())))
    }

    /// Within the database's own temporary folder, so that they go together even after Ctrl-C.
    fn files_beside(&self) -> PathBuf {
        if self.temporary { self.data.clone() } else { std::env::temp_dir() }
    }

    fn count(&self, session: &Session) -> Result<u64> {
        let counted = self.runtime.block_on(session.query("SELECT count(*) FROM workers", &[]))?;
        let count = counted
            .batches()
            .iter()
            .find(|batch| batch.num_rows() > 0)
            .and_then(|batch| batch.columns().first())
            .and_then(|column| column.as_primitive_opt::<Int64Type>())
            .map(|column| column.value(0));
        Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
    }

    /// Shows the search, its result and its time.
    fn search(
        &self,
        session: &Session,
        number: u32,
        search: &Search,
        out: &mut dyn Write,
    ) -> Result<QueryResult> {
        say_to(out, &format!("\n{number}. {}\n\n{};\n", search.title, indented(&search.sql)))?;
        let start = Instant::now();
        let result = self.runtime.block_on(session.query(&search.sql, &[]))?;
        self.draw(&result, start.elapsed(), out).map_err(Error::output)?;
        Ok(result)
    }

    fn draw(&self, result: &QueryResult, time: Duration, out: &mut dyn Write) -> std::io::Result<()> {
        // Records one below the other would tell the story worse than a line that wraps.
        let look = Look { expanded: Expanded::Off, ..Look::of_stdout() };
        let mut printer = ResultPrinter::new(look, result.schema());
        for batch in result.batches() {
            printer.push(batch.clone(), out)?;
        }
        printer.finish(out)?;
        writeln!(out, "Time: {}", milliseconds(time))?;
        out.flush()
    }

    fn what_next(&self) -> String {
        // Told apart by what Cargo sets for the programs it runs.
        let muster = if std::env::var_os("CARGO_MANIFEST_DIR").is_some() {
            "cargo run --release --"
        } else {
            "muster"
        };
        if self.serves {
            return String::new();
        }
        let mut lines: Vec<(String, &str)> = Vec::new();
        let data = if self.temporary {
            lines.push(("demo --serve".to_owned(), "this database, for psql and programs"));
            lines.push(("generate workers --rows 100000 --seed 42 --out workers.parquet".to_owned(), ""));
            lines.push((
                "load workers.parquet --table workers".to_owned(),
                "into ./muster-data, as are the next two",
            ));
            String::new()
        } else {
            format!(" --data {}", self.data.display())
        };
        lines.push((format!("sql{data}"), "a shell; \\d workers shows the table, \\? helps"));
        lines.push((format!("serve{data}"), "then: psql -h 127.0.0.1 -p 5433 muster"));
        // What has no remark need not push the others to the right.
        let width =
            lines.iter().filter(|line| !line.1.is_empty()).map(|line| line.0.len()).max().unwrap_or(0);
        let mut text = String::from("What to type next:\n\n");
        for (arguments, remark) in lines {
            let remark = if remark.is_empty() { String::new() } else { format!("   # {remark}") };
            text.push_str(format!("  {muster} {arguments:<width$}{remark}").trim_end());
            text.push('\n');
        }
        text
    }
}

/// The first row's first column, where it is text.
fn first_text(result: &QueryResult) -> Option<String> {
    let batch = result.batches().iter().find(|batch| batch.num_rows() > 0)?;
    let column = arrow::compute::cast(batch.columns().first()?, &arrow::datatypes::DataType::Utf8).ok()?;
    let ids = column.as_string_opt::<i32>()?;
    ids.iter().next().flatten().map(str::to_owned)
}

fn indented(sql: &str) -> String {
    sql.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
