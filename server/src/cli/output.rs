//! Lines for people, on standard output and standard error, without a panic when either is closed.

use std::io::{self, Write};

use super::error::{Error, Result};

/// Writes a line to standard output at once: whoever started the command may be waiting for it.
pub(crate) fn say(line: &str) -> Result<()> {
    say_to(&mut io::stdout(), line)
}

/// Writes a line to `out` at once.
pub(crate) fn say_to(out: &mut dyn Write, line: &str) -> Result<()> {
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Error::output)
}

/// Writes whole lines to standard error; where that is closed there is nobody left to tell.
pub(crate) fn complain(lines: &str) {
    let _closed = io::stderr().write_all(lines.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipe that nobody reads.
    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_output_is_told_apart() {
        assert!(matches!(say_to(&mut Closed, "line"), Err(Error::OutputClosed)));
        let mut out = Vec::new();
        say_to(&mut out, "line").unwrap();
        assert_eq!(out, b"line\n");
    }
}
