//! The messages that a client sends, read from their bytes.
//!
//! pgwire's own decoder is not used: it reads past the end of a message that is cut short, which
//! panics or eats the next one, and it replaces bytes that are not UTF-8. Here each body is read by
//! [`Body`], which cannot leave it, and must be used up to its last byte.

use bytes::{Buf, Bytes};

use super::error::{Error, Result};

/// A message from the client, after startup.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frontend {
    /// Statements of the simple protocol.
    Query { sql: String },
    /// Prepare a statement.
    Parse { name: String, sql: String, types: Vec<u32> },
    /// Give a prepared statement its parameters.
    Bind(Bind),
    /// Ask for the parameters and columns of a statement or portal.
    Describe { target: Target, name: String },
    /// Run a portal, for at most so many rows (0: all).
    Execute { portal: String, max_rows: usize },
    /// Forget a statement or portal.
    Close { target: Target, name: String },
    /// Send what is waiting.
    Flush,
    /// The end of an extended query.
    Sync,
    /// The client leaves.
    Terminate,
    /// A piece of what COPY takes.
    CopyData(Bytes),
    /// The end of what COPY takes.
    CopyDone,
    /// The client gives its COPY up, and says why.
    CopyFail { reason: String },
    /// Call a function.
    FunctionCall(FunctionCall),
    /// A password, though none was asked for.
    Password,
}

/// What a portal is made of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bind {
    pub(super) portal: String,
    pub(super) statement: String,
    pub(super) parameter_formats: Vec<i16>,
    pub(super) parameters: Vec<Option<Bytes>>,
    pub(super) result_formats: Vec<i16>,
}

/// A function by its object id, and what it is called with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FunctionCall {
    pub(super) function: u32,
    pub(super) formats: Vec<i16>,
    pub(super) arguments: Vec<Option<Bytes>>,
    pub(super) result_format: i16,
}

/// What Describe and Close are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Statement,
    Portal,
}

/// Whether the client waits for `ReadyForQuery` after a message of this type, rather than sending
/// Sync. An error in a message of another type skips what follows up to Sync.
pub(super) fn ends_turn(kind: u8) -> bool {
    matches!(kind, b'Q' | b'S' | b'F')
}

impl Frontend {
    /// Reads the body of a message of the type `kind`.
    pub(super) fn decode(kind: u8, body: Bytes) -> Result<Self> {
        let mut body = Body(body);
        let message = match kind {
            b'Q' => Self::Query { sql: body.string("a query")? },
            b'P' => Self::Parse {
                name: body.string("a statement's name")?,
                sql: body.string("a query")?,
                types: body.list(Body::u32)?,
            },
            b'B' => Self::Bind(Bind {
                portal: body.string("a portal's name")?,
                statement: body.string("a statement's name")?,
                parameter_formats: body.list(Body::i16)?,
                parameters: body.list(Body::value)?,
                result_formats: body.list(Body::i16)?,
            }),
            b'D' => Self::Describe { target: body.target()?, name: body.string("a name")? },
            b'C' => Self::Close { target: body.target()?, name: body.string("a name")? },
            b'E' => Self::Execute {
                portal: body.string("a portal's name")?,
                // A negative count means no limit, as in PostgreSQL.
                max_rows: usize::try_from(body.i32()?).unwrap_or(0),
            },
            b'H' => Self::Flush,
            b'S' => Self::Sync,
            b'X' => Self::Terminate,
            b'd' => return Ok(Self::CopyData(body.0)),
            b'c' => Self::CopyDone,
            b'f' => Self::CopyFail { reason: body.string("a reason")? },
            b'F' => Self::FunctionCall(FunctionCall {
                function: body.u32()?,
                formats: body.list(Body::i16)?,
                arguments: body.list(Body::value)?,
                result_format: body.i16()?,
            }),
            b'p' => return Ok(Self::Password),
            other => {
                return Err(Error::ProtocolFatal {
                    message: format!("invalid frontend message type {other}"),
                });
            }
        };
        body.finish()?;
        Ok(message)
    }
}

/// The unread rest of a message's body.
pub(super) struct Body(pub(super) Bytes);

impl Body {
    fn short() -> Error {
        Error::protocol("insufficient data left in message")
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        self.0.try_get_u8().map_err(|_| Self::short())
    }

    pub(super) fn i16(&mut self) -> Result<i16> {
        self.0.try_get_i16().map_err(|_| Self::short())
    }

