//! A client that sends what it is told to, byte for byte.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A message to the server: a type byte, and a body that is put together.
pub(crate) struct Message(Vec<u8>);

impl Message {
    /// A message of a type.
    pub(crate) fn new(kind: u8) -> Self {
        Self(vec![kind, 0, 0, 0, 0])
    }

    /// A message without a type, as before authentication, with its code.
    pub(crate) fn untyped(code: i32) -> Self {
        Self(vec![0, 0, 0, 0]).i32(code)
    }

    pub(crate) fn str(mut self, text: &str) -> Self {
        self.0.extend(text.as_bytes());
        self.0.push(0);
        self
    }

    pub(crate) fn i16(mut self, value: i16) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub(crate) fn i32(mut self, value: i32) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// The message's bytes, its length filled in.
    pub(crate) fn done(mut self) -> Vec<u8> {
        let start = if self.0[0] == 0 { 0 } else { 1 };
        let length = i32::try_from(self.0.len() - start).unwrap();
        self.0[start..start + 4].copy_from_slice(&length.to_be_bytes());
        self.0
    }
}

pub(crate) fn startup(parameters: &[(&str, &str)]) -> Vec<u8> {
    let message = Message::untyped(3 << 16);
    parameters.iter().fold(message, |message, (name, value)| message.str(name).str(value)).bytes(&[0]).done()
}

pub(crate) fn query(sql: &str) -> Vec<u8> {
    Message::new(b'Q').str(sql).done()
}

pub(crate) fn parse(name: &str, sql: &str, types: &[i32]) -> Vec<u8> {
    let message = Message::new(b'P').str(name).str(sql).i16(types.len() as i16);
    types.iter().fold(message, |message, oid| message.i32(*oid)).done()
}

/// A Bind with all parameters and results in one format.
pub(crate) fn bind(portal: &str, statement: &str, format: i16, parameters: &[Option<&[u8]>]) -> Vec<u8> {
    let message =
        Message::new(b'B').str(portal).str(statement).i16(1).i16(format).i16(parameters.len() as i16);
    let message = parameters.iter().fold(message, |message, value| match value {
        Some(value) => message.i32(value.len() as i32).bytes(value),
        None => message.i32(-1),
    });
    message.i16(1).i16(format).done()
}

pub(crate) fn describe(target: u8, name: &str) -> Vec<u8> {
    Message::new(b'D').bytes(&[target]).str(name).done()
}

pub(crate) fn execute(portal: &str, max_rows: i32) -> Vec<u8> {
    Message::new(b'E').str(portal).i32(max_rows).done()
}

pub(crate) fn close(target: u8, name: &str) -> Vec<u8> {
    Message::new(b'C').bytes(&[target]).str(name).done()
}

pub(crate) fn sync() -> Vec<u8> {
    Message::new(b'S').done()
}

pub(crate) fn flush() -> Vec<u8> {
    Message::new(b'H').done()
}

/// A message from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) kind: u8,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A field of an error, by its code.
    pub(crate) fn field(&self, code: u8) -> Option<String> {
        assert_eq!(self.kind, b'E', "{self:?}");
        let mut fields = self.body.split(|byte| *byte == 0);
        fields
            .find(|field| field.first() == Some(&code))
            .map(|field| String::from_utf8(field[1..].to_vec()).unwrap())
    }

    pub(crate) fn sqlstate(&self) -> String {
        self.field(b'C').unwrap()
    }

    /// The values of a row.
    pub(crate) fn values(&self) -> Vec<Option<Vec<u8>>> {
        assert_eq!(self.kind, b'D', "{self:?}");
        let count = i16::from_be_bytes(self.body[..2].try_into().unwrap());
        let mut rest = &self.body[2..];
        (0..count)
            .map(|_| {
                let length = i32::from_be_bytes(rest[..4].try_into().unwrap());
                rest = &rest[4..];
                let value = rest.get(..usize::try_from(length).ok()?)?;
                rest = &rest[value.len()..];
                Some(value.to_vec())
            })
            .collect()
    }

    /// The values of a row as text, NULL as `NULL`.
    pub(crate) fn texts(&self) -> Vec<String> {
        let values = self.values().into_iter();
        values
            .map(|value| value.map_or("NULL".to_string(), |value| String::from_utf8(value).unwrap()))
            .collect()
    }

    /// The text of a message that is one string.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.strip_suffix(&[0]).unwrap().to_vec()).unwrap()
    }
}

/// The types of some answers, as one string.
pub(crate) fn kinds(answers: &[Answer]) -> String {
    answers.iter().map(|answer| char::from(answer.kind)).collect()
}

/// A connection.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    /// What the server said before it was first ready.
    pub(crate) welcome: Vec<Answer>,
}

impl Raw {
    /// A connection that has sent nothing.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), welcome: Vec::new() }
    }

    /// A session.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::connect_with(address, &[("user", "ann"), ("database", "muster")]).await
    }

    pub(crate) async fn connect_with(address: SocketAddr, parameters: &[(&str, &str)]) -> Self {
        let mut raw = Self::open(address).await;
        raw.send(&[startup(parameters)]).await;
        raw.welcome = raw.until_ready().await;
        raw
    }

    pub(crate) async fn send(&mut self, messages: &[Vec<u8>]) {
        self.stream.write_all(&messages.concat()).await.unwrap();
    }

    /// The next answer; `None` when the server has closed the connection.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head).await.ok()?;
        let length = i32::from_be_bytes(head[1..].try_into().unwrap());
        let mut body = vec![0; usize::try_from(length - 4).unwrap()];
        self.stream.read_exact(&mut body).await.unwrap();
        Some(Answer { kind: head[0], body })
    }

    /// Answers up to one of a type, and with it.
    pub(crate) async fn until(&mut self, kind: u8) -> Vec<Answer> {
        let mut answers: Vec<Answer> = Vec::new();
        while answers.last().is_none_or(|answer| answer.kind != kind) {
            answers.push(self.answer().await.unwrap_or_else(|| panic!("closed after {answers:?}")));
        }
        answers
    }

    /// Answers up to `ReadyForQuery`, and with it, outside of a transaction block.
    pub(crate) async fn until_ready(&mut self) -> Vec<Answer> {
        let answers = self.until(b'Z').await;
        assert_eq!(answers.last().unwrap().body, b"I");
        answers
    }

    /// Sends messages; gives the types of the answers, and the status that the last one tells.
    pub(crate) async fn status(&mut self, messages: &[Vec<u8>]) -> (Vec<Answer>, String) {
        self.send(messages).await;
        let answers = self.until(b'Z').await;
        let told = format!("{} {}", kinds(&answers), char::from(answers.last().unwrap().body[0]));
        (answers, told)
    }

    /// Sends messages and gives the answers up to `ReadyForQuery`.
    pub(crate) async fn ask(&mut self, messages: &[Vec<u8>]) -> Vec<Answer> {
        self.send(messages).await;
        self.until_ready().await
    }

    /// Runs a simple query and gives its rows as text.
    pub(crate) async fn rows(&mut self, sql: &str) -> Vec<Vec<String>> {
        let answers = self.ask(&[query(sql)]).await;
        assert!(answers.iter().all(|answer| answer.kind != b'E'), "{sql}: {:?}", answers[0].field(b'M'));
        answers.iter().filter(|answer| answer.kind == b'D').map(Answer::texts).collect()
    }
}
