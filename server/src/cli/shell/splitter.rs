//! Cuts input into statements and backslash commands, line by line as it comes.
//!
//! It is not a parser: it knows only what can hide a semicolon, namely quotes, dollar quotes,
//! comments (which nest) and parentheses. Invariant: nothing is scanned twice, so a script of any
//! length takes linear time, and joining the pieces gives back all that was not blank.

/// What the input holds next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A statement without its semicolon, never blank.
    Statement(String),
    /// A backslash command to the end of its line, with its backslash.
    Command(String),
}

/// Where the scan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Plain,
    LineComment,
    /// How many comments are open within one another.
    BlockComment(usize),
    /// In `'...'`; whether a backslash escapes, as in `E'...'`.
    Quote {
        escapes: bool,
    },
    /// In `"..."`.
    Identifier,
    /// In `$tag$...`: where the tag is in the text.
    Dollar {
        start: usize,
        end: usize,
    },
}

/// What one step of the scan came to.
enum Step {
    /// Scan on.
    On,
    /// Nothing can be said before more input comes.
    Wait,
    Cut(Piece),
}

/// The scan of what was pushed and not yet taken.
#[derive(Debug)]
pub(crate) struct Splitter {
    text: String,
    /// Everything before it was scanned.
    scanned: usize,
    state: State,
    parentheses: usize,
    /// Whether anything but blanks and comments was seen since the last piece.
    begun: bool,
}

impl Splitter {
    pub(crate) fn new() -> Self {
        Splitter { text: String::new(), scanned: 0, state: State::Plain, parentheses: 0, begun: false }
    }

    /// Adds input. Push whole lines: two letters that belong together must come together.
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// The next complete piece, or `None` until more is pushed.
    pub(crate) fn next_piece(&mut self) -> Option<Piece> {
        while let Some(&byte) = self.text.as_bytes().get(self.scanned) {
            match self.state {
                State::Plain => match self.plain(byte) {
                    Step::On => {}
                    Step::Wait => return None,
                    Step::Cut(piece) => return Some(piece),
                },
                State::LineComment => {
                    self.scanned += 1;
                    if byte == b'\n' {
                        self.state = State::Plain;
                    }
                }
                State::BlockComment(depth) => self.block_comment(byte, depth),
                State::Quote { escapes } => {
                    self.scanned += if escapes && byte == b'\\' { 2 } else { 1 };
                    // A doubled quote closes and opens again, which comes to the same.
                    if byte == b'\'' {
                        self.state = State::Plain;
                    }
                }
                State::Identifier => {
                    self.scanned += 1;
                    if byte == b'"' {
                        self.state = State::Plain;
                    }
                }
                State::Dollar { start, end } => {
                    let bytes = self.text.as_bytes();
                    let tag = bytes.get(start..end).unwrap_or_default();
                    if byte == b'$' && bytes.get(self.scanned..).is_some_and(|rest| rest.starts_with(tag)) {
                        self.scanned += end - start;
                        self.state = State::Plain;
                    } else {
                        self.scanned += 1;
                    }
                }
            }
        }
        None
    }

    /// Whether a statement has been begun and not ended.
    pub(crate) fn pending(&self) -> bool {
        self.begun || matches!(self.state, State::BlockComment(_))
    }

    /// What is left at the end of the input: the last statement may go without a semicolon.
    pub(crate) fn finish(&mut self) -> Option<Piece> {
        let pending = self.begun;
        let end = self.text.len();
        let text = self.take(end, end);
        pending.then_some(Piece::Statement(text))
    }

    /// One step outside quotes and comments.
    fn plain(&mut self, byte: u8) -> Step {
        let at = self.scanned;
        let next = self.text.as_bytes().get(at + 1).copied();
        match byte {
            b';' if self.parentheses == 0 => {
                let begun = self.begun;
                let text = self.take(at, at + 1);
                return if begun { Step::Cut(Piece::Statement(text)) } else { Step::On };
            }
            b'\\' if !self.begun => {
                // Without the end of its line the command may go on.
                let Some(length) = self.text.get(at..).and_then(|rest| rest.find('\n')) else {
                    return Step::Wait;
                };
                let command = self.text.get(at..at + length).unwrap_or_default().trim_end().to_owned();
                self.take(at, at + length + 1);
                return Step::Cut(Piece::Command(command));
            }
            b'-' if next == Some(b'-') => self.state = State::LineComment,
            b'/' if next == Some(b'*') => {
                self.state = State::BlockComment(1);
                self.scanned += 2;
                return Step::On;
            }
            b'\'' => self.state = State::Quote { escapes: self.escape_prefix(at) },
            b'"' => self.state = State::Identifier,
            b'$' => {
                if let Some(end) = self.dollar_tag(at) {
                    self.state = State::Dollar { start: at, end };
                    self.begun = true;
                    self.scanned = end;
                    return Step::On;
                }
            }
            b'(' => self.parentheses += 1,
            b')' => self.parentheses = self.parentheses.saturating_sub(1),
            _ => {}
        }
        if self.state != State::LineComment && !byte.is_ascii_whitespace() {
            self.begun = true;
        }
        self.scanned += 1;
        Step::On
    }

    fn block_comment(&mut self, byte: u8, depth: usize) {
        let next = self.text.as_bytes().get(self.scanned + 1).copied();
        match (byte, next) {
            (b'*', Some(b'/')) => {
                self.scanned += 2;
                self.state = if depth > 1 { State::BlockComment(depth - 1) } else { State::Plain };
            }
            (b'/', Some(b'*')) => {
                self.scanned += 2;
                self.state = State::BlockComment(depth + 1);
            }
            _ => self.scanned += 1,
        }
    }

