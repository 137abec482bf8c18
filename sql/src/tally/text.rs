//! A statement's text without its values: what it is known by in `pg_stat_statements`, and may be shown as without telling
//! what it was about.
//!
//! It is no parser: it knows where words, quotes and comments end, and that is all. Invariant: no literal is left in it, so
//! no password either.

/// The longest text that is kept, in bytes. Statements that begin alike for so long are taken for one: rows by the thousand
/// in one INSERT.
const LONGEST: usize = 4096;

/// The least that is kept of one that is longer.
const CUT: usize = 1024;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// Values are `$n`, white space is a space.
    pub(crate) shown: String,
    /// The same for texts that differ in values, white space, comments and the case of words alone. It stays the same over
    /// restarts.
    pub(crate) id: i64,
}

impl Text {
    /// The statement at a place, counted from 0, in a query string.
    pub(crate) fn of(sql: &str, place: usize) -> Self {
        let given = last_parameter(sql);
        let mut writer = Writer { shown: String::new(), next: given, space: false };
        let mut rest = sql;
        let mut before = place;
        while let Some(first) = rest.chars().next() {
            let length = match token(rest, first, &writer) {
                Token::Space(length) => {
                    writer.space = true;
                    length
                }
                Token::End => {
                    if !writer.shown.is_empty() {
                        if before == 0 {
                            break;
                        }
                        before -= 1;
                        writer.shown.clear();
                        writer.next = given;
                    }
                    writer.space = false;
                    1
                }
                Token::Value(length) => {
                    writer.value();
                    length
                }
                Token::Plain(length) => {
                    writer.push(rest.get(..length).unwrap_or_default());
                    length
                }
            };
            rest = rest.get(length..).unwrap_or_default();
            if writer.shown.len() > LONGEST && before == 0 {
                writer.cut();
                break;
            }
        }
        let id = hash(&writer.shown);
        Self { shown: writer.shown, id }
    }
}

/// Whether a text may hold a password.
pub(crate) fn is_secret(sql: &str) -> bool {
    sql.as_bytes().windows(8).any(|word| word.eq_ignore_ascii_case(b"password"))
}

struct Writer {
    shown: String,
    /// The number of the last parameter.
    next: usize,
    space: bool,
}

impl Writer {
    fn push(&mut self, text: &str) {
        if std::mem::take(&mut self.space) && !self.shown.is_empty() {
            self.shown.push(' ');
        }
        self.shown.push_str(text);
    }

    fn value(&mut self) {
        self.next += 1;
        let text = format!("${}", self.next);
        self.push(&text);
    }

    fn cut(&mut self) {
        let mut end = CUT;
        while !self.shown.is_char_boundary(end) {
            end -= 1;
        }
        self.shown.truncate(end);
        self.shown.push_str("...");
    }
}

/// What comes next, and its length in bytes.
enum Token {
    Space(usize),
    /// Of a statement.
    End,
    Value(usize),
    Plain(usize),
}

fn token(rest: &str, first: char, writer: &Writer) -> Token {
    let after = |count: usize| rest.get(count..).unwrap_or_default();
    if first.is_whitespace() {
        return Token::Space(first.len_utf8());
    }
    if rest.starts_with("--") {
        return Token::Space(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Token::Space(comment(rest));
    }
    match first {
        ';' => Token::End,
        '\'' => Token::Value(1 + quoted(after(1), '\'', false)),
        '"' => Token::Plain(1 + quoted(after(1), '"', false)),
        '$' => dollar(rest),
        '0'..='9' => Token::Value(number(rest)),
        // A point within a name is none of a number.
        '.' if after(1).starts_with(|char: char| char.is_ascii_digit())
            && (writer.space || !writer.shown.ends_with(is_word)) =>
        {
            Token::Value(number(rest))
        }
        _ if is_word(first) => {
            let length = rest.find(|char| !is_word(char)).unwrap_or(rest.len());
            let word = rest.get(..length).unwrap_or_default();
            let prefix = word.len() == 1 && "eEbBxXnN".contains(word);
            match after(length).strip_prefix('\'') {
                Some(inner) if prefix => {
                    Token::Value(length + 1 + quoted(inner, '\'', word.eq_ignore_ascii_case("e")))
                }
                _ => Token::Plain(length),
            }
        }
        other => Token::Plain(other.len_utf8()),
    }
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_' || char == '$'
}

/// The length of what is quoted, with its end.
fn quoted(inner: &str, quote: char, escapes: bool) -> usize {
    let mut chars = inner.char_indices().peekable();
    while let Some((_, char)) = chars.next() {
        if escapes && char == '\\' {
            chars.next();
        } else if char == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return chars.peek().map_or(inner.len(), |(end, _)| *end);
        }
    }
    inner.len()
}

