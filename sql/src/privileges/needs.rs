//! What a statement needs to be allowed before it reads or changes rows.
//!
//! It is told from the statement, whose names are resolved, and from its plan, which knows the tables that functions read. What
//! a view reads is asked of the view's owner. Nothing is kept of who asks: the same needs are good for every role that runs a
//! plan, so plans are shared.

use datafusion::common::TableReference;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::ast::{
    CopySource, FromTable, Ident, Insert, Merge, MergeAction, ObjectName, OnConflictAction, OnInsert,
    SetExpr, Statement, TableFactor, TableObject,
};
use muster_storage::Snapshot;

use super::rights::denied;
use super::{Object, Privilege, Privileges, Rights};
use crate::catalog::relation::{plain, schema_of};
use crate::catalog::{StoredTable, View};
use crate::functions::table::{Call, VectorSearch};
use crate::parse::parse;
use crate::planning::{self, each_relation};
use crate::sqlstate::SqlState;
use crate::statement::name;
use crate::{Error, Result};

/// In place of the target's name while the others are looked at: no client can write it.
const TARGET: &str = "\0";

/// The table of the catalogs that sequences are read from, which asks nobody for anything.
const SEQUENCES: &str = "muster_sequences";

/// See the module.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Needs {
    /// Relations that the statement names, by the strings that storage knows them by, and what it does with them.
    named: Vec<(String, Privileges)>,
    /// Tables that functions read, and those that are read and not named.
    by_functions: Vec<String>,
    /// The views among the relations, and those that they read: with what each names.
    views: Vec<(String, Vec<String>)>,
}

impl Needs {
    /// Those of a statement whose names are resolved, with its plan, and whether that reads columns of the statement's target.
    ///
    /// # Errors
    /// What is no name; XX001 for a view that is damaged.
    pub(crate) fn of(
        statement: &Statement,
        (plan, reads_target): (Option<&LogicalPlan>, bool),
        snapshot: &Snapshot,
    ) -> Result<Self> {
        let mut needs = Self::default();
        let mut statement = statement.clone();
        if let Some(changing) = changing(&mut statement)
            && let Some((target, privileges)) = take_target(changing)?
        {
            needs.named.push((target, if reads_target { privileges.with(SELECT) } else { privileges }));
        }
        if let Statement::Copy { source: CopySource::Table { table_name, .. }, to, .. } = &statement {
            let privilege = if *to { Privilege::Select } else { Privilege::Insert };
            needs.named.push((name::table(table_name)?, privilege.into()));
        }
        needs.add_reads(&mut statement)?;
        let scanned = match plan {
            Some(plan) => needs.add_functions(plan)?,
            None => Vec::new(),
        };
        let mut at = 0;
        let names: Vec<String> = needs.named.iter().map(|(relation, _)| relation.clone()).collect();
        names.iter().try_for_each(|relation| needs.add_view(relation, snapshot))?;
        while let Some((_, reads)) = needs.views.get(at).cloned() {
            at += 1;
            reads.iter().try_for_each(|relation| needs.add_view(relation, snapshot))?;
        }
        needs.add_unexplained(scanned);
        Ok(needs)
    }

    fn add_reads(&mut self, statement: &mut Statement) -> Result<()> {
        for relation in relations(statement)? {
            match self.named.iter_mut().find(|(known, _)| *known == relation) {
                Some((_, privileges)) => *privileges = privileges.with(Privilege::Select.into()),
                None => self.named.push((relation, Privilege::Select.into())),
            }
        }
        Ok(())
    }

