//! A function over the catalog: it is evaluated row by row against what the statement sees that runs it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Weak};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array, ListBuilder, StringArray, StringBuilder,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Int64Type};
use arrow::util::display::array_value_to_string;
use chrono::{DateTime, Utc};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use muster_storage::{Snapshot, Store};

use super::super::rows::{list_of, moment_type};
use crate::session::{Caller, Live, Settings};
use crate::sqlstate::SqlState;
use crate::tally::Tally;
use crate::{Error, Options};

/// The type of an argument.
#[derive(Clone, Copy, Debug)]
pub(super) enum Argument {
    /// An object id or another whole number.
    Number,
    Text,
    Flag,
    /// What the function does not look at.
    Any,
}

impl Argument {
    fn data_type(self, given: &DataType) -> DataType {
        match self {
            Self::Any => given.clone(),
            Self::Number => DataType::Int64,
            Self::Text => DataType::Utf8,
            Self::Flag => DataType::Boolean,
        }
    }
}

/// What a function gives for one row; `None` is NULL.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    Text(fn(&Catalog, &Arguments, usize) -> Result<Option<String>>),
    Flag(fn(&Catalog, &Arguments, usize) -> Result<Option<bool>>),
    Number(fn(&Catalog, &Arguments, usize) -> Result<Option<i64>>),
    Texts(fn(&Catalog, &Arguments, usize) -> Result<Option<Texts>>),
    /// A text, and the session is changed.
    Done(fn(&Catalog, &Arguments, usize) -> Result<Option<String>>),
    /// A number of 32 bits.
    Small(fn(&Catalog, &Arguments, usize) -> Result<Option<i32>>),
    /// Microseconds since 1970.
    Moment(fn(&Catalog, &Arguments, usize) -> Result<Option<i64>>),
    /// The same, and another each time.
    Clock(fn(&Catalog, &Arguments, usize) -> Result<Option<i64>>),
    /// Whether another session was reached.
    Signal(fn(&Catalog, &Arguments, usize) -> Result<Option<bool>>),
}

impl Answer {
    /// Whether calling it changes something, or gives something else each time.
    fn changes(self) -> bool {
        matches!(self, Self::Done(_) | Self::Clock(_) | Self::Signal(_))
    }
}

/// The value of an array of texts.
pub(super) type Texts = Vec<String>;

/// What a function can look into.
pub(super) struct Catalog {
    pub(super) snapshot: Arc<Snapshot>,
    /// What is committed: a right that was taken away is gone in a block that began before, too.
    pub(super) latest: Arc<Snapshot>,
    /// As they were when the statement began.
    pub(super) settings: Settings,
    /// The session that runs the statement, if one does.
    pub(super) live: Option<Arc<Live>>,
    /// The transaction block that the statement is in.
    pub(super) block: Option<u64>,
    /// What the block has begun with, where it has changed objects.
    pub(super) base: Option<Arc<Snapshot>>,
    /// When the statement began, and its transaction.
    pub(super) moments: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// When the database was opened.
    pub(super) started: Option<DateTime<Utc>>,
    /// What the database counts, for a statement that a session runs.
    pub(super) tally: Option<Arc<Tally>>,
    pub(super) store: Arc<Store>,
}

impl Catalog {
    /// Whether whoever asks may do everything, as the statement sees it and still.
    pub(super) fn is_superuser(&self) -> crate::Result<bool> {
        let own = self.settings.identity();
        Ok(own.is_superuser(&self.snapshot)? && own.is_superuser(&self.latest)?)
    }

    /// The settings as the statement itself may have changed them.
    pub(super) fn live_settings(&self) -> Settings {
        self.live.as_ref().map_or_else(|| self.settings.clone(), |live| live.settings())
    }
}

/// The arguments of all rows of a batch.
pub(super) struct Arguments {
    arrays: Vec<ArrayRef>,
}

impl Arguments {
    /// Whether no argument is NULL.
    pub(super) fn all_given(&self, row: usize) -> bool {
        self.arrays
            .iter()
            .all(|array| row < array.len() && array.data_type() != &DataType::Null && array.is_valid(row))
    }

    /// The number at this place; `None` for NULL and for an argument that is not given.
    pub(super) fn number(&self, place: usize, row: usize) -> Option<i64> {
        let array = self.arrays.get(place)?.as_primitive_opt::<Int64Type>()?;
        (row < array.len() && array.is_valid(row)).then(|| array.value(row))
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.arrays.len()
    }

    /// The argument at this place as a text, of whatever type it is.
    pub(super) fn any_text(&self, place: usize, row: usize) -> Option<String> {
        let array = self.arrays.get(place).filter(|array| row < array.len() && array.is_valid(row))?;
        array_value_to_string(array, row).ok()
    }

    /// The argument at this place, if it is a whole number.
    pub(super) fn any_number(&self, place: usize, row: usize) -> Option<i64> {
        let array = self.arrays.get(place).filter(|array| array.data_type().is_integer())?;
        self.any_text(place, row).filter(|_| !array.is_empty())?.parse().ok()
    }

    /// The object id at this place.
    pub(super) fn oid(&self, place: usize, row: usize) -> Option<i32> {
        i32::try_from(self.number(place, row)?).ok()
    }

    /// The flag at this place.
    pub(super) fn flag(&self, place: usize, row: usize) -> Option<bool> {
        let array = self.arrays.get(place)?.as_boolean_opt()?;
        (row < array.len() && array.is_valid(row)).then(|| array.value(row))
    }