    /// Whether the quote at `at` is that of `E'...'`, and the E no end of a longer word.
    fn escape_prefix(&self, at: usize) -> bool {
        let before = |distance: usize| {
            at.checked_sub(distance).and_then(|index| self.text.as_bytes().get(index)).copied()
        };
        matches!(before(1), Some(b'e' | b'E')) && !before(2).is_some_and(is_word)
    }

    /// The end of the dollar-quote tag that begins at `at`, unless it is a parameter or part of a word.
    fn dollar_tag(&self, at: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        if at.checked_sub(1).and_then(|index| bytes.get(index)).copied().is_some_and(is_word) {
            return None;
        }
        let rest = bytes.get(at + 1..)?;
        let length = rest.iter().position(|byte| *byte == b'$')?;
        let tag = rest.get(..length)?;
        let starts_well = !tag.first().is_some_and(u8::is_ascii_digit);
        (starts_well && tag.iter().copied().all(is_word)).then_some(at + length + 2)
    }

    /// Takes the text up to `end`, trimmed, drops it up to `resume` and starts afresh.
    fn take(&mut self, end: usize, resume: usize) -> String {
        let piece = self.text.get(..end).unwrap_or_default().trim().to_owned();
        self.text.drain(..resume.min(self.text.len()));
        self.scanned = 0;
        self.state = State::Plain;
        self.parentheses = 0;
        self.begun = false;
        piece
    }
}

/// A byte of an identifier; every byte of a letter outside ASCII is one.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces of a script, statements as they are and commands with their backslash.
    fn pieces(script: &str) -> Vec<String> {
        let mut splitter = Splitter::new();
        let mut found = Vec::new();
        for line in script.split_inclusive('\n') {
            splitter.push(line);
            while let Some(piece) = splitter.next_piece() {
                found.push(piece);
            }
        }
        splitter.push("\n");
        while let Some(piece) = splitter.next_piece() {
            found.push(piece);
        }
        found.extend(splitter.finish());
        assert!(!splitter.pending());
        found
            .into_iter()
            .map(|piece| match piece {
                Piece::Statement(text) => text,
                Piece::Command(text) => text,
            })
            .collect()
    }

    #[test]
    fn semicolons_end_statements_and_the_last_needs_none() {
        assert_eq!(pieces("select 1; select\n 2;;  ;\nselect 3"), ["select 1", "select\n 2", "select 3"]);
        assert!(pieces("").is_empty());
        assert!(pieces(" ;\n -- nothing\n /* at all */ ;").is_empty());
    }

    #[test]
    fn quotes_hide_semicolons() {
        assert_eq!(
            pieces("select 'a;b''c;'; select \"x;\"\"y\";"),
            ["select 'a;b''c;'", "select \"x;\"\"y\""]
        );
        assert_eq!(pieces("select 'a\\'; select 2;"), ["select 'a\\'", "select 2"]);
        assert_eq!(pieces(r"select E'it\'s; one'; select 2"), [r"select E'it\'s; one'", "select 2"]);
        assert_eq!(pieces(r"select me'\'; select 2"), [r"select me'\'", "select 2"]);
    }

    #[test]
    fn dollar_quotes_hide_everything_but_their_own_tag() {
        assert_eq!(pieces("select $$a;'b$$; select 2"), ["select $$a;'b$$", "select 2"]);
        assert_eq!(pieces("select $q$ ; $$ ; $r$ $q$; x"), ["select $q$ ; $$ ; $r$ $q$", "x"]);
        assert_eq!(pieces("select $1;select a$b$;"), ["select $1", "select a$b$"]);
        assert_eq!(pieces("select $é$;$é$;"), ["select $é$;$é$"]);
    }

    #[test]
    fn comments_hide_semicolons_and_quotes_and_nest() {
        assert_eq!(pieces("select 1 -- it's; fine\n;select 2"), ["select 1 -- it's; fine", "select 2"]);
        assert_eq!(pieces("/* a; /* b; */ ' c; */ select 1;"), ["/* a; /* b; */ ' c; */ select 1"]);
        assert_eq!(pieces("/* '\n; */\n"), Vec::<String>::new());
    }

    #[test]
    fn parentheses_hide_semicolons() {
        assert_eq!(
            pieces("create rule r as do (a; b); select 1"),
            ["create rule r as do (a; b)", "select 1"]
        );
        assert_eq!(pieces("select 1); select 2"), ["select 1)", "select 2"]);
    }

    #[test]
    fn commands_stand_at_the_beginning_and_end_with_their_line() {
        assert_eq!(
            pieces("\\d workers; \nselect 1;\n  \\timing\n"),
            ["\\d workers;", "select 1", "\\timing"]
        );
        assert_eq!(pieces("-- first\n\\q"), ["\\q"]);
        assert_eq!(pieces("select 1 \\g\n;"), ["select 1 \\g"]);
    }

    #[test]
    fn an_open_quote_or_comment_waits_for_more() {
        for open in ["select 'a;\n", "select 1\n", "/* ;\n", "select $x$ ;\n", "select (1;\n"] {
            let mut splitter = Splitter::new();
            splitter.push(open);
            assert_eq!(splitter.next_piece(), None, "{open}");
            assert!(splitter.pending(), "{open}");
        }
    }

    #[test]
    fn letters_outside_ascii_survive() {
        assert_eq!(pieces("select 'Żółć;é'; select 'ü'"), ["select 'Żółć;é'", "select 'ü'"]);
    }
}
