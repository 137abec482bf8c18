//! Drafts and proposals about 20,000 workers, validated in one statement: `validate [drafts]`, 100,000 unless given.
//!
//! For each validator the engine's rules alone on one thread, then the table function over a table, LATERAL, and the scalar function
//! in WHERE; five runs each, of which it prints the median. Half of the drafts have nothing wrong.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use muster::blocking::{Database, Session};
use muster_engine::validate::{Submission, Validator, Worker};

const RUNS: usize = 5;

/// The name of a validator, and its drafts as SQL over a number `i`.
const VALIDATORS: [(&str, Validator, &str); 3] = [
    (
        "email",
        Validator::Email,
        "'{\"to\": \"worker' || i || '@example.com\", \"subject\": \"Shift on Monday\", \"body\": \"Hi Worker Number ' || (i % 20000)
            || ',\\n\\nBeacon Freight in Detroit needs a forklift operator on Monday at 7, until 15:30. Call 555-123-4567 or answer here if you '
            || 'can come; the order is ORD-2024-' || i || '.' || CASE WHEN i % 2 = 0 THEN '' ELSE ' The rate is $21.50 per hour, SSN 123-45-6789.' END
            || '\\n\\nThank you\", \"_context\": {\"candidate_id\": \"w' || (i % 20000) || '\"}}'",
    ),
    (
        "sms",
        Validator::Sms,
        "'{\"to\": \"+1313555' || lpad((i % 10000)::text, 4, '0') || '\", \"body\": \"Hi Worker Number ' || (i % 20000)
            || ', shift at 7 in Detroit? Call 555-123-4567.' || CASE WHEN i % 2 = 0 THEN ' Reply STOP to opt out' ELSE ' {{client}}' END
            || '\", \"_context\": {\"candidate_id\": \"w' || (i % 20000) || '\"}}'",
    ),
    (
        "fill",
        Validator::Fill,
        "'{\"fills\": [{\"candidate_id\": \"w' || (i % 20000) || '\", \"name\": \"Worker Number ' || (i % 20000)
            || '\"}, {\"candidate_id\": \"w' || ((i + 1) % 20000) || '\", \"name\": \"Worker Number ' || ((i + 1) % 20000)
            || '\"}], \"_context\": {\"target_count\": ' || (2 + i % 2) || ', \"city\": \"Detroit\", \"state\": \"MI\", \"role\": \"Forklift Operator\", '
            || '\"client\": \"Beacon Freight\"}}'",
    ),
];

fn main() -> Result<()> {
    let drafts: usize = std::env::args().nth(1).map_or(Ok(100_000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let database = Database::open(folder.path())?;
    let session = database.session();
    session.execute(
        "INSERT INTO workers (worker_id, name, role, city, state)
         SELECT 'w' || i, 'Worker Number ' || i, 'Forklift Operator', 'Detroit', 'MI' FROM generate_series(0, 19999) g(i)",
        &[],
    )?;
    println!("{:>8} {:>28} {:>10} {:>12} {:>10}", "", "", "seconds", "a second", "rows");
    for (name, validator, draft) in VALIDATORS {
        session.execute(&format!("CREATE TABLE {name} (id int PRIMARY KEY, draft jsonb)"), &[])?;
        session.execute(
            &format!("INSERT INTO {name} SELECT i, ({draft})::jsonb FROM generate_series(1, {drafts}) g(i)"),
            &[],
        )?;
        database.checkpoint()?;
        let report = |what: &str, (time, rows): (Duration, i64)| {
            let seconds = time.as_secs_f64();
            println!("{name:>8} {what:>28} {seconds:>10.3} {:>12.0} {rows:>10}", drafts as f64 / seconds);
        };
        report("engine, one thread", median(|| alone(&session, name, validator))?);
        let findings = format!(
            "SELECT count(v.rule) FROM {name} d LEFT JOIN LATERAL validate_{name}(d.draft) v ON true"
        );
        report("LEFT JOIN LATERAL", median(|| timed(&session, &findings))?);
        let valid = format!("SELECT count(*) FROM {name} WHERE is_valid_{name}(draft)");
        report("WHERE is_valid", median(|| timed(&session, &valid))?);
    }
    Ok(())
}

/// The run of the median time.
fn median(run: impl Fn() -> Result<(Duration, i64)>) -> Result<(Duration, i64)> {
    let mut runs = (0..RUNS).map(|_| run()).collect::<Result<Vec<_>>>()?;
    runs.sort_unstable();
    runs.get(RUNS / 2).copied().context("a run")
}

fn timed(session: &Session, sql: &str) -> Result<(Duration, i64)> {
    let start = Instant::now();
    let result = session.query(sql, &[])?;
    let time = start.elapsed();
    let count = result.batches().first().context("a row")?.column(0).as_primitive::<Int64Type>().value(0);
    Ok((time, count))
}

/// The rules without a database, the workers in a map.
fn alone(session: &Session, table: &str, validator: Validator) -> Result<(Duration, i64)> {
    let result = session.query(&format!("SELECT draft FROM {table}"), &[])?;
    let workers: HashMap<String, Worker> = (0..20_000)
        .map(|i| {
            let worker = Worker {
                name: format!("Worker Number {i}"),
                status: "active".to_string(),
                city: Some("Detroit".to_string()),
                state: Some("MI".to_string()),
                role: Some("Forklift Operator".to_string()),
                blacklisted_clients: Vec::new(),
            };
            (format!("w{i}"), worker)
        })
        .collect();
    let start = Instant::now();
    let mut findings = 0;
    for batch in result.batches() {
        for draft in batch.column(0).as_string::<i32>().iter().flatten() {
            findings += Submission::parse(validator, draft).findings(&workers).len();
        }
    }
    Ok((start.elapsed(), i64::try_from(findings)?))
}
