//! A run as tables for people, on standard output.

use super::point::Point;
use super::record::{Record, SetRecord};
use super::target::{Bound, Target};

/// Builds, measurements and targets of a data set.
pub(super) fn print(set: &SetRecord) {
    println!(
        "\n{}: {} vectors of {} dimensions, {} queries",
        set.title, set.rows, set.dimensions, set.queries
    );
    println!("\n{:<24} {:>9}  version", "built", "seconds");
    for built in &set.built {
        println!("{:<24} {:>9.1}  {}", built.name, built.seconds, built.version);
    }
    for missing in &set.missing {
        println!("{:<24} {:>9}  {}", missing.name, "missing", missing.reason);
    }
    println!(
        "\n{:<28} {:>5} {:>9} {:>10} {:>9} {:>9} {:>9} {:>9}",
        "searched", "ef", "recall@10", "queries/s", "us/query", "p50, us", "p99, us", "searches"
    );
    for point in &set.points {
        println!("{}", line(point));
    }
    println!();
    targets(&set.targets);
}

/// What concerns no data set.
pub(super) fn print_rest(record: &Record) {
    println!();
    targets(&record.targets);
}

fn line(point: &Point) -> String {
    let ef = point.ef.map_or_else(|| "exact".to_string(), |ef| ef.to_string());
    let time = point.time.map_or_else(String::new, |time| format!("{time:.1}"));
    let short =
        if point.short > 0 { format!("  {} answers of fewer rows", point.short) } else { String::new() };
    format!(
        "{:<28} {ef:>5} {:>9.4} {:>10.0} {time:>9} {:>9.1} {:>9.1} {:>9}{short}",
        point.line.to_string(),
        point.recall,
        point.qps,
        point.p50,
        point.p99,
        point.searches
    )
}

fn targets(targets: &[Target]) {
    for target in targets {
        let bound = match target.bound {
            Bound::AtMost(most) => format!("<= {most}"),
            Bound::AtLeast(least) => format!(">= {least}"),
        };
        let value = target.value.map_or_else(|| "-".to_string(), |value| format!("{value:.3}"));
        let met = match target.met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "not measured",
        };
        println!("{:<88} {bound:>8} {value:>8}  {met:<12} {}", target.promise, target.of);
    }
}