    /// The text at this place.
    pub(super) fn text(&self, place: usize, row: usize) -> Option<&str> {
        let array = self.arrays.get(place)?.as_string_opt::<i32>()?;
        (row < array.len() && array.is_valid(row)).then(|| array.value(row))
    }
}

/// See the module.
pub(crate) struct SystemFunction {
    name: &'static str,
    overloads: &'static [&'static [Argument]],
    answer: Answer,
    signature: Signature,
    /// Weak, because the database holds its functions.
    store: Weak<Store>,
    /// The statement that runs the plan that the function is in.
    caller: Option<Arc<Caller>>,
}

impl SystemFunction {
    pub(super) fn new(
        name: &'static str,
        overloads: &'static [&'static [Argument]],
        answer: Answer,
        store: Weak<Store>,
    ) -> Self {
        // What changes the session is called as often as the statement says.
        let volatility = if answer.changes() { Volatility::Volatile } else { Volatility::Stable };
        Self { name, overloads, answer, signature: Signature::user_defined(volatility), store, caller: None }
    }
}

impl SystemFunction {
    /// The same function for a plan that runs.
    pub(crate) fn called_by(&self, caller: Arc<Caller>) -> Self {
        Self { caller: Some(caller), ..Self::new(self.name, self.overloads, self.answer, self.store.clone()) }
    }

    fn catalog(&self) -> Result<Catalog> {
        let store = self.store.upgrade();
        let store = store.ok_or_else(|| DataFusionError::Internal("the database is closed".to_string()))?;
        let latest = store.snapshot();
        if let Some(caller) = &self.caller {
            return Ok(Catalog {
                snapshot: caller.snapshot.clone(),
                latest,
                settings: caller.settings.clone(),
                live: caller.live.upgrade(),
                block: caller.block,
                base: caller.base.clone(),
                moments: Some(caller.moments),
                started: Some(caller.started),
                tally: Some(caller.tally.clone()),
                store,
            });
        }
        let settings = Settings::new(&Options::default());
        Ok(Catalog {
            snapshot: latest.clone(),
            latest,
            settings,
            live: None,
            block: None,
            base: None,
            moments: None,
            started: None,
            tally: None,
            store,
        })
    }
}

impl fmt::Debug for SystemFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemFunction").field("name", &self.name).finish_non_exhaustive()
    }
}

impl PartialEq for SystemFunction {
    fn eq(&self, other: &Self) -> bool {
        let same_caller = match (&self.caller, &other.caller) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        self.name == other.name && self.store.ptr_eq(&other.store) && same_caller
    }
}

impl Eq for SystemFunction {}

impl Hash for SystemFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for SystemFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match self.overloads.iter().find(|overload| overload.len() == given.len()) {
            Some(overload) => {
                Ok(overload.iter().zip(given).map(|(argument, given)| argument.data_type(given)).collect())
            }
            None => Err(Error::new(
                SqlState::UndefinedFunction,
                format!("function {} does not take {} arguments", self.name, given.len()),
            )
            .into()),
        }
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(match self.answer {
            Answer::Text(_) | Answer::Done(_) => DataType::Utf8,
            Answer::Small(_) => DataType::Int32,
            Answer::Moment(_) | Answer::Clock(_) => moment_type(),
            Answer::Flag(_) | Answer::Signal(_) => DataType::Boolean,
            Answer::Number(_) => DataType::Int64,
            Answer::Texts(_) => list_of(DataType::Utf8),
        })
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let catalog = self.catalog()?;
        // What changes something is called for each row.
        let constant = !self.answer.changes()
            && call.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let count = if constant { 1 } else { call.number_rows };
        let arrays = call.args.iter().map(|argument| argument.to_array(count)).collect::<Result<Vec<_>>>()?;
        let arguments = Arguments { arrays };
        let rows = 0..count;
        let array: ArrayRef = match self.answer {
            Answer::Text(answer) | Answer::Done(answer) => {
                Arc::new(rows.map(|row| answer(&catalog, &arguments, row)).collect::<Result<StringArray>>()?)
            }
            Answer::Flag(answer) | Answer::Signal(answer) => {
                Arc::new(rows.map(|row| answer(&catalog, &arguments, row)).collect::<Result<BooleanArray>>()?)
            }
            Answer::Number(answer) => {
                Arc::new(rows.map(|row| answer(&catalog, &arguments, row)).collect::<Result<Int64Array>>()?)
            }
            Answer::Small(answer) => {
                Arc::new(rows.map(|row| answer(&catalog, &arguments, row)).collect::<Result<Int32Array>>()?)
            }
            Answer::Moment(answer) | Answer::Clock(answer) => {
                let moments = rows.map(|row| answer(&catalog, &arguments, row));
                let moments = moments.collect::<Result<TimestampMicrosecondArray>>()?;
                Arc::new(moments.with_data_type(moment_type()))
            }
            Answer::Texts(answer) => {
                let mut lists = ListBuilder::new(StringBuilder::new());
                for row in rows {
                    let list = answer(&catalog, &arguments, row)?;
                    lists.append_option(list.map(|texts| texts.into_iter().map(Some)));
                }
                Arc::new(lists.finish())
            }
        };
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        Ok(ColumnarValue::Array(array))
    }
}
