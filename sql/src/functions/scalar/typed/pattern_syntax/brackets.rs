//! Bracket expressions: `[a-z[:digit:]\\w]`.

use super::{Translator, invalid, literal};
use crate::{Error, Result};

/// See the module.
impl Translator {
    pub(super) fn brackets(&mut self) -> Result<()> {
        let negated = self.peek(0) == Some('^');
        if negated {
            self.at += 1;
        }
        let mut inner = String::new();
        let mut first = true;
        loop {
            let Some(character) = self.peek(0) else { return Err(invalid("brackets [] not balanced")) };
            self.at += 1;
            match character {
                ']' if !first => break,
                '[' if self.peek(0) == Some(':') => self.class(&mut inner)?,
                '[' if matches!(self.peek(0), Some('.' | '=')) => {
                    return Err(Error::unsupported("collating elements in a regular expression"));
                }
                '\\' => self.escape_in_brackets(&mut inner)?,
                other => {
                    let start = other;
                    // A range, unless the minus is the last.
                    if self.peek(0) == Some('-') && self.peek(1).is_some_and(|end| end != ']') {
                        self.at += 1;
                        let Some(mut end) = self.peek(0) else {
                            return Err(invalid("brackets [] not balanced"));
                        };
                        self.at += 1;
                        if end == '\\' {
                            end = self.character_of_escape()?;
                        }
                        if end < start {
                            return Err(invalid("invalid character range"));
                        }
                        in_brackets(start, &mut inner);
                        inner.push('-');
                        in_brackets(end, &mut inner);
                    } else {
                        in_brackets(start, &mut inner);
                    }
                }
            }
            first = false;
        }
        self.out.push('[');
        if negated {
            self.out.push('^');
            if self.flags.stop_at_lines {
                self.out.push_str("\\n");
            }
        }
        self.out.push_str(&inner);
        self.out.push(']');
        Ok(())
    }

    /// `[:alpha:]`, behind its bracket.
    fn class(&mut self, inner: &mut String) -> Result<()> {
        let ahead: String = self.characters.iter().skip(self.at + 1).take(16).collect();
        let name = ahead.split_once(":]").map(|(name, _)| name.to_string());
        let class = match name.as_deref() {
            Some("alpha") => "\\p{Alphabetic}",
            Some("digit") => "\\p{Nd}",
            Some("alnum") => "\\p{Alphabetic}\\p{Nd}",
            Some("upper") => "\\p{Uppercase}",
            Some("lower") => "\\p{Lowercase}",
            Some("space") => "\\s",
            Some("blank") => " \\t",
            Some("punct") => "[:punct:]",
            Some("cntrl") => "\\p{Cc}",
            Some("xdigit") => "0-9A-Fa-f",
            Some("graph") => "[[:graph:]\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}]",
            Some("print") => "[[:print:]\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}]",
            Some("word") => "\\w",
            Some("ascii") => "\\x00-\\x7f",
            _ => return Err(invalid("invalid character class")),
        };
        self.at += name.map_or(0, |name| name.chars().count()) + 3;
        if class == "[:punct:]" {
            inner.push_str("[[:punct:]]");
        } else {
            inner.push_str(class);
        }
        Ok(())
    }

    fn escape_in_brackets(&mut self, inner: &mut String) -> Result<()> {
        match self.peek(0) {
            Some(class @ ('d' | 's' | 'w' | 'D' | 'S' | 'W')) => {
                self.at += 1;
                inner.push('\\');
                inner.push(class);
                Ok(())
            }
            _ => {
                let start = self.character_of_escape()?;
                in_brackets(start, inner);
                Ok(())
            }
        }
    }
}

fn in_brackets(character: char, out: &mut String) {
    literal(character, out);
}
