//! `CREATE SEQUENCE` and `ALTER SEQUENCE`, and the sequences of serial and identity columns.

use std::hash::{BuildHasher, Hasher, RandomState};

use datafusion::sql::sqlparser::ast::{
    DataType as SqlType, Expr, ObjectName, SequenceOptions, UnaryOperator, Value,
};
use muster_storage::{Changes, Snapshot};

use super::define::Defined;
use super::name;
use crate::catalog::namespace::SEQUENCE_KIND;
use crate::catalog::sequence::Counting;
use crate::catalog::{Namespace, RelationKind, RelationName, Sequence, object};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// What a statement says of a sequence.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) increment: Option<i64>,
    /// `Some(None)` is NO MINVALUE.
    pub(super) least: Option<Option<i64>>,
    pub(super) most: Option<Option<i64>>,
    pub(super) start: Option<i64>,
    pub(super) cache: Option<i64>,
    pub(super) cycle: Option<bool>,
    /// `Some(None)` restarts at the start.
    pub(super) restart: Option<Option<i64>>,
    pub(super) sql_type: Option<String>,
    /// What a sequence of an identity column is to be called, with its schema or without.
    pub(super) name: Option<String>,
    /// `Some(None)` is OWNED BY NONE.
    pub(super) owner: Option<Option<(String, String)>>,
}

impl Said {
    /// # Errors
    /// 22023 and 22003 for values that no option has.
    pub(super) fn of(options: &[SequenceOptions]) -> Result<Self> {
        let mut said = Self::default();
        for option in options {
            match option {
                SequenceOptions::IncrementBy(value, _) => said.increment = Some(number(value)?),
                SequenceOptions::MinValue(value) => {
                    said.least = Some(value.as_ref().map(number).transpose()?)
                }
                SequenceOptions::MaxValue(value) => said.most = Some(value.as_ref().map(number).transpose()?),
                SequenceOptions::StartWith(value, _) => said.start = Some(number(value)?),
                SequenceOptions::Cache(value) => match text(value) {
                    // The parser's tree has no other place for it.
                    Some(name) => said.name = Some(name.to_string()),
                    None => said.cache = Some(number(value)?),
                },
                // The parser's flag is that of NO.
                SequenceOptions::Cycle(no) => said.cycle = Some(!no),
            }
        }
        Ok(said)
    }

    /// The type, by the name that the catalogs give it.
    ///
    /// # Errors
    /// 22023 for a type that no sequence has.
    pub(super) fn typed(mut self, sql_type: &SqlType) -> Result<Self> {
        let name = match sql_type {
            SqlType::SmallInt(_) | SqlType::Int2(_) => "smallint",
            SqlType::Int(_) | SqlType::Integer(_) | SqlType::Int4(_) => "integer",
            SqlType::BigInt(_) | SqlType::Int8(_) => "bigint",
            _ => return Err(invalid("sequence type must be smallint, integer, or bigint")),
        };
        self.sql_type = Some(name.to_string());
        Ok(self)
    }
}

fn invalid(words: impl Into<String>) -> Error {
    Error::new(SqlState::InvalidParameterValue, words)
}

