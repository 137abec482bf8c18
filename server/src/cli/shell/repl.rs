//! The interactive loop: line editing, history, statements over several lines.
//!
//! Invariant: it leaves only by Ctrl-D, `\q` or a broken terminal; no statement's failure ends it.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Editor, Helper};

use super::splitter::Splitter;
use super::{Flow, Shell, history};
use crate::cli::error::{Error, Result};

const PROMPT: &str = "muster=> ";

/// Reads and runs until the user quits.
pub(crate) fn interact(shell: &mut Shell, data: &Path) -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "muster {} on {}. \\? for help, \\q to quit.", env!("CARGO_PKG_VERSION"), data.display())
        .map_err(Error::output)?;
    let mut editor = editor()?;
    let history = history::file();
    if let Some(file) = &history
        && file.exists()
        && let Err(error) = editor.load_history(file)
    {
        tracing::warn!("cannot read the history in {file:?}: {error}");
    }
    let ended = read_lines(shell, &mut editor, &mut out);
    if let Some(file) = &history
        && let Err(error) = editor.append_history(file)
    {
        tracing::warn!("cannot write the history to {file:?}: {error}");
    }
    ended
}

fn read_lines(
    shell: &mut Shell,
    editor: &mut Editor<Statements, FileHistory>,
    out: &mut dyn Write,
) -> Result<()> {
    loop {
        match editor.readline(PROMPT) {
            Ok(input) => {
                if input.trim().is_empty() {
                    continue;
                }
                // A full history is no reason to refuse the line. Passwords are not for files.
                if !input.to_ascii_lowercase().contains("password") {
                    let _added = editor.add_history_entry(input.trim_end());
                }
                if run(shell, &input, out)? == Flow::Quit {
                    return Ok(());
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => {
                return Err(Error::System {
                    action: "read from the terminal",
                    source: std::io::Error::other(error),
                });
            }
        }
    }
}

/// Runs what was entered. Only what makes going on senseless is an error.
fn run(shell: &mut Shell, input: &str, out: &mut dyn Write) -> Result<Flow> {
    let mut splitter = Splitter::new();
    splitter.push(input);
    splitter.push("\n");
    while let Some(piece) = splitter.next_piece() {
        match shell.piece(&piece, out) {
            Ok(Flow::Continue) => {}
            Ok(Flow::Quit) => return Ok(Flow::Quit),
            Err(error @ Error::OutputClosed) => return Err(error),
            Err(Error::Reported | Error::Interrupted) => return Ok(Flow::Continue),
            Err(error) => {
                error.report();
                return Ok(Flow::Continue);
            }
        }
    }
    Ok(Flow::Continue)
}

fn editor() -> Result<Editor<Statements, FileHistory>> {
    let failed =
        |error| Error::System { action: "set up the terminal", source: std::io::Error::other(error) };
    let config = Config::builder()
        .max_history_size(history::LINES)
        .map_err(failed)?
        .history_ignore_dups(true)
        .map_err(failed)?
        .history_ignore_space(true)
        .build();
    let mut editor = Editor::with_config(config).map_err(failed)?;
    editor.set_helper(Some(Statements));
    Ok(editor)
}

/// Tells the editor when the input is complete: Enter inside a statement begins a new line.
struct Statements;

impl Validator for Statements {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if is_complete(context.input()) {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}

fn is_complete(input: &str) -> bool {
    let mut splitter = Splitter::new();
    splitter.push(input);
    splitter.push("\n");
    while splitter.next_piece().is_some() {}
    !splitter.pending()
}

impl Helper for Statements {}

impl Completer for Statements {
    type Candidate = String;
}

impl Hinter for Statements {
    type Hint = String;
}

impl Highlighter for Statements {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _default: bool) -> Cow<'b, str> {
        Cow::Owned(format!("\x1b[1m{prompt}\x1b[0m"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_inside_a_statement_begins_a_new_line() {
        for open in ["select", "select 1; select", "select ';", "/* ;", "select $$;"] {
            assert!(!is_complete(open), "{open}");
        }
        for complete in ["", "  ", "select 1;", "\\d workers", "select ';';", "-- only a comment", ";"] {
            assert!(is_complete(complete), "{complete}");
        }
    }
}
