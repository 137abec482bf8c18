//! One statement to a server, over the simple protocol: enough for a command that finds its database served.
//!
//! It is not a client: it gets no rows. It speaks to the server that this command's own user runs on this machine.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use super::error::{Error, Result};

/// Longer messages are none that such a server sends.
const LONGEST: usize = 1 << 20;

/// What came of a statement.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// What the server told beside its result.
    pub(crate) notices: Vec<String>,
    /// As `COPY 5`.
    pub(crate) tag: String,
}

/// Runs a statement.
///
/// # Errors
///
/// [`Error::Remote`] with the server's own words, or when it cannot be spoken to.
pub(crate) fn run(address: SocketAddr, sql: &str) -> Result<Answer> {
    let failed = |source: std::io::Error| Error::Remote { address, reason: source.to_string() };
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    let mut startup = 196_608_u32.to_be_bytes().to_vec();
    startup.extend_from_slice(b"user\0postgres\0database\0muster\0application_name\0muster\0\0");
    let length = (startup.len() + 4) as u32;
    stream.write_all(&length.to_be_bytes()).and_then(|()| stream.write_all(&startup)).map_err(failed)?;

    let mut answer = Answer::default();
    let mut error = None;
    let mut sent = false;
    loop {
        let (kind, body) = message(&mut stream).map_err(failed)?;
        match kind {
            b'R' if body.first_chunk::<4>() != Some(&[0; 4]) => {
                let reason = "it asks for a password: run the statement there, with psql".to_owned();
                return Err(Error::Remote { address, reason: format!("{reason}: {sql}") });
            }
            b'E' if !sent => return Err(Error::Remote { address, reason: words(&body) }),
            b'E' => error = Some(words(&body)),
            b'N' => answer.notices.push(words(&body)),
            b'C' => answer.tag = text(&body),
            b'Z' if !sent => {
                sent = true;
                let mut query = vec![b'Q'];
                query.extend_from_slice(&((sql.len() + 5) as u32).to_be_bytes());
                query.extend_from_slice(sql.as_bytes());
                query.push(0);
                stream.write_all(&query).map_err(failed)?;
            }
            b'Z' => {
                // Goodbye; a server that has gone needs none.
                let _gone = stream.write_all(&[b'X', 0, 0, 0, 4]);
                return match error {
                    Some(reason) => Err(Error::Remote { address, reason }),
                    None => Ok(answer),
                };
            }
            _ => {}
        }
    }
}

/// A path as the server, which may run in another folder, finds it.
///
/// # Errors
///
/// [`Error::File`], and [`Error::Usage`] for one that is no text.
pub(crate) fn path(path: &Path) -> Result<String> {
    let absolute = std::path::absolute(path).map_err(|source| Error::File {
        action: "find",
        path: path.to_path_buf(),
        source,
    })?;
    let text = absolute.to_str().map(str::to_owned);
    text.ok_or_else(|| Error::Usage { message: format!("{path:?} is no text that a statement can hold") })
}

/// A text as a literal of a statement.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A name of a relation as a statement has it: as it is written, upper case and all.
pub(crate) fn identifier(name: &str) -> String {
    let quoted = name.split('.').map(|part| format!("\"{}\"", part.replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(".")
}

fn message(stream: &mut TcpStream) -> std::io::Result<(u8, Vec<u8>)> {
    let mut header = [0; 5];
    stream.read_exact(&mut header)?;
    let [kind, length @ ..] = header;
    let length = (u32::from_be_bytes(length) as usize).checked_sub(4).filter(|length| *length <= LONGEST);
    let length =
        length.ok_or_else(|| std::io::Error::other("the server sent a message of an absurd length"))?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((kind, body))
}

/// A text that ends with a zero.
fn text(body: &[u8]) -> String {
    let text = body.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

/// The message, detail and hint of an error or a notice.
fn words(body: &[u8]) -> String {
    let fields = body.split(|byte| *byte == 0).filter_map(|field| field.split_first());
    let text = |wanted: u8| {
        let field = fields.clone().find(|(kind, _)| **kind == wanted);
        field.map(|(_, text)| String::from_utf8_lossy(text).into_owned())
    };
    let mut words = text(b'M').unwrap_or_default();
    for more in [text(b'D'), text(b'H')].into_iter().flatten() {
        words.push_str("; ");
        words.push_str(&more);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_in_the_servers_words() {
        let body = b"SERROR\0C42501\0Mmust not\0Huse another folder\0\0";
        assert_eq!(words(body), "must not; use another folder");
        assert_eq!(words(b""), "");
        assert_eq!(text(b"COPY 5\0"), "COPY 5");
    }
}