    /// Adds the tables that functions read, and gives those that the plan reads for other reasons, but for its target.
    fn add_functions(&mut self, plan: &LogicalPlan) -> Result<Vec<String>> {
        let mut scanned = Vec::new();
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node
                && scan.table_name != TableReference::bare(planning::TARGET)
            {
                let provider = source_as_provider(&scan.source)?;
                let provider: &dyn std::any::Any = provider.as_ref();
                if let Some(table) = provider.downcast_ref::<StoredTable>() {
                    scanned.push(table.definition().name.clone());
                }
            }
            if let LogicalPlan::Extension(extension) = node {
                let node = extension.node.as_any();
                let searched = node.downcast_ref::<VectorSearch>().map(|search| search.definition().clone());
                let called = node.downcast_ref::<Call>().and_then(|call| call.function().tables());
                for table in searched.into_iter().chain(called.unwrap_or_default()) {
                    if !self.by_functions.contains(&table.name) {
                        self.by_functions.push(table.name.clone());
                    }
                }
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(scanned)
    }

    /// What a plan reads has been named, by the statement or by a view. Should a name have been taken for something else, the
    /// table is asked for all the same.
    fn add_unexplained(&mut self, scanned: Vec<String>) {
        for table in scanned {
            let named = self
                .named
                .iter()
                .any(|(relation, privileges)| *relation == table && privileges.has(Privilege::Select));
            let viewed = self.views.iter().any(|(_, reads)| reads.contains(&table));
            if !named && !viewed && !self.by_functions.contains(&table) {
                self.by_functions.push(table);
            }
        }
    }

    fn add_view(&mut self, relation: &str, snapshot: &Snapshot) -> Result<()> {
        if self.views.iter().any(|(known, _)| known == relation) {
            return Ok(());
        }
        let Some(view) = View::find(snapshot, relation)? else { return Ok(()) };
        let mut reads = Vec::new();
        for statement in parse(&view.sql)? {
            reads.extend(relations(&mut statement.ast.as_ref().clone())?);
        }
        self.views.push((relation.to_string(), reads));
        Ok(())
    }

    /// # Errors
    /// 42501 where something is not allowed: to whoever runs the statement, or to the owner of a view.
    pub(crate) fn check(&self, rights: &Rights, snapshot: &Snapshot) -> Result<()> {
        for (relation, privileges) in &self.named {
            rights.need_usage(schema_of(relation))?;
            match Object::of_stored(snapshot, relation) {
                Some(object) => rights.need(&object, *privileges)?,
                None => check_catalog(relation)?,
            }
        }
        self.by_functions.iter().try_for_each(|table| rights.need_read(table))?;
        if self.views.is_empty() {
            return Ok(());
        }
        for (view, reads) in &self.views {
            let Some(object) = Object::of_stored(snapshot, view) else { continue };
            let owner = rights.role(rights.owner(&object)?)?;
            for relation in reads.iter().filter(|_| !owner.superuser) {
                let Some(object) = Object::of_stored(snapshot, relation) else {
                    check_catalog(relation)?;
                    continue;
                };
                if !rights.allowed_to(&owner, &object)?.has(Privilege::Select) {
                    return Err(denied(&object));
                }
            }
        }
        Ok(())
    }
}

/// Whether a table of the catalogs may be named. How far sequences are is read by their names alone.
///
/// # Errors
/// 42501 where it may not.
fn check_catalog(relation: &str) -> Result<()> {
    if plain(relation) != SEQUENCES {
        return Ok(());
    }
    Err(Error::new(SqlState::InsufficientPrivilege, format!("permission denied for table {SEQUENCES}")))
}

/// The relations that a statement names, but for its target.
fn relations(statement: &mut Statement) -> Result<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |relation: &mut ObjectName| -> Result<()> {
        if relation.0.iter().any(|part| part.as_ident().is_some_and(|ident| ident.value == TARGET)) {
            return Ok(());
        }
        let stored = name::table(relation)?;
        if !found.contains(&stored) {
            found.push(stored);
        }
        Ok(())
    };
    each_relation(statement, &mut add, &mut |_| {})?;
    Ok(found)
}

/// The statement in a statement that changes rows.
fn changing(statement: &mut Statement) -> Option<&mut Statement> {
    match statement {
        Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) | Statement::Merge(_) => {
            Some(statement)
        }
        Statement::Query(query) => match query.body.as_mut() {
            SetExpr::Insert(inner)
            | SetExpr::Update(inner)
            | SetExpr::Delete(inner)
            | SetExpr::Merge(inner) => Some(inner),
            _ => None,
        },
        Statement::Explain { statement, .. } => changing(statement),
        _ => None,
    }
}

/// The target and what is done with it. Its name is taken out of the statement.
fn take_target(statement: &mut Statement) -> Result<Option<(String, Privileges)>> {
    let (name, privileges) = match statement {
        Statement::Insert(insert) => {
            let privileges = of_insert(insert);
            match &mut insert.table {
                TableObject::TableName(name) => (name, privileges),
                _ => return Ok(None),
            }
        }
        Statement::Update(update) => match &mut update.table.relation {
            TableFactor::Table { name, .. } => (name, Privilege::Update.into()),
            _ => return Ok(None),
        },
        Statement::Delete(delete) => {
            let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &mut delete.from;
            match from.first_mut().map(|from| &mut from.relation) {
                Some(TableFactor::Table { name, .. }) => (name, Privilege::Delete.into()),
                _ => return Ok(None),
            }
        }
        Statement::Merge(merge) => {
            let privileges = of_merge(merge);
            match &mut merge.table {
                TableFactor::Table { name, .. } => (name, privileges),
                _ => return Ok(None),
            }
        }
        _ => return Err(Error::internal("a statement that changes rows is none")),
    };
    let target = name::table(name)?;
    *name = ObjectName::from(vec![Ident::with_quote('"', TARGET)]);
    Ok(Some((target, privileges)))
}

const SELECT: Privileges = Privileges::of(&[Privilege::Select]);

fn of_insert(insert: &Insert) -> Privileges {
    let mut privileges = Privileges::from(Privilege::Insert);
    if let Some(OnInsert::OnConflict(conflict)) = &insert.on {
        // Whatever says which key it is about reads the key.
        if conflict.conflict_target.is_some() {
            privileges = privileges.with(SELECT);
        }
        if let OnConflictAction::DoUpdate(_) = &conflict.action {
            privileges = privileges.with(Privilege::Update.into()).with(SELECT);
        }
    }
    privileges
}

fn of_merge(merge: &Merge) -> Privileges {
    merge.clauses.iter().fold(Privileges::NONE, |all, clause| {
        all.with(match &clause.action {
            MergeAction::Insert(_) => Privilege::Insert.into(),
            MergeAction::Update(_) => Privilege::Update.into(),
            MergeAction::Delete { .. } => Privilege::Delete.into(),
        })
    })
}
