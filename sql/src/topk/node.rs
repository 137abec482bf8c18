//! The logical node: for each row of its input the nearest rows of a table.
//!
//! Its expressions are over the columns of both: the input, and the table as `scan` names it. The scan says which table
//! it is and is never run. Where other tables decide which rows may come, `members` gives the ids of those. A query that stands alone has an input of one row without columns.
//!
//! Its columns are the input's, those of the table that are wanted, and [`DISTANCE`]; an outer one has [`FOUND`], too.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Column, DFSchema, DFSchemaRef, Result};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{EmptyRelation, Expr, ExprSchemable, LogicalPlan, UserDefinedLogicalNodeCore};

/// The column with the distance. No client can write a name with a NUL.
pub(super) const DISTANCE: &str = "\0distance";
/// The column that says whether the table's columns are those of a row.
pub(super) const FOUND: &str = "\0found";

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct VectorTopK {
    pub(super) input: Arc<LogicalPlan>,
    pub(super) scan: Arc<LogicalPlan>,
    /// The ids of the rows that may come; all may where it is `None`.
    pub(super) members: Option<Arc<LogicalPlan>>,
    /// The function's call that the rows are sorted by.
    pub(super) distance: Expr,
    /// What must be true of a row.
    pub(super) predicates: Vec<Expr>,
    /// Rows to give; all where it is `None` or NULL.
    pub(super) fetch: Option<Expr>,
    /// Rows to leave out first.
    pub(super) skip: Option<Expr>,
    /// Whether rows as near as the last are given, too.
    pub(super) ties: bool,
    /// Whether a row of the input for which there are none is kept, with NULLs.
    pub(super) outer: bool,
    /// The scan's columns that are wanted.
    pub(super) columns: Vec<Column>,
    schema: DFSchemaRef,
}

/// What a node is, apart from what follows from it.
pub(super) struct Parts {
    pub(super) input: Arc<LogicalPlan>,
    pub(super) scan: Arc<LogicalPlan>,
    pub(super) members: Option<Arc<LogicalPlan>>,
    pub(super) distance: Expr,
    pub(super) predicates: Vec<Expr>,
    pub(super) fetch: Option<Expr>,
    pub(super) skip: Option<Expr>,
    pub(super) ties: bool,
    pub(super) outer: bool,
    pub(super) columns: Vec<Column>,
}

impl VectorTopK {
    pub(super) fn try_new(parts: Parts) -> Result<Self> {
        let Parts { input, scan, members, distance, predicates, fetch, skip, ties, outer, columns } = parts;
        let mut fields: Vec<_> =
            input.schema().iter().map(|(qualifier, field)| (qualifier.cloned(), field.clone())).collect();
        for column in &columns {
            let (qualifier, field) = scan.schema().qualified_field_from_column(column)?;
            fields.push((qualifier.cloned(), nullable(field, outer)));
        }
        let (_, field) = distance.to_field(&merge_schema(&[&input, &scan]))?;
        fields.push((None, nullable(&Arc::new(field.as_ref().clone().with_name(DISTANCE)), outer)));
        if outer {
            fields.push((None, Arc::new(Field::new(FOUND, DataType::Boolean, false))));
        }
        let schema = Arc::new(DFSchema::new_with_metadata(fields, std::collections::HashMap::new())?);
        Ok(Self { input, scan, members, distance, predicates, fetch, skip, ties, outer, columns, schema })
    }

    fn parts(&self) -> Parts {
        let Self { input, scan, members, distance, predicates, fetch, skip, ties, outer, columns, .. } =
            self.clone();
        Parts { input, scan, members, distance, predicates, fetch, skip, ties, outer, columns }
    }

    /// The same with those of its columns alone that `wanted` says.
    pub(super) fn with_columns(&self, wanted: impl Fn(&Column) -> bool) -> Result<Self> {
        let columns = self.columns.iter().filter(|column| wanted(column)).cloned().collect();
        Self::try_new(Parts { columns, ..self.parts() })
    }
}

/// One row without columns.
pub(super) fn one_row() -> LogicalPlan {
    LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: true, schema: Arc::new(DFSchema::empty()) })
}

fn nullable(field: &FieldRef, outer: bool) -> FieldRef {
    match outer && !field.is_nullable() {
        true => Arc::new(field.as_ref().clone().with_nullable(true)),
        false => field.clone(),
    }
}

impl UserDefinedLogicalNodeCore for VectorTopK {
    fn name(&self) -> &str {
        "VectorTopK"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        [&self.input, &self.scan].into_iter().chain(&self.members).map(Arc::as_ref).collect()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        let first = std::iter::once(&self.distance).chain(&self.predicates);
        first.chain(&self.fetch).chain(&self.skip).cloned().collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VectorTopK: {}", self.distance)?;
        if let Some(fetch) = &self.fetch {
            write!(f, ", fetch={fetch}")?;
        }
        if let Some(skip) = &self.skip {
            write!(f, ", skip={skip}")?;
        }
        for predicate in &self.predicates {
            write!(f, ", filter={predicate}")?;
        }
        Ok(())
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let lost = |what: &str| DataFusionError::Internal(format!("VectorTopK has lost its {what}"));
        let mut exprs = exprs.into_iter();
        let distance = exprs.next().ok_or_else(|| lost("distance"))?;
        let predicates = exprs.by_ref().take(self.predicates.len()).collect();
        let fetch = self.fetch.as_ref().and_then(|_| exprs.next());
        let skip = self.skip.as_ref().and_then(|_| exprs.next());
        let mut inputs = inputs.into_iter();
        let input = Arc::new(inputs.next().ok_or_else(|| lost("input"))?);
        let scan = Arc::new(inputs.next().ok_or_else(|| lost("scan"))?);
        let members = inputs.next().map(Arc::new);
        let kept = |column: &&Column| scan.schema().maybe_index_of_column(column).is_some();
        let columns = self.columns.iter().filter(kept).cloned().collect();
        let (ties, outer) = (self.ties, self.outer);
        Self::try_new(Parts { input, scan, members, distance, predicates, fetch, skip, ties, outer, columns })
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        // What the expressions need is added by the caller; all input columns are passed through.
        let inputs = self.input.schema().fields().len();
        let of_table = output_columns.iter().filter_map(|column| column.checked_sub(inputs));
        let wanted = of_table.filter_map(|column| {
            self.columns.get(column).and_then(|column| self.scan.schema().maybe_index_of_column(column))
        });
        let wanted: BTreeSet<usize> = wanted.collect();
        let needed = [(0..inputs).collect(), wanted.into_iter().collect()];
        Some(needed.into_iter().chain(self.members.as_ref().map(|_| vec![0])).collect())
    }
}

impl PartialEq for VectorTopK {
    fn eq(&self, other: &Self) -> bool {
        self.input == other.input
            && self.scan == other.scan
            && self.members == other.members
            && self.distance == other.distance
            && self.predicates == other.predicates
            && self.fetch == other.fetch
            && self.skip == other.skip
            && self.ties == other.ties
            && self.outer == other.outer
            && self.columns == other.columns
    }
}

impl Eq for VectorTopK {}

impl PartialOrd for VectorTopK {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        // Plans have no order of their own; equal ones compare as equal.
        (self == other).then_some(Ordering::Equal)
    }
}

impl Hash for VectorTopK {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
        self.scan.hash(state);
        self.members.hash(state);
        self.distance.hash(state);
        self.predicates.hash(state);
        self.fetch.hash(state);
        self.skip.hash(state);
        (self.ties, self.outer).hash(state);
    }
}
