//! PostgreSQL's regular expressions, said in the syntax of the `regex` crate.
//!
//! It translates and decides what is none; it matches nothing. Invariant: a pattern that comes out means what the one that went in
//! means to PostgreSQL, apart from what [`super::regular`] says of lengths.
//!
//! Of PostgreSQL's syntax, BREs (the flag `b`, `***=` apart) and collating elements are not supported.

mod brackets;
mod flags;

use crate::sqlstate::SqlState;
use crate::{Error, Result};

pub(super) use flags::Flags;

/// The error of a pattern that is none.
pub(super) fn invalid(words: impl std::fmt::Display) -> Error {
    Error::new(SqlState::InvalidRegularExpression, format!("invalid regular expression: {words}"))
}

/// A pattern for the crates.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) pattern: String,
    /// Whether it looks around or back, which the crate does not.
    pub(super) fancy: bool,
    /// Whether of several alternatives the longest is to be taken.
    pub(super) longest: bool,
    pub(super) groups: usize,
}

struct Translator {
    characters: Vec<char>,
    at: usize,
    flags: Flags,
    out: String,
    fancy: bool,
    alternatives: bool,
    lazy: bool,
    groups: usize,
    open: usize,
}

/// The pattern in the crates' syntax.
///
/// # Errors
/// 2201B for no pattern, 0A000 for what is not supported.
pub(super) fn translate(source: &str, flags: Flags) -> Result<Translated> {
    let mut flags = flags;
    let mut rest = source;
    if let Some(literal) = rest.strip_prefix("***=") {
        flags.literal = true;
        rest = literal;
    } else if let Some(advanced) = rest.strip_prefix("***:") {
        rest = advanced;
    } else if rest.starts_with("***") {
        return Err(invalid("quantifier operand invalid"));
    }
    if flags.literal {
        let insensitive = if flags.ignore_case { "(?i)" } else { "" };
        let pattern = format!("{insensitive}{}", regex::escape(rest));
        return Ok(Translated { pattern, fancy: false, longest: false, groups: 0 });
    }
    // Options at the beginning: `(?i)`.
    if let Some(options) = rest.strip_prefix("(?")
        && let Some((letters, behind)) = options.split_once(')')
        && !letters.is_empty()
        && letters.chars().all(|letter| letter.is_ascii_alphabetic())
    {
        for letter in letters.chars() {
            if letter == 'g' {
                return Err(invalid("invalid embedded option"));
            }
            flags.set(letter).map_err(|_| invalid("invalid embedded option"))?;
        }
        rest = behind;
    }
    let translator = Translator {
        characters: rest.chars().collect(),
        at: 0,
        flags,
        out: String::with_capacity(rest.len() + 16),
        fancy: false,
        alternatives: false,
        lazy: false,
        groups: 0,
        open: 0,
    };
    translator.run()
}

