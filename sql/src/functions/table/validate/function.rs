//! The functions at work: the findings of each draft or proposal.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray, StringBuilder};
use arrow::datatypes::Field;
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder};
use muster_engine::validate::{Finding, Validator};
use muster_storage::TableDefinition;

use super::{WORKERS, check, columns, drafts, name, parameters};
use crate::functions::table::arguments::Parameter;
use crate::functions::table::call::{Produced, Running, TableFunction};
use crate::session::StatementContext;
use crate::types::json;
use crate::{Error, Result};

/// See the module.
#[derive(Debug)]
pub(super) struct Validation(pub(super) Validator);

impl TableFunction for Validation {
    fn name(&self) -> &'static str {
        name(self.0)
    }

    fn parameters(&self) -> &'static [Parameter] {
        parameters(self.0)
    }

    fn columns(&self) -> Vec<Field> {
        columns()
    }

    /// The table of workers is looked for when it runs.
    fn tables(&self) -> Option<Vec<Arc<TableDefinition>>> {
        None
    }

    fn begin(
        &self,
        statement: Arc<StatementContext>,
        metrics: &ExecutionPlanMetricsSet,
        partition: usize,
    ) -> Result<Box<dyn Running>> {
        if let Some(rights) = statement.rights()? {
            rights.need_read(WORKERS)?;
        }
        Ok(Box::new(Checking {
            validator: self.0,
            statement,
            checked: MetricBuilder::new(metrics).counter("checked", partition),
        }))
    }
}

struct Checking {
    validator: Validator,
    statement: Arc<StatementContext>,
    checked: Count,
}

impl Running for Checking {
    fn run(&mut self, arguments: &[Option<ArrayRef>], _rows: usize) -> Result<Produced> {
        let Some(Some(argument)) = arguments.first() else {
            return Err(Error::internal("a required argument is not there"));
        };
        let parameter = parameters(self.validator).first().map_or("", |parameter| parameter.name);
        let drafts = drafts(name(self.validator), parameter, argument)?;
        let found = check(self.validator, &drafts, &self.statement.snapshot)?;
        self.checked.add(drafts.len() - drafts.null_count());
        let mut owners: Vec<u32> = Vec::new();
        let mut findings: Vec<&Finding> = Vec::new();
        for (row, of_row) in (0_u32..).zip(&found) {
            findings.extend(of_row.iter().flatten());
            owners.resize(findings.len(), row);
        }
        Ok(Produced { owners, columns: arrays(&findings)? })
    }
}

fn arrays(findings: &[&Finding]) -> Result<Vec<ArrayRef>> {
    let text = |of: fn(&Finding) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(findings.iter().map(|finding| of(finding))))
    };
    let mut errors = StringBuilder::new();
    for finding in findings {
        errors.append_value(json::canonical(&finding.error().to_string())?);
    }
    Ok(vec![
        text(|finding| finding.rule.severity.as_str()),
        text(|finding| finding.rule.kind.as_str()),
        text(|finding| finding.rule.id),
        text(|finding| &finding.field),
        text(|finding| &finding.reason),
        Arc::new(errors.finish()),
    ])
}