fn text(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// A whole number as an option has it.
pub(super) fn number(expression: &Expr) -> Result<i64> {
    let wrong = || invalid(format!("{expression} is no whole number"));
    let (negative, expression) = match expression {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => (true, expr.as_ref()),
        Expr::UnaryOp { op: UnaryOperator::Plus, expr } => (false, expr.as_ref()),
        other => (false, other),
    };
    let Expr::Value(value) = expression else { return Err(wrong()) };
    let Value::Number(digits, _) = &value.value else { return Err(wrong()) };
    let digits = if negative { format!("-{digits}") } else { digits.clone() };
    digits.parse().map_err(|_| {
        Error::new(
            SqlState::NumericValueOutOfRange,
            format!("value \"{digits}\" is out of range for type bigint"),
        )
    })
}

fn range(sql_type: &str) -> (i64, i64) {
    match sql_type {
        "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
        "integer" => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    }
}

/// How it counts with what is said, over how it counted.
fn counting(said: &Said, before: Option<&Sequence>, sql_type: &str) -> Result<Counting> {
    let increment = said.increment.or(before.map(|before| before.counting.increment)).unwrap_or(1);
    if increment == 0 {
        return Err(invalid("INCREMENT must not be zero"));
    }
    let (lowest, highest) = range(sql_type);
    let (usual_least, usual_most) = if increment > 0 { (1, highest) } else { (lowest, -1) };
    // A new type takes the old one's ends along where they were its ends.
    let kept = |value: fn(&Counting) -> i64, end: fn((i64, i64)) -> i64, usual: i64| {
        before.map(|before| {
            let had = value(&before.counting);
            if had == end(range(&before.sql_type)) && before.sql_type != sql_type { usual } else { had }
        })
    };
    let least = match said.least {
        Some(least) => least.unwrap_or(usual_least),
        None => kept(|counting| counting.least, |range| range.0, usual_least).unwrap_or(usual_least),
    };
    let most = match said.most {
        Some(most) => most.unwrap_or(usual_most),
        None => kept(|counting| counting.most, |range| range.1, usual_most).unwrap_or(usual_most),
    };
    if least < lowest || least > highest {
        return Err(invalid(format!("MINVALUE ({least}) is out of range for sequence data type {sql_type}")));
    }
    if most < lowest || most > highest {
        return Err(invalid(format!("MAXVALUE ({most}) is out of range for sequence data type {sql_type}")));
    }
    if least >= most {
        return Err(invalid(format!("MINVALUE ({least}) must be less than MAXVALUE ({most})")));
    }
    let cycle = said.cycle.or(before.map(|before| before.counting.cycle)).unwrap_or(false);
    Ok(Counting { increment, least, most, cycle })
}

fn within(what: &str, value: i64, counting: &Counting) -> Result<i64> {
    if value < counting.least {
        return Err(invalid(format!(
            "{what} value ({value}) cannot be less than MINVALUE ({})",
            counting.least
        )));
    }
    if value > counting.most {
        return Err(invalid(format!(
            "{what} value ({value}) cannot be greater than MAXVALUE ({})",
            counting.most
        )));
    }
    Ok(value)
}

/// A number that nothing else is counted under.
fn lineage() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A new sequence.
///
/// # Errors
/// 22023 for options that contradict each other.
pub(super) fn new(said: &Said, id: u64, identity: bool) -> Result<Sequence> {
    let sql_type = said.sql_type.clone().unwrap_or_else(|| "bigint".to_string());
    let counting = counting(said, None, &sql_type)?;
    let usual = if counting.increment > 0 { counting.least } else { counting.most };
    let start = within("START", said.start.unwrap_or(usual), &counting)?;
    let first = match said.restart {
        Some(restart) => within("RESTART", restart.unwrap_or(start), &counting)?,
        None => start,
    };
    let cache = said.cache.unwrap_or(1);
    if cache < 1 {
        return Err(invalid(format!("CACHE ({cache}) must be greater than zero")));
    }
    let owner = said.owner.clone().flatten();
    Ok(Sequence {
        id,
        lineage: lineage(),
        sql_type,
        start,
        cache,
        origin: counting,
        first,
        counting,
        owner,
        identity,
    })
}

/// A sequence as it is after an alteration.
///
/// # Errors
/// As [`new`].
pub(super) fn altered(before: &Sequence, said: &Said) -> Result<Sequence> {
    let sql_type = said.sql_type.clone().unwrap_or_else(|| before.sql_type.clone());
    let counting = counting(said, Some(before), &sql_type)?;
    let start = within("START", said.start.unwrap_or(before.start), &counting)?;
    let mut sequence = Sequence { sql_type, start, counting, ..before.clone() };
    if let Some(cache) = said.cache {
        sequence.cache = cache;
    }
    if let Some(owner) = &said.owner {
        sequence.owner = owner.clone();
    }
    if let Some(restart) = said.restart {
        sequence = restarted(&sequence);
        sequence.first = within("RESTART", restart.unwrap_or(start), &counting)?;
    }
    Ok(sequence)
}

/// A sequence that starts again.
pub(super) fn restarted(before: &Sequence) -> Sequence {
    Sequence { lineage: lineage(), origin: before.counting, first: before.start, ..before.clone() }
}

/// `CREATE SEQUENCE`.
///
/// # Errors
/// 42P07 for a name that is taken, 22023 for options that contradict each other, 42P01 and 42703 for an owner that is
/// not there.
pub(super) fn create(
    namespace: Namespace<'_>,
    written: &ObjectName,
    temporary: bool,
    if_not_exists: bool,
    said: &Said,
) -> Result<Defined> {
    let name = namespace.new_name(written, temporary)?;
    if if_not_exists && namespace.kind(&name).is_some() {
        return Ok(Defined::new(Changes::new(), "CREATE SEQUENCE"));
    }
    namespace.check_free(&name)?;
    let (changes, id) = object::number(Changes::new(), namespace.snapshot);
    let changes = put(changes, &name.stored(), &new(said, id, false)?)?;
    Ok(Defined::new(changes, "CREATE SEQUENCE"))
}

/// `OWNED BY table.column`, or NONE.
///
/// # Errors
/// 42P01 and 42703 for what is not there.
pub(crate) fn owner(namespace: Namespace<'_>, written: &ObjectName) -> Result<Option<(String, String)>> {
    let mut parts = written.0.clone();
    let column = parts.pop().and_then(|part| part.as_ident().map(name::ident)).unwrap_or_default();
    if parts.is_empty() {
        if column.eq_ignore_ascii_case("none") {
            return Ok(None);
        }
        return Err(Error::new(SqlState::SyntaxError, "invalid OWNED BY option")
            .with_hint("Specify OWNED BY table.column or OWNED BY NONE."));
    }
    let table = namespace.find_kind(&ObjectName(parts), RelationKind::Table, false)?;
    let table = table.map(|table| table.stored()).unwrap_or_default();
    let known = namespace.snapshot.table(&table);
    if known.is_none_or(|known| known.definition().schema.index_of(&column).is_err()) {
        return Err(Error::undefined_column(&column, &table));
    }
    Ok(Some((table, column)))
}

/// Keeps a sequence.
pub(super) fn put(changes: Changes, stored: &str, sequence: &Sequence) -> Result<Changes> {
    Ok(changes.set_object(SEQUENCE_KIND, stored, Some(sequence.encode()?)))
}

/// The name of the sequence of a serial or identity column.
pub(super) fn name_for(namespace: Namespace<'_>, table: &RelationName, column: &str) -> RelationName {
    namespace.free(&table.schema, &format!("{}_{column}_seq", table.name))
}

/// Starts the sequences of a table again.
pub(super) fn restart_owned(mut changes: Changes, snapshot: &Snapshot, table: &str) -> Result<Changes> {
    for (name, sequence) in Sequence::owned(snapshot, table, None)? {
        changes = put(changes, &name, &restarted(&sequence))?;
    }
    Ok(changes)
}