impl Translator {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    fn run(mut self) -> Result<Translated> {
        // Whether there is something for a quantifier.
        let mut operand = false;
        // Whether that something is quantified already.
        let mut quantified = false;
        let mut stack = Vec::new();
        while let Some(character) = self.peek(0) {
            self.at += 1;
            match character {
                '*' | '+' | '?' => {
                    if !operand || quantified {
                        return Err(invalid("quantifier operand invalid"));
                    }
                    self.out.push(character);
                    self.laziness();
                    quantified = true;
                    continue;
                }
                '{' if self.peek(0).is_some_and(|next| next.is_ascii_digit()) => {
                    if !operand || quantified {
                        return Err(invalid("quantifier operand invalid"));
                    }
                    self.bounds()?;
                    self.laziness();
                    quantified = true;
                    continue;
                }
                '{' => {
                    self.out.push_str("\\{");
                    operand = true;
                }
                '}' => {
                    self.out.push_str("\\}");
                    operand = true;
                }
                '|' => {
                    self.alternatives = true;
                    self.out.push('|');
                    operand = false;
                }
                '(' => {
                    let lookahead = match (self.peek(0), self.peek(1), self.peek(2)) {
                        (Some('?'), Some(':'), _) => {
                            self.at += 2;
                            self.out.push_str("(?:");
                            false
                        }
                        (Some('?'), Some(kind @ ('=' | '!')), _) => {
                            self.at += 2;
                            self.out.push_str(if kind == '=' { "(?=" } else { "(?!" });
                            true
                        }
                        (Some('?'), Some('<'), Some(kind @ ('=' | '!'))) => {
                            self.at += 3;
                            self.out.push_str(if kind == '=' { "(?<=" } else { "(?<!" });
                            true
                        }
                        (Some('?'), Some('#'), _) => {
                            while self.peek(0).is_some_and(|inner| inner != ')') {
                                self.at += 1;
                            }
                            self.at += 1;
                            continue;
                        }
                        (Some('?'), _, _) => return Err(invalid("quantifier operand invalid")),
                        _ => {
                            self.groups += 1;
                            self.out.push('(');
                            false
                        }
                    };
                    self.fancy |= lookahead;
                    self.open += 1;
                    stack.push(lookahead);
                    operand = false;
                }
                ')' if self.open > 0 => {
                    self.open -= 1;
                    self.out.push(')');
                    operand = !stack.pop().unwrap_or(false);
                }
                ')' => return Err(invalid("parentheses () not balanced")),
                '[' => {
                    if self.word_boundary() {
                        operand = false;
                    } else {
                        self.brackets()?;
                        operand = true;
                    }
                }
                '.' => {
                    self.out.push_str(if self.flags.stop_at_lines { "[^\\n]" } else { "(?s:.)" });
                    operand = true;
                }
                '^' => {
                    self.out.push_str(if self.flags.anchor_at_lines { "(?m:^)" } else { "\\A" });
                    operand = false;
                }
                '$' => {
                    self.out.push_str(if self.flags.anchor_at_lines { "(?m:$)" } else { "\\z" });
                    operand = false;
                }
                '\\' => operand = self.escape()?,
                blank if self.flags.expanded && blank.is_whitespace() => continue,
                '#' if self.flags.expanded => {
                    while self.peek(0).is_some_and(|inner| inner != '\n') {
                        self.at += 1;
                    }
                    continue;
                }
                other => {
                    literal(other, &mut self.out);
                    operand = true;
                }
            }
            quantified = false;
        }
        if self.open > 0 {
            return Err(invalid("parentheses () not balanced"));
        }
        let insensitive = if self.flags.ignore_case { "(?i)" } else { "" };
        Ok(Translated {
            pattern: format!("{insensitive}{}", self.out),
            fancy: self.fancy,
            longest: self.alternatives && !self.lazy && !self.fancy,
            groups: self.groups,
        })
    }

    fn laziness(&mut self) {
        if self.peek(0) == Some('?') {
            self.at += 1;
            self.out.push('?');
            self.lazy = true;
        }
    }

    fn digits(&mut self) -> String {
        let mut digits = String::new();
        while let Some(digit) = self.peek(0).filter(char::is_ascii_digit) {
            digits.push(digit);
            self.at += 1;
        }
        digits
    }

    /// `{2,3}`, of at most 255.
    fn bounds(&mut self) -> Result<()> {
        const MOST: u32 = 255;
        let mut written = self.digits();
        if self.peek(0) == Some(',') {
            self.at += 1;
            let most = self.digits();
            written = format!("{written},{most}");
        }
        if self.peek(0) != Some('}') {
            return Err(invalid("invalid repetition count(s)"));
        }
        self.at += 1;
        let mut bounds = written.split(',').filter(|bound| !bound.is_empty()).map(str::parse::<u32>);
        let low = bounds.next().and_then(std::result::Result::ok);
        let high = bounds.next().map_or(Some(low.unwrap_or(0)), std::result::Result::ok);
        match (low, high) {
            (Some(low), Some(high)) if low <= high && high <= MOST => {
                self.out.push('{');
                self.out.push_str(&written);
                self.out.push('}');
                Ok(())
            }
            _ => Err(invalid("invalid repetition count(s)")),
        }
    }

