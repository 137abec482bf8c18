//! What each function does, as PostgreSQL 15 does it.

use std::path::Path;
use std::sync::{Arc, Weak};

use muster_storage::{Snapshot, Store};
use parking_lot::Mutex;

use super::argument::{Function, Value};
use super::file;
use super::objects::{Entry, Objects, invalid, unknown};
use super::open::Opened;
use super::pages::MOST;
use crate::privileges::Rights;
use crate::session::Caller;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The flags of `lo_open`.
const WRITE: i64 = 0x0002_0000;
const READ: i64 = 0x0004_0000;

/// The first id that is given, as in PostgreSQL.
const FIRST: u32 = 16_384;

/// The last: ids are numbers of 31 bits here.
const LAST: u32 = i32::MAX as u32;

/// Gives ids to objects whose makers name none. Each is given once in the life of a process.
#[derive(Debug)]
pub(super) struct Oids {
    /// Weak, because what plans statements is part of the database and must not keep it open.
    store: Weak<Store>,
    next: Mutex<Option<u32>>,
}

impl Oids {
    pub(super) fn new(store: Weak<Store>) -> Self {
        Self { store, next: Mutex::new(None) }
    }

    /// An id that no object has, here or committed.
    fn give(&self, here: &Objects<'_>) -> Result<u32> {
        let store = self.store.upgrade();
        let store = store.ok_or_else(|| Error::internal("the database is closed"))?;
        let committed = store.snapshot();
        let committed = Objects::of(&committed)?;
        let mut next = self.next.lock();
        let mut oid = match *next {
            Some(next) => next,
            None => committed.all()?.last().map_or(FIRST, |last| last.oid.saturating_add(1)),
        };
        for _ in FIRST..=LAST {
            if !(FIRST..=LAST).contains(&oid) {
                oid = FIRST;
            }
            if committed.find(oid)?.is_none() && here.find(oid)?.is_none() {
                *next = Some(oid.saturating_add(1));
                return Ok(oid);
            }
            oid = oid.saturating_add(1);
        }
        Err(Error::new(SqlState::ProgramLimitExceeded, "all ids of large objects are taken"))
    }
}

/// What a function gives.
pub(super) enum Answer {
    Number(i64),
    Bytes(Vec<u8>),
    Nothing,
}

/// A statement that calls functions.
pub(super) struct Call<'a> {
    caller: &'a Caller,
    oids: &'a Oids,
}

impl<'a> Call<'a> {
    pub(super) fn new(caller: &'a Arc<Caller>, oids: &'a Oids) -> Self {
        Self { caller, oids }
    }

