//! Backslash commands, named as psql names them.
//!
//! They change how the shell shows things or ask the catalog; none changes data by itself.

use std::io::Write;
use std::path::Path;

use super::table::Expanded;
use super::{Flow, Shell};
use crate::cli::error::{Error, Result};
use crate::cli::output::{complain, say_to};

const HELP: &str = "\
Statements end with a semicolon and may span lines.

  \\d [TABLE]      the tables, or one table's columns and indexes
  \\dt             the tables
  \\di             the indexes
  \\timing [on|off]  show how long each statement takes
  \\x [on|off|auto]  show rows as records, one field a line
  \\vectors [short|full]  show vectors shortened or in full
  \\i FILE         run the statements of a file
  \\?              this list
  \\q              quit (or Ctrl-D)

Ctrl-C stops the running statement or clears the line.
";

impl Shell {
    /// Runs the command that `text` is, backslash included.
    pub(super) fn command(&mut self, text: &str, out: &mut dyn Write) -> Result<Flow> {
        let text = text.strip_prefix('\\').unwrap_or(text).trim().trim_end_matches(';').trim_end();
        let (name, argument) = match text.split_once(char::is_whitespace) {
            Some((name, argument)) => (name, argument.trim()),
            None => (text, ""),
        };
        match name {
            "q" | "quit" => return Ok(Flow::Quit),
            "?" | "h" | "help" => out.write_all(HELP.as_bytes()).map_err(Error::output)?,
            "d" if argument.is_empty() => self.list_tables(out)?,
            "d" => self.describe(argument, out)?,
            "dt" => self.list_tables(out)?,
            "di" => self.list_indexes(out)?,
            "timing" => {
                self.timing = switched(argument, self.timing)?;
                say_to(out, &format!("Timing is {}.", on_off(self.timing)))?;
            }
            "x" => {
                self.look.expanded = match argument {
                    "auto" => Expanded::Auto,
                    _ if switched(argument, self.look.expanded == Expanded::On)? => Expanded::On,
                    _ => Expanded::Off,
                };
                let state = match self.look.expanded {
                    Expanded::On => "on",
                    Expanded::Off => "off",
                    Expanded::Auto => "used for rows wider than the terminal",
                };
                say_to(out, &format!("Expanded display is {state}."))?;
            }
            "vectors" => {
                self.look.short_vectors = match argument {
                    "" => !self.look.short_vectors,
                    "short" => true,
                    "full" => false,
                    _ => return Err(refused("\\vectors takes short or full")),
                };
                let state = if self.look.short_vectors { "shortened" } else { "shown in full" };
                say_to(out, &format!("Vectors are {state}."))?;
            }
            "i" | "include" => {
                if argument.is_empty() {
                    return Err(refused("\\i takes the name of a file"));
                }
                let path =
                    argument.strip_prefix('\'').and_then(|name| name.strip_suffix('\'')).unwrap_or(argument);
                return self.include(Path::new(path), out);
            }
            _ => return Err(refused(&format!("\\{name} is no command; \\? lists them"))),
        }
        Ok(Flow::Continue)
    }
}

/// `on` or `off` as asked for, or the other of the two.
fn switched(argument: &str, now: bool) -> Result<bool> {
    match argument {
        "" => Ok(!now),
        "on" | "true" | "1" => Ok(true),
        "off" | "false" | "0" => Ok(false),
        _ => Err(refused(&format!("{argument:?} is neither on nor off"))),
    }
}

fn on_off(state: bool) -> &'static str {
    if state { "on" } else { "off" }
}

/// Says what is wrong with a command; a script ends there, as at a failed statement.
pub(super) fn refused(message: &str) -> Error {
    complain(&format!("{message}\n"));
    Error::Reported
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_without_argument_turns_over() {
        assert!(switched("", false).unwrap());
        assert!(!switched("", true).unwrap());
        assert!(switched("on", true).unwrap());
        assert!(switched("perhaps", true).is_err());
    }
}