    /// `[[:<:]]` and `[[:>:]]`, which are a word's beginning and end.
    fn word_boundary(&mut self) -> bool {
        let ahead: String = self.characters.iter().skip(self.at).take(6).collect();
        let boundary = match ahead.as_str() {
            "[:<:]]" => "\\b{start}",
            "[:>:]]" => "\\b{end}",
            _ => return false,
        };
        self.at += 6;
        self.out.push_str(boundary);
        true
    }

    /// The character that an escape stands for, behind its backslash.
    fn character_of_escape(&mut self) -> Result<char> {
        let Some(letter) = self.peek(0) else { return Err(invalid("invalid escape \\ sequence")) };
        self.at += 1;
        Ok(match letter {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'B' => '\\',
            'e' => '\u{1b}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'c' => {
                let Some(control) = self.peek(0) else { return Err(invalid("invalid escape \\ sequence")) };
                self.at += 1;
                char::from_u32(control as u32 & 0x1f).unwrap_or('\0')
            }
            'u' => self.code(4)?,
            'U' => self.code(8)?,
            'x' => self.code(2)?,
            '0' => '\0',
            other if other.is_ascii_alphanumeric() => return Err(invalid("invalid escape \\ sequence")),
            other => other,
        })
    }

    fn code(&mut self, digits: usize) -> Result<char> {
        let hex: String = self.characters.iter().skip(self.at).take(digits).collect();
        self.at += hex.chars().count();
        u32::from_str_radix(&hex, 16)
            .ok()
            .and_then(char::from_u32)
            .ok_or_else(|| invalid("invalid escape \\ sequence"))
    }

    /// Behind a backslash; whether there is something for a quantifier.
    fn escape(&mut self) -> Result<bool> {
        let Some(letter) = self.peek(0) else { return Err(invalid("invalid escape \\ sequence")) };
        let constraint = match letter {
            'A' => "\\A",
            'Z' => "\\z",
            'm' => "\\b{start}",
            'M' => "\\b{end}",
            'y' => "\\b",
            'Y' => "\\B",
            _ => "",
        };
        if !constraint.is_empty() {
            self.at += 1;
            self.out.push_str(constraint);
            return Ok(false);
        }
        match letter {
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => {
                self.at += 1;
                self.out.push('\\');
                self.out.push(letter);
            }
            '1'..='9' => {
                let mut digits = String::new();
                while let Some(digit) = self.peek(0).filter(|_| digits.len() < 2).filter(char::is_ascii_digit)
                {
                    digits.push(digit);
                    self.at += 1;
                }
                // Two digits are a reference only where there are so many groups.
                let mut number: usize = digits.parse().unwrap_or(0);
                if number > self.groups && digits.len() > 1 {
                    self.at -= 1;
                    number /= 10;
                }
                if number > self.groups {
                    return Err(invalid("invalid backreference number"));
                }
                self.fancy = true;
                self.out.push_str(&format!("(?:\\{number})"));
            }
            _ => {
                let character = self.character_of_escape()?;
                literal(character, &mut self.out);
            }
        }
        Ok(true)
    }
}

/// A character that stands for itself.
fn literal(character: char, out: &mut String) {
    if "\\.+*?()|[]{}^$#&-~".contains(character) {
        out.push('\\');
        out.push(character);
    } else if character.is_whitespace() || character.is_control() {
        out.push_str(&format!("\\x{{{:x}}}", character as u32));
    } else {
        out.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_the_same() {
        let out = |source: &str| translate(source, Flags::default()).unwrap().pattern;
        assert_eq!(out("^a.c$"), "\\Aa(?s:.)c\\z");
        assert_eq!(out("[]a-c^]"), "[\\]a-c\\^]");
        assert_eq!(out("\\mfoo\\M"), "\\b{start}foo\\b{end}");
        assert_eq!(out("[[:digit:]_]+"), "[\\p{Nd}_]+");
        assert!(translate("(a)\\1", Flags::default()).unwrap().fancy);
        for wrong in ["(", ")", "[", "*a", "a**", "a{2,1}", "a{256}", "\\q", "(?<n>a)", "[[:nope:]]", "\\2"] {
            let error = translate(wrong, Flags::default()).unwrap_err();
            assert_eq!(error.sqlstate(), "2201B", "{wrong}");
        }
    }
}