    /// Does what a function does.
    ///
    /// # Errors
    /// 42704 for an object, or a number of an open one, that is not there; 42501 for whoever may not; 22023 for flags and
    /// places that there are none of; 55000 for writing where it was opened for reading; what storage gives.
    pub(super) fn run(&self, function: Function, values: &[Value<'_>]) -> Result<Answer> {
        use Function as F;
        let live = self.caller.live.upgrade();
        let _alone = live.as_ref().map(|live| live.large_object_call.lock());
        let number = |value: i64| Ok(Answer::Number(value));
        match (function, values) {
            (F::Creat, [_]) => number(self.create(0)?.into()),
            (F::Create, [oid]) => number(self.create(wanted(oid)?)?.into()),
            (F::Open, [oid, flags]) => number(self.open(oid, int(flags)?.into())?.into()),
            (F::Close, [fd]) => {
                let fd = int(fd)?;
                Opened::of(self.caller)?.descriptors(|open| open.close(fd))?;
                number(0)
            }
            (F::Read, [fd, length]) => {
                let length = u64::try_from(int(length)?).unwrap_or(0);
                Ok(Answer::Bytes(self.read(int(fd)?, length)?))
            }
            (F::Write, [fd, Value::Bytes(bytes)]) => number(self.write(int(fd)?, bytes)?),
            (F::Seek, [fd, offset, whence]) => {
                let (fd, at) = (int(fd)?, self.seek(int(fd)?, int(offset)?.into(), int(whence)?)?);
                small(at, "lo_lseek", fd)
            }
            (F::Seek64, [fd, offset, whence]) => number(self.seek(int(fd)?, big(offset)?, int(whence)?)?),
            (F::Tell, [fd]) => small(self.tell(int(fd)?)?, "lo_tell", int(fd)?),
            (F::Tell64, [fd]) => number(self.tell(int(fd)?)?),
            (F::Truncate, [fd, size]) => self.truncate(int(fd)?, int(size)?.into()),
            (F::Truncate64, [fd, size]) => self.truncate(int(fd)?, big(size)?),
            (F::Unlink, [oid]) => self.unlink(oid),
            (F::FromBytes, [oid, Value::Bytes(bytes)]) => {
                let oid = self.create(wanted(oid)?)?;
                self.put(oid, 0, bytes)?;
                number(oid.into())
            }
            (F::Get, [oid]) => self.get(oid, 0, None),
            (F::Get, [oid, from, length]) => self.get(oid, big(from)?, Some(int(length)?)),
            (F::Put, [oid, at, Value::Bytes(bytes)]) => {
                let oid = known(oid)?;
                let draft = Opened::of(self.caller)?.draft()?;
                self.readable(&draft, oid)?;
                self.put(oid, place(big(at)?)?, bytes)?;
                Ok(Answer::Nothing)
            }
            (F::Import, [Value::Text(path)]) => number(self.import(path, 0)?.into()),
            (F::Import, [Value::Text(path), oid]) => number(self.import(path, wanted(oid)?)?.into()),
            (F::Export, [oid, Value::Text(path)]) => self.export(oid, path),
            _ => Err(Error::internal("a function of large objects with other arguments than its own")),
        }
    }

    /// Makes an object; 0 is one of any id.
    fn create(&self, oid: u32) -> Result<u32> {
        let owner = self.caller.settings.subject(&self.caller.snapshot)?.role.unwrap_or(0);
        Opened::of(self.caller)?.change(|objects, _| {
            let oid = if oid == 0 { self.oids.give(objects)? } else { oid };
            Ok((objects.create(oid, owner)?, oid))
        })
    }

    fn open(&self, oid: &Value<'_>, flags: i64) -> Result<i32> {
        let opened = Opened::of(self.caller)?;
        let snapshot = match (flags & WRITE != 0, flags & READ != 0) {
            (true, _) => None,
            (false, true) => Some(self.caller.snapshot.clone()),
            (false, false) => {
                return Err(invalid(format!("invalid flags for opening a large object: {flags}")));
            }
        };
        let oid = known(oid)?;
        // A serializable transaction has read it.
        let draft = opened.draft()?;
        self.readable(snapshot.as_ref().unwrap_or(&draft), oid)?;
        opened.descriptors(|descriptors| descriptors.open(oid, snapshot))
    }

    fn read(&self, fd: i32, length: u64) -> Result<Vec<u8>> {
        let opened = Opened::of(self.caller)?;
        let open = opened.descriptor(fd)?;
        let bytes = opened.read(&open, |objects, entry| objects.read(&entry, open.offset, length))?;
        let offset = open.offset.saturating_add(bytes.len() as u64);
        opened.descriptors(|descriptors| {
            descriptors.seek(fd, offset);
            Ok(())
        })?;
        Ok(bytes)
    }

    fn write(&self, fd: i32, bytes: &[u8]) -> Result<i64> {
        let opened = Opened::of(self.caller)?;
        let open = opened.descriptor(fd)?;
        if open.snapshot.is_some() {
            return Err(not_for_writing(fd));
        }
        self.put(open.oid, open.offset, bytes)?;
        let offset = open.offset.saturating_add(bytes.len() as u64);
        opened.descriptors(|descriptors| {
            descriptors.seek(fd, offset);
            Ok(())
        })?;
        Ok(i64::try_from(bytes.len()).unwrap_or(i64::MAX))
    }

    fn seek(&self, fd: i32, offset: i64, whence: i32) -> Result<i64> {
        let opened = Opened::of(self.caller)?;
        let open = opened.descriptor(fd)?;
        let from = match whence {
            0 => 0,
            1 => open.offset,
            2 => opened.read(&open, |_, entry| Ok(entry.size))?,
            _ => return Err(invalid(format!("invalid whence setting: {whence}"))),
        };
        // No object is so long that this is no i64.
        let at = i64::try_from(from).unwrap_or(i64::MAX).wrapping_add(offset);
        let place = place(at)?;
        opened.descriptors(|descriptors| {
            descriptors.seek(fd, place);
            Ok(())
        })?;
        Ok(at)
    }

    fn tell(&self, fd: i32) -> Result<i64> {
        let open = Opened::of(self.caller)?.descriptor(fd)?;
        Ok(i64::try_from(open.offset).unwrap_or(i64::MAX))
    }

    fn truncate(&self, fd: i32, size: i64) -> Result<Answer> {
        let opened = Opened::of(self.caller)?;
        let open = opened.descriptor(fd)?;
        if open.snapshot.is_some() {
            return Err(not_for_writing(fd));
        }
        let size = u64::try_from(size)
            .ok()
            .filter(|size| *size <= MOST)
            .ok_or_else(|| invalid(format!("invalid large object truncation target: {size}")))?;
        opened.change(|objects, began| {
            Ok((objects.truncate(&objects.entry(open.oid)?, size, began)?, Answer::Number(0)))
        })
    }

    fn unlink(&self, oid: &Value<'_>) -> Result<Answer> {
        let oid = known(oid)?;
        let opened = Opened::of(self.caller)?;
        opened.change(|objects, _| {
            let entry = objects.entry(oid)?;
            if !self.owns(&entry)? {
                let message = format!("must be owner of large object {oid}");
                return Err(Error::new(SqlState::InsufficientPrivilege, message));
            }
            Ok((objects.unlink(&entry)?, ()))
        })?;
        opened.descriptors(|descriptors| {
            descriptors.close_all_of(oid);
            Ok(Answer::Number(1))
        })
    }

    fn get(&self, oid: &Value<'_>, from: i64, length: Option<i32>) -> Result<Answer> {
        let length = match length.map(u64::try_from) {
            None => MOST,
            Some(Ok(length)) => length,
            Some(Err(_)) => return Err(invalid("requested length cannot be negative".to_string())),
        };
        let oid = known(oid)?;
        let entry = self.readable(&self.caller.snapshot, oid)?;
        self.note()?;
        let objects = Objects::of(&self.caller.snapshot)?;
        Ok(Answer::Bytes(objects.read(&entry, place(from)?, length)?))
    }

    fn put(&self, oid: u32, at: u64, bytes: &[u8]) -> Result<()> {
        Opened::of(self.caller)?
            .change(|objects, began| Ok((objects.write(&objects.entry(oid)?, at, bytes, began)?, ())))
    }

    fn import(&self, path: &str, oid: u32) -> Result<u32> {
        self.need_superuser(Function::Import)?;
        let mut file = file::Source::open(Path::new(path))?;
        let oid = self.create(oid)?;
        let mut at = 0;
        while let Some(bytes) = file.next()? {
            self.put(oid, at, bytes)?;
            at += bytes.len() as u64;
        }
        Ok(oid)
    }

    fn export(&self, oid: &Value<'_>, path: &str) -> Result<Answer> {
        self.need_superuser(Function::Export)?;
        let entry = self.readable(&self.caller.snapshot, known(oid)?)?;
        self.note()?;
        let objects = Objects::of(&self.caller.snapshot)?;
        file::write(Path::new(path), entry.size, |from, most| objects.read(&entry, from, most))?;
        Ok(Answer::Number(1))
    }

    /// The object, if whoever asks may read it: who may is who may write it.
    fn readable(&self, snapshot: &Snapshot, oid: u32) -> Result<Entry> {
        let entry = Objects::of(snapshot)?.entry(oid)?;
        self.check_access(&entry)?;
        Ok(entry)
    }

    fn check_access(&self, entry: &Entry) -> Result<()> {
        if self.owns(entry)? {
            return Ok(());
        }
        let message = format!("permission denied for large object {}", entry.oid);
        Err(Error::new(SqlState::InsufficientPrivilege, message))
    }

    fn owns(&self, entry: &Entry) -> Result<bool> {
        Ok(self.rights()?.is_none_or(|rights| rights.subject.has_rights_of(entry.owner)))
    }

    fn rights(&self) -> Result<Option<Rights>> {
        self.caller.rights()
    }

    /// # Errors
    /// 42501 for whoever is no superuser.
    fn need_superuser(&self, function: Function) -> Result<()> {
        if self.rights()?.is_none() {
            return Ok(());
        }
        let message = format!("permission denied for function {}", function.name());
        Err(Error::new(SqlState::InsufficientPrivilege, message))
    }

    /// A serializable transaction has read large objects.
    fn note(&self) -> Result<()> {
        match self.caller.block {
            Some(_) => Opened::of(self.caller)?.draft().map(drop),
            None => Ok(()),
        }
    }
}

/// The error for writing where it was not asked for when it was opened.
fn not_for_writing(fd: i32) -> Error {
    let message = format!("large object descriptor {fd} was not opened for writing");
    Error::new(SqlState::ObjectNotInPrerequisiteState, message)
}

/// A place in an object.
///
/// # Errors
/// 22023 before its begin, and behind where any can end.
fn place(at: i64) -> Result<u64> {
    u64::try_from(at)
        .ok()
        .filter(|at| *at <= MOST)
        .ok_or_else(|| invalid(format!("invalid large object seek target: {at}")))
}

/// A place as a number of 32 bits.
fn small(at: i64, function: &str, fd: i32) -> Result<Answer> {
    if i32::try_from(at).is_ok() {
        return Ok(Answer::Number(at));
    }
    let message = format!("{function} result out of range for large-object descriptor {fd}");
    Err(Error::new(SqlState::NumericValueOutOfRange, message))
}

fn big(value: &Value<'_>) -> Result<i64> {
    match value {
        Value::Number(number) => Ok(*number),
        Value::Text(_) | Value::Bytes(_) => Err(Error::internal("a number that is none")),
    }
}

fn int(value: &Value<'_>) -> Result<i32> {
    let out_of_range = |_| Error::new(SqlState::NumericValueOutOfRange, "integer out of range");
    i32::try_from(big(value)?).map_err(out_of_range)
}

/// An object id. Numbers of 32 bits with a sign are ids as well, as in PostgreSQL.
fn oid(value: &Value<'_>) -> Result<u32> {
    let number = big(value)?;
    let id = u32::try_from(number).ok().or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned));
    id.ok_or_else(|| Error::new(SqlState::NumericValueOutOfRange, "OID out of range"))
}

/// The id of an object that is to be made.
///
/// # Errors
/// 0A000 for one of 32 bits.
fn wanted(value: &Value<'_>) -> Result<u32> {
    let oid = oid(value)?;
    if oid > LAST {
        return Err(Error::unsupported(format!("a large object whose id is above {LAST}")));
    }
    Ok(oid)
}

/// The id of an object that has to be there.
///
/// # Errors
/// 42704 for one that none can have.
fn known(value: &Value<'_>) -> Result<u32> {
    let oid = oid(value)?;
    if oid > LAST { Err(unknown(oid)) } else { Ok(oid) }
}
