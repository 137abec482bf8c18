//! `nextval(name)`, `currval(name)`, `lastval()`, `setval(name, value [, is_called])`.
//!
//! A function as it is planned knows no session; [`crate::planning::bind`] gives it one when the plan runs. Without a session
//! `nextval` works, and nobody's `currval` sees it.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::TableReference;
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use muster_storage::Snapshot;

use super::Sequences;
use crate::catalog::namespace::kind;
use crate::catalog::relation::stored;
use crate::catalog::{Namespace, SCHEMA, SearchPath, Sequence, system};
use crate::privileges::{Object, Privilege, Privileges, definition};
use crate::session::Caller;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// All of them, for the session state.
pub(crate) fn functions(sequences: &Arc<Sequences>) -> Vec<ScalarUDF> {
    [Kind::Next, Kind::Current, Kind::Last, Kind::Set]
        .into_iter()
        .map(|kind| ScalarUDF::new_from_impl(SequenceFunction::new(kind, sequences.clone(), None)))
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Next,
    Current,
    Last,
    Set,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct SequenceFunction {
    kind: Kind,
    sequences: Arc<Sequences>,
    caller: Option<Arc<Caller>>,
    signature: Signature,
}

impl SequenceFunction {
    fn new(kind: Kind, sequences: Arc<Sequences>, caller: Option<Arc<Caller>>) -> Self {
        Self { kind, sequences, caller, signature: Signature::user_defined(Volatility::Volatile) }
    }

    /// The same function for one that runs.
    pub(crate) fn called_by(&self, caller: Arc<Caller>) -> Self {
        Self::new(self.kind, self.sequences.clone(), Some(caller))
    }

    /// The sequence of a name.
    fn find(&self, snapshot: &Snapshot, text: &str) -> Result<(String, Sequence)> {
        let reference = TableReference::parse_str(text);
        let made = stored(reference.schema().unwrap_or(SCHEMA), reference.table());
        let caller = self.caller.as_ref();
        if let Some((_, sequence)) =
            caller.and_then(|caller| caller.made.iter().find(|(name, _)| *name == made))
        {
            return Ok((reference.table().to_string(), sequence.clone()));
        }
        let default = SearchPath::new(0);
        let path = self.caller.as_ref().map_or(&default, |caller| &caller.settings.path);
        let found = Namespace { snapshot, path }.find_parts(reference.schema(), reference.table());
        let (name, _) = found.ok_or_else(|| Error::undefined_table(text))?;
        self.of(snapshot, &name.stored())
    }

    fn of(&self, snapshot: &Snapshot, stored: &str) -> Result<(String, Sequence)> {
        let name = crate::catalog::relation::plain(stored).to_string();
        match Sequence::find(snapshot, stored)? {
            Some(sequence) => {
                self.check(snapshot, stored, &sequence)?;
                Ok((name, sequence))
            }
            None if kind(snapshot, stored).is_some() => {
                Err(Error::new(SqlState::WrongObjectType, format!("\"{name}\" is not a sequence")))
            }
            None => Err(Error::undefined_table(stored)),
        }
    }

    /// Whether the function may be called with a sequence. One that the statement makes itself is whoever's runs it.
    fn check(&self, snapshot: &Snapshot, stored: &str, sequence: &Sequence) -> Result<()> {
        use Privilege::{Insert, Select, Update, Usage};
        let rights = match &self.caller {
            Some(caller) => caller.rights()?,
            None => None,
        };
        let Some(rights) = rights else { return Ok(()) };
        let any = match self.kind {
            Kind::Next => const { Privileges::of(&[Usage, Update]) },
            Kind::Current | Kind::Last => const { Privileges::of(&[Usage, Select]) },
            Kind::Set => const { Privileges::of(&[Update]) },
        };
        // What an identity column draws is part of INSERT.
        let table = sequence.owner.as_ref().filter(|_| sequence.identity && self.kind == Kind::Next);
        if let Some((table, _)) = table
            && let Some(table) = Object::of_stored(snapshot, table)
            && rights.allowed(&table)?.has(Insert)
        {
            return Ok(());
        }
        definition::need_sequence(&rights, stored, any)
    }

    /// The value for one row; `None` is NULL.
    fn value(&self, snapshot: &Snapshot, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
        let not_yet = |words: String| Err(Error::new(SqlState::ObjectNotInPrerequisiteState, words));
        if self.kind == Kind::Last {
            let last = self.caller.as_ref().and_then(|caller| caller.settings.own.drawn.lock().last());
            return match last {
                Some(last) => Ok(Some(last)),
                None => not_yet("lastval is not yet defined in this session".to_string()),
            };
        }
        let (name, sequence) = match arguments.name(row) {
            Some(Name::Text(text)) => self.find(snapshot, text)?,
            Some(Name::Oid(oid)) => {
                let stored = system::sequence_of(snapshot, oid)?;
                self.of(snapshot, &stored.unwrap_or_else(|| oid.to_string()))?
            }
            None => return Ok(None),
        };
        match self.kind {
            Kind::Next => {
                let value = self.sequences.next(&sequence, &name)?;
                if let Some(caller) = &self.caller {
                    caller.settings.own.drawn.lock().draw(sequence.id, value);
                }
                Ok(Some(value))
            }
            Kind::Current => {
                let caller = self.caller.as_ref();
                match caller.and_then(|caller| caller.settings.own.drawn.lock().current(sequence.id)) {
                    Some(value) => Ok(Some(value)),
                    None => {
                        not_yet(format!("currval of sequence \"{name}\" is not yet defined in this session"))
                    }
                }
            }
            Kind::Last | Kind::Set => {
                let (Some(value), Some(called)) = (arguments.number(1, row), arguments.flag(2, row)) else {
                    return Ok(None);
                };
                self.sequences.set(&sequence, &name, value, called)?;
                if let (Some(caller), true) = (&self.caller, called) {
                    caller.settings.own.drawn.lock().set(sequence.id, value);
                }
                Ok(Some(value))
            }
        }
    }
}

impl PartialEq for SequenceFunction {
    fn eq(&self, other: &Self) -> bool {
        let same_caller = match (&self.caller, &other.caller) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        self.kind == other.kind && Arc::ptr_eq(&self.sequences, &other.sequences) && same_caller
    }
}

impl Eq for SequenceFunction {}

impl Hash for SequenceFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
    }
}