    pub(super) fn i32(&mut self) -> Result<i32> {
        self.0.try_get_i32().map_err(|_| Self::short())
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        self.0.try_get_u32().map_err(|_| Self::short())
    }

    pub(super) fn bytes(&mut self, length: usize) -> Result<Bytes> {
        if length > self.0.len() {
            return Err(Self::short());
        }
        Ok(self.0.split_to(length))
    }

    /// A zero-terminated string, which `place` names in an error.
    pub(super) fn string(&mut self, place: &str) -> Result<String> {
        let length = self
            .0
            .iter()
            .position(|byte| *byte == 0)
            .ok_or_else(|| Error::protocol("invalid string in message"))?;
        let text = self.bytes(length)?;
        self.u8()?;
        match std::str::from_utf8(&text) {
            Ok(text) => Ok(text.to_string()),
            Err(_) => Err(Error::NotUtf8 { place: place.to_string() }),
        }
    }

    /// A 16-bit count and so many items. The count is not trusted for the allocation.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let count = u16::from_be_bytes(self.i16()?.to_be_bytes());
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// A 32-bit length and so many bytes; -1 is NULL.
    fn value(&mut self) -> Result<Option<Bytes>> {
        match self.i32()? {
            -1 => Ok(None),
            length => {
                let length = usize::try_from(length)
                    .map_err(|_| Error::protocol("a parameter's length in message is negative"))?;
                self.bytes(length).map(Some)
            }
        }
    }

    fn target(&mut self) -> Result<Target> {
        match self.u8()? {
            b'S' => Ok(Target::Statement),
            b'P' => Ok(Target::Portal),
            other => Err(Error::protocol(format!("invalid DESCRIBE or CLOSE message subtype {other}"))),
        }
    }

    fn finish(&self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::protocol("invalid message format: bytes are left over"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(kind: u8, body: &'static [u8]) -> &'static str {
        Frontend::decode(kind, Bytes::from_static(body)).unwrap_err().sqlstate()
    }

    #[test]
    fn bind_is_read_whole() {
        let body = b"p\0s\0\0\x01\0\x01\0\x02\0\0\0\x02hi\xff\xff\xff\xff\0\x01\0\x01";
        let bind = Frontend::decode(b'B', Bytes::from_static(body)).unwrap();
        assert_eq!(
            bind,
            Frontend::Bind(Bind {
                portal: "p".into(),
                statement: "s".into(),
                parameter_formats: vec![1],
                parameters: vec![Some(Bytes::from_static(b"hi")), None],
                result_formats: vec![1],
            })
        );
    }

    #[test]
    fn every_prefix_of_a_message_is_an_error_and_no_panic() {
        let body = b"p\0s\0\0\x01\0\x01\0\x02\0\0\0\x02hi\xff\xff\xff\xff\0\x01\0\x01";
        for length in 0..body.len() {
            let error = Frontend::decode(b'B', Bytes::from_static(&body[..length])).unwrap_err();
            assert_eq!(error.sqlstate(), "08P01", "{length} bytes");
        }
    }

    #[test]
    fn a_function_call_is_read_whole_or_refused() {
        let body = b"\0\0\x03\xb9\0\x01\0\x01\0\x02\0\0\0\x02hi\xff\xff\xff\xff\0\x01";
        let call = FunctionCall {
            function: 953,
            formats: vec![1],
            arguments: vec![Some(Bytes::from_static(b"hi")), None],
            result_format: 1,
        };
        assert_eq!(Frontend::decode(b'F', Bytes::from_static(body)).unwrap(), Frontend::FunctionCall(call));
        for length in 0..body.len() {
            let error = Frontend::decode(b'F', Bytes::from_static(&body[..length])).unwrap_err();
            assert_eq!(error.sqlstate(), "08P01", "{length} bytes");
        }
    }

    #[test]
    fn absurd_lengths_are_refused() {
        assert_eq!(state(b'B', b"\0\0\0\0\0\x01\x7f\xff\xff\xff"), "08P01");
        assert_eq!(state(b'B', b"\0\0\0\0\0\x01\xff\xff\xff\xfe"), "08P01");
        assert_eq!(state(b'P', b"\0select\0\xff\xff"), "08P01");
    }

    #[test]
    fn what_is_not_utf8_and_what_is_left_over_are_refused() {
        assert_eq!(state(b'Q', b"\xc3\x28\0"), "22021");
        assert_eq!(state(b'S', b"\0"), "08P01");
        assert_eq!(state(b'Q', b"no end"), "08P01");
        assert_eq!(state(b'D', b"X\0"), "08P01");
    }
}
