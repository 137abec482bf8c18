//! A statement's error as psql would show it, with the SQLSTATE and a caret under the place.

use std::fmt::Write as _;

use muster::Error;

/// Characters of the statement's line that are shown around the caret.
const SHOWN: usize = 72;

/// The error's lines, each ended; `sql` is the text whose characters its position counts.
pub(crate) fn report(error: &Error, sql: &str) -> String {
    let mut out = format!("ERROR:  {}: {error}\n", error.sqlstate());
    if let Some(position) = error.position() {
        push_caret(&mut out, sql, position);
    }
    if let Some(detail) = error.detail() {
        push_line(&mut out, "DETAIL", &detail);
    }
    if let Some(hint) = error.hint() {
        push_line(&mut out, "HINT", &hint);
    }
    out
}

/// What is shown when the user stopped a statement: PostgreSQL's own words and code.
pub(crate) const CANCELED: &str = "ERROR:  57014: canceling statement due to user request\n";

fn push_line(out: &mut String, label: &str, text: &str) {
    // Writing to a String cannot fail.
    let _ok = writeln!(out, "{label}:  {text}");
}

/// `LINE 2: select nme from workers` and a caret; nothing when the position is outside the text.
fn push_caret(out: &mut String, sql: &str, position: usize) {
    let Some(mut column) = position.checked_sub(1) else { return };
    for (number, line) in (1..).zip(sql.split('\n')) {
        let length = line.chars().count();
        if column > length {
            column -= length + 1;
            continue;
        }
        let skipped = column.saturating_sub(SHOWN / 2).min(length.saturating_sub(SHOWN));
        let before = if skipped > 0 { "..." } else { "" };
        let after = if length > skipped + SHOWN { "..." } else { "" };
        // A tab would push the text away from the caret.
        let shown: String = line
            .chars()
            .skip(skipped)
            .take(SHOWN)
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .collect();
        let prefix = format!("LINE {number}: {before}");
        let indent = prefix.chars().count() + column - skipped;
        let _ok = writeln!(out, "{prefix}{shown}{after}\n{:indent$}^", "");
        return;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caret(sql: &str, position: usize) -> String {
        let mut out = String::new();
        push_caret(&mut out, sql, position);
        out
    }

    #[test]
    fn the_caret_stands_under_the_character() {
        assert_eq!(caret("select x", 8), "LINE 1: select x\n               ^\n");
        assert_eq!(caret("select\n  é, ü", 13), "LINE 2:   é, ü\n             ^\n");
        assert_eq!(caret("select", 7), "LINE 1: select\n              ^\n");
    }

    #[test]
    fn a_position_outside_draws_nothing() {
        assert_eq!(caret("select", 0), "");
        assert_eq!(caret("select", 99), "");
        assert_eq!(caret("", 5), "");
    }

    #[test]
    fn long_lines_are_cut_around_the_caret() {
        let sql = format!("{}X{}", "a".repeat(200), "b".repeat(200));
        let drawn = caret(&sql, 201);
        let (line, pointer) = drawn.split_once('\n').unwrap();
        assert!(line.len() < 100 && line.contains("...a") && line.ends_with("b..."));
        assert_eq!(line.find('X'), pointer.find('^'));
    }
}