/// The length of a comment, which may hold others.
fn comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut rest = text;
    while !rest.is_empty() {
        let step = if rest.starts_with("/*") {
            depth += 1;
            2
        } else if rest.starts_with("*/") {
            depth -= 1;
            2
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        rest = rest.get(step..).unwrap_or_default();
        if depth == 0 {
            break;
        }
    }
    text.len() - rest.len()
}

/// A parameter, or a text between dollars.
fn dollar(rest: &str) -> Token {
    let inner = rest.get(1..).unwrap_or_default();
    let length = inner.find(|char: char| !(char.is_alphanumeric() || char == '_')).unwrap_or(inner.len());
    let tag = inner.get(..length).unwrap_or_default();
    if !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_digit()) {
        return Token::Plain(1 + length);
    }
    let Some(text) = inner.get(length..).and_then(|rest| rest.strip_prefix('$')) else {
        return Token::Plain(1);
    };
    let end = format!("${tag}$");
    Token::Value(text.find(&end).map_or(rest.len(), |place| 2 + length + place + end.len()))
}

/// The length of a number.
fn number(text: &str) -> usize {
    let mut end = 0;
    let mut before = ' ';
    for char in text.chars() {
        let sign = matches!(char, '+' | '-') && matches!(before, 'e' | 'E') && !text.starts_with("0x");
        if !(char.is_ascii_alphanumeric() || char == '_' || char == '.' || sign) {
            break;
        }
        before = char;
        end += char.len_utf8();
    }
    end
}

/// The greatest number of a parameter.
fn last_parameter(sql: &str) -> usize {
    let numbers = sql.split('$').skip(1).map(|rest| {
        let end = rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default().parse::<u16>().unwrap_or(0)
    });
    numbers.max().unwrap_or(0).into()
}

/// FNV-1a, words in lower case and quoted names as they are.
fn hash(shown: &str) -> i64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut quoted = false;
    for byte in shown.bytes() {
        quoted ^= byte == b'"';
        let byte = if quoted { byte } else { byte.to_ascii_lowercase() };
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    i64::from_ne_bytes(hash.to_ne_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(sql: &str) -> String {
        Text::of(sql, 0).shown
    }

    #[test]
    fn values_are_numbered_after_the_parameters() {
        for (sql, text) in [
            ("SELECT 1", "SELECT $1"),
            ("SELECT  a1,\n\t-1.5e-3 ,.5, t.c FROM t -- end", "SELECT a1, -$1 ,$2, t.c FROM t"),
            ("SELECT $2, 'it''s', E'a\\'b', $1", "SELECT $2, $3, $4, $1"),
            ("SELECT $$a;b$$, $tag$ c $$ $tag$ ;", "SELECT $1, $2"),
            ("SELECT \"a 1\"\"b\", 1_000 /* 2 /* 3 */ */ FROM \"T\"", "SELECT \"a 1\"\"b\", $1 FROM \"T\""),
            ("ALTER ROLE a PASSWORD 'secret'", "ALTER ROLE a PASSWORD $1"),
            ("SELECT v <=> '[1,2]'::vector(2)", "SELECT v <=> $1::vector($2)"),
            ("SELECT 'é' || x'00', \u{e9}t\u{e9}", "SELECT $1 || $2, \u{e9}t\u{e9}"),
            ("SELECT 'no end", "SELECT $1"),
            ("SELECT \"no end", "SELECT \"no end"),
            ("/* no end", ""),
            ("", ""),
        ] {
            assert_eq!(shown(sql), text, "{sql}");
        }
    }

    #[test]
    fn a_statement_is_told_from_those_beside_it() {
        let sql = ";; SELECT ';', 1; /* ; */ ; INSERT INTO t VALUES (2);";
        assert_eq!(Text::of(sql, 0).shown, "SELECT $1, $2");
        assert_eq!(Text::of(sql, 1).shown, "INSERT INTO t VALUES ($1)");
        assert_eq!(Text::of(sql, 2).shown, "");
    }

    #[test]
    fn what_differs_in_values_alone_is_the_same() {
        let id = |sql: &str| Text::of(sql, 0).id;
        assert_eq!(id("SELECT a FROM t WHERE b = 1"), id("select a\nfrom T where B = 22 -- c"));
        assert_ne!(id("SELECT a FROM t"), id("SELECT a FROM \"T\""));
        assert_ne!(id("SELECT a FROM t"), id("SELECT b FROM t"));
    }

    #[test]
    fn long_texts_are_cut() {
        let rows: Vec<String> = (0..2000).map(|row| format!("({row}, 'é')")).collect();
        let long = Text::of(&format!("INSERT INTO t VALUES {}", rows.join(", ")), 0);
        assert_eq!(long.shown.len(), CUT + 3);
        assert_eq!(long, Text::of(&format!("INSERT INTO t VALUES {}", rows[..1500].join(", ")), 0));
    }
}
