//! A pattern as it is written: `FM9,999.00`.

use super::{Node, Pattern};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

impl Pattern {
    pub(super) fn of(written: &str) -> Result<Self> {
        let invalid = |message: String| Error::new(SqlState::SyntaxError, message);
        let mut pattern = Self::default();
        let mut rest = written;
        while let Some(character) = rest.chars().next() {
            let upper: String = rest.chars().take(4).collect::<String>().to_ascii_uppercase();
            let is = |word: &str| upper.starts_with(word);
            let mut length = character.len_utf8();
            match character {
                '9' | '0' => {
                    if pattern.exponent {
                        return Err(invalid("\"EEEE\" must be the last pattern used".to_string()));
                    }
                    pattern.nodes.push(if character == '9' { Node::Nine } else { Node::Zero });
                    if pattern.shifted {
                        pattern.shift += usize::from(character == '9');
                        pattern.before += 1;
                    } else if pattern.point {
                        pattern.after += 1;
                        if character == '0' {
                            pattern.last_zero = pattern.after;
                        }
                    } else {
                        if character == '0' && pattern.first_zero.is_none() {
                            pattern.first_zero = Some(pattern.before);
                        }
                        pattern.before += 1;
                    }
                }
                '.' | 'D' | 'd' => {
                    if pattern.point {
                        return Err(invalid("multiple decimal points".to_string()));
                    }
                    if pattern.shifted {
                        return Err(invalid("cannot use \"V\" and decimal point together".to_string()));
                    }
                    pattern.point = true;
                    pattern.nodes.push(Node::Point);
                }
                ',' | 'G' | 'g' => pattern.nodes.push(Node::Comma),
                _ if is("FM") => {
                    pattern.fill = true;
                    length = 2;
                }
                _ if is("EEEE") => {
                    pattern.exponent = true;
                    length = 4;
                }
                _ if is("MI") => {
                    pattern.nodes.push(Node::Minus);
                    pattern.sign = true;
                    length = 2;
                }
                _ if is("PL") => {
                    pattern.nodes.push(Node::Plus);
                    length = 2;
                }
                _ if is("PR") => {
                    pattern.brackets = true;
                    pattern.sign = true;
                    length = 2;
                }
                _ if is("SG") => {
                    pattern.nodes.push(Node::Either);
                    pattern.sign = true;
                    length = 2;
                }
                _ if is("RN") => {
                    pattern.roman = Some(character == 'R');
                    length = 2;
                }
                _ if is("TH") => {
                    pattern.nodes.push(Node::Ordinal(character == 'T'));
                    length = 2;
                }
                'S' | 's' => {
                    if pattern.nodes.contains(&Node::Sign) {
                        return Err(invalid("cannot use \"S\" twice".to_string()));
                    }
                    pattern.nodes.push(Node::Sign);
                    pattern.sign = true;
                }
                'L' | 'l' => pattern.nodes.push(Node::Currency),
                'B' | 'b' => pattern.blank = true,
                'V' | 'v' => {
                    if pattern.point {
                        return Err(invalid("cannot use \"V\" and decimal point together".to_string()));
                    }
                    pattern.shifted = true;
                }
                '"' => {
                    let inner = rest.get(1..).unwrap_or_default();
                    let mut escaped = false;
                    for other in inner.chars() {
                        length += other.len_utf8();
                        match other {
                            _ if escaped => {
                                pattern.nodes.push(Node::Literal(other));
                                escaped = false;
                            }
                            '\\' => escaped = true,
                            '"' => break,
                            other => pattern.nodes.push(Node::Literal(other)),
                        }
                    }
                }
                other => pattern.nodes.push(Node::Literal(other)),
            }
            rest = rest.get(length..).unwrap_or_default();
        }
        Ok(pattern)
    }
}