/// How a call names a sequence.
enum Name<'a> {
    Text(&'a str),
    /// By its id in `pg_class`.
    Oid(i64),
}

/// The arguments of all rows of a batch.
struct Arguments {
    arrays: Vec<ArrayRef>,
}

impl Arguments {
    fn name(&self, row: usize) -> Option<Name<'_>> {
        let array = self.arrays.first()?;
        if row >= array.len() || array.is_null(row) {
            return None;
        }
        match array.as_any().downcast_ref::<StringArray>() {
            Some(texts) => Some(Name::Text(texts.value(row))),
            None => self.number(0, row).map(Name::Oid),
        }
    }

    fn number(&self, place: usize, row: usize) -> Option<i64> {
        let numbers = self.arrays.get(place)?.as_primitive_opt::<Int64Type>()?;
        (row < numbers.len() && numbers.is_valid(row)).then(|| numbers.value(row))
    }

    /// The flag at this place; true where it is not given.
    fn flag(&self, place: usize, row: usize) -> Option<bool> {
        let Some(array) = self.arrays.get(place) else { return Some(true) };
        let flags = array.as_boolean_opt()?;
        (row < flags.len() && flags.is_valid(row)).then(|| flags.value(row))
    }
}

impl ScalarUDFImpl for SequenceFunction {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Next => "nextval",
            Kind::Current => "currval",
            Kind::Last => "lastval",
            Kind::Set => "setval",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> PlanResult<Vec<DataType>> {
        let takes = match self.kind {
            Kind::Next | Kind::Current => 1..=1,
            Kind::Last => 0..=0,
            Kind::Set => 2..=3,
        };
        if !takes.contains(&given.len()) {
            let message = format!("function {} does not take {} arguments", self.name(), given.len());
            return Err(Error::new(SqlState::UndefinedFunction, message).into());
        }
        let coerced = given.iter().enumerate().map(|(place, given)| match place {
            0 if given.is_integer() => DataType::Int64,
            0 => DataType::Utf8,
            1 => DataType::Int64,
            _ => DataType::Boolean,
        });
        Ok(coerced.collect())
    }

    fn return_type(&self, _arguments: &[DataType]) -> PlanResult<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> PlanResult<ColumnarValue> {
        let snapshot = match &self.caller {
            Some(caller) => caller.snapshot.clone(),
            None => self.sequences.snapshot()?,
        };
        let arrays = call.args.iter().map(|argument| argument.to_array(call.number_rows));
        let arguments = Arguments { arrays: arrays.collect::<PlanResult<_>>()? };
        // Each row is a call of its own.
        let values = (0..call.number_rows).map(|row| self.value(&snapshot, &arguments, row));
        Ok(ColumnarValue::Array(Arc::new(values.collect::<Result<Int64Array>>()?)))
    }
}
