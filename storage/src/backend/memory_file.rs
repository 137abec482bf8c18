//! The bytes of one file in memory, and what a power cut leaves of them.
//!
//! It knows no names. Invariant: what was synced is what a crash keeps; writes since then have a fate each.

use std::io;

use bytes::Bytes;
use parking_lot::Mutex;

use super::BackendFile;
use super::memory::Unsynced;

/// A disk's smallest unit of writing: a torn write is cut at a multiple of it.
const SECTOR: usize = 512;

#[derive(Debug, Default)]
pub(super) struct Inode {
    content: Mutex<Content>,
}

#[derive(Debug, Default)]
struct Content {
    bytes: Stored,
    /// The synced bytes and the writes since, in order; `None` where no crash is to be simulated.
    history: Option<History>,
}

/// Bytes being written, or mapped and therefore shared.
#[derive(Debug)]
enum Stored {
    Growing(Vec<u8>),
    Mapped(Bytes),
}

#[derive(Debug, Default)]
struct History {
    durable: Vec<u8>,
    unsynced: Vec<Write>,
}

#[derive(Clone, Debug)]
enum Write {
    Bytes { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Inode {
    /// An empty file; `crashable` to know later what of it was synced.
    pub(super) fn new(crashable: bool) -> Self {
        let history = crashable.then(History::default);
        Self { content: Mutex::new(Content { bytes: Stored::default(), history }) }
    }

    /// A file of these bytes, for which no crash is to be simulated.
    pub(super) fn holding(bytes: Vec<u8>) -> Self {
        Self { content: Mutex::new(Content { bytes: Stored::Growing(bytes), history: None }) }
    }

    /// The file as a machine finds it after a power cut.
    pub(super) fn crashed(&self, unsynced: Unsynced, random: &mut u64) -> Self {
        let content = self.content.lock();
        let bytes = match &content.history {
            Some(history) => history.after_crash(unsynced, random),
            None => content.bytes.as_slice().to_vec(),
        };
        let history = History { durable: bytes.clone(), unsynced: Vec::new() };
        Self { content: Mutex::new(Content { bytes: Stored::Growing(bytes), history: Some(history) }) }
    }

    /// What was written and not synced stays visible, and no later sync writes it.
    pub(super) fn forget_unsynced(&self) {
        if let Some(history) = &mut self.content.lock().history {
            history.unsynced.clear();
        }
    }

    /// The bytes, shared.
    pub(super) fn map(&self) -> Bytes {
        self.content.lock().bytes.mapped()
    }
}

impl History {
    fn after_crash(&self, unsynced: Unsynced, random: &mut u64) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for write in &self.unsynced {
            let fate = match unsynced {
                Unsynced::Lost => Fate::Lost,
                Unsynced::Kept => Fate::Kept,
                Unsynced::Torn(_) => match next(random) % 3 {
                    0 => Fate::Lost,
                    1 => Fate::Kept,
                    _ => Fate::Torn,
                },
            };
            match (write, fate) {
                (_, Fate::Lost) => {}
                (Write::Length(len), _) => bytes.resize(*len, 0),
                (Write::Bytes { offset, bytes: written }, Fate::Kept) => put(&mut bytes, written, *offset),
                (Write::Bytes { offset, bytes: written }, Fate::Torn) => {
                    let mut done = 0;
                    while let Some(rest) = written.get(done..).filter(|rest| !rest.is_empty()) {
                        let offset = offset + done;
                        let sector = rest.get(..SECTOR - offset % SECTOR).unwrap_or(rest);
                        if next(random).is_multiple_of(2) {
                            put(&mut bytes, sector, offset);
                        }
                        done += sector.len();
                    }
                }
            }
        }
        bytes
    }
}

/// What becomes of one write.
#[derive(Clone, Copy)]
enum Fate {
    Lost,
    Kept,
    Torn,
}

/// xorshift64: which writes tear must be the same on every run of a test.
pub(super) fn next(random: &mut u64) -> u64 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    *random
}

fn put(target: &mut Vec<u8>, bytes: &[u8], offset: usize) {
    let end = offset.saturating_add(bytes.len());
    if target.len() < end {
        target.resize(end, 0);
    }
    if let Some(place) = target.get_mut(offset..end) {
        place.copy_from_slice(bytes);
    }
}

impl Default for Stored {
    fn default() -> Self {
        Stored::Growing(Vec::new())
    }
}

impl Stored {
    fn as_slice(&self) -> &[u8] {
        match self {
            Stored::Growing(bytes) => bytes,
            Stored::Mapped(bytes) => bytes,
        }
    }

    /// Lets `change` write; bytes that are mapped are copied first.
    fn change(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
        match self {
            Stored::Growing(bytes) => change(bytes),
            Stored::Mapped(mapped) => {
                let mut bytes = mapped.to_vec();
                change(&mut bytes);
                *self = Stored::Growing(bytes);
            }
        }
    }

    /// Shares the bytes without a copy.
    fn mapped(&mut self) -> Bytes {
        match self {
            Stored::Mapped(bytes) => bytes.clone(),
            Stored::Growing(growing) => {
                let bytes = Bytes::from(std::mem::take(growing));
                *self = Stored::Mapped(bytes.clone());
                bytes
            }
        }
    }
}

impl BackendFile for Inode {
    fn len(&self) -> io::Result<u64> {
        Ok(self.content.lock().bytes.as_slice().len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let content = self.content.lock();
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let end = start.checked_add(buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let bytes = content.bytes.as_slice().get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut content = self.content.lock();
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        offset.checked_add(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        content.bytes.change(|content| put(content, bytes, offset));
        if let Some(history) = &mut content.history {
            history.unsynced.push(Write::Bytes { offset, bytes: bytes.to_vec() });
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut content = self.content.lock();
        let len = usize::try_from(len).map_err(io::Error::other)?;
        content.bytes.change(|content| content.resize(len, 0));
        if let Some(history) = &mut content.history {
            history.unsynced.push(Write::Length(len));
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut content = self.content.lock();
        if let Some(mut history) = content.history.take() {
            for write in history.unsynced.drain(..) {
                match write {
                    Write::Bytes { offset, bytes } => put(&mut history.durable, &bytes, offset),
                    Write::Length(len) => history.durable.resize(len, 0),
                }
            }
            content.history = Some(history);
        }
        Ok(())
    }
}
