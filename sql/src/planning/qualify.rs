//! Writes the schema of each relation into a statement, where the name alone means another than that of `public`.
//!
//! It runs before everything else that looks at a statement's names, so that the rest of planning needs no search
//! path. Names of CTEs stay as they are. With the search path that a session starts with, a statement is changed only
//! for temporary tables.

use std::borrow::Cow;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CopySource, FromTable, Ident, ObjectName, ObjectNamePart, Query, SetExpr, Statement, TableFactor,
    TableObject, VisitMut, VisitorMut, With,
};

use super::references;
use crate::catalog::namespace::VIEW_KIND;
use crate::catalog::{Namespace, RelationKind, RelationName, SCHEMA};
use crate::functions;
use crate::parse::walk::change;
use crate::statement::name;
use crate::{Error, Result};

/// The statement with the schemas of its relations.
///
/// # Errors
/// 42P01 for a relation that the search path does not have; what [`Namespace::new_name`] gives for one that is made.
pub(crate) fn qualify<'a>(statement: &'a Statement, namespace: Namespace<'_>) -> Result<Cow<'a, Statement>> {
    refuse_view(statement, namespace)?;
    if namespace.path.is_public() && !has_temporary(namespace) && !says_temporary(statement) {
        return Ok(Cow::Borrowed(statement));
    }
    let mut statement = statement.clone();
    let mut own = None;
    if let Some((made, temporary)) = made(&mut statement) {
        let new = namespace.new_name(made, temporary)?;
        *made = written(&new);
        own = Some(new);
    }
    references::each(&mut statement, &mut |relation| match &own {
        Some(own) if references::means(relation, own, namespace)? => {
            *relation = written(own);
            Ok(())
        }
        _ => resolve(relation, namespace),
    })?;
    if let Statement::Copy { source: CopySource::Table { table_name, .. }, .. } = &mut statement {
        resolve(table_name, namespace)?;
    }
    // A CTE of its name is none of its business.
    if let Some(target) = target(&mut statement) {
        resolve(target, namespace)?;
    }
    let mut corpus = |factor: &mut TableFactor| qualify_corpora(factor, namespace);
    each_relation(&mut statement, &mut |relation| resolve(relation, namespace), &mut corpus)?;
    Ok(Cow::Owned(statement))
}

/// Calls `relation` with the name of every relation in a statement, and `factor` with every item of FROM before. Names of CTEs
/// and of functions are none of these.
///
/// # Errors
/// What `relation` gives.
pub(crate) fn each_relation(
    statement: &mut Statement,
    relation: &mut dyn FnMut(&mut ObjectName) -> Result<()>,
    factor: &mut dyn FnMut(&mut TableFactor),
) -> Result<()> {
    visit(statement, relation, factor)
}

/// The names without a schema below a node that mean no CTE there, each as often as it comes.
///
/// # Errors
/// None that is known of.
pub(super) fn free_names(node: &mut impl VisitMut) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut add = |relation: &mut ObjectName| {
        if let [ObjectNamePart::Identifier(ident)] = relation.0.as_slice() {
            names.push(name::ident(ident));
        }
        Ok(())
    };
    visit(node, &mut add, &mut |_| {})?;
    Ok(names)
}

fn visit(
    node: &mut impl VisitMut,
    relation: &mut dyn FnMut(&mut ObjectName) -> Result<()>,
    factor: &mut dyn FnMut(&mut TableFactor),
) -> Result<()> {
    let mut visitor = Relations { relation, factor, ctes: Vec::new(), withs: Vec::new(), function: false };
    match change(node, &mut visitor) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// Writes the schemas of corpora that a call names as constants.
fn qualify_corpora(factor: &mut TableFactor, namespace: Namespace<'_>) {
    let qualify = |corpus: &mut String| {
        if let Some((found, _)) = namespace.find_parts(None, &corpus.to_lowercase())
            && found.schema != SCHEMA
        {
            *corpus = written(&found).to_string();
        }
    };
    match factor {
        TableFactor::Table { name, args: Some(args), .. } => {
            functions::table::each_corpus(name, &mut args.args, qualify);
        }
        TableFactor::Function { name, args, .. } => functions::table::each_corpus(name, args, qualify),
        _ => {}
    }
}

/// # Errors
/// 0A000 for a statement that changes the rows of a view.
fn refuse_view(statement: &Statement, namespace: Namespace<'_>) -> Result<()> {
    if namespace.snapshot.objects(VIEW_KIND).next().is_none() {
        return Ok(());
    }
    let of_factor = |factor: &TableFactor| match factor {
        TableFactor::Table { name, .. } => Some(name.clone()),
        _ => None,
    };
    let (target, verb) = match statement {
        Statement::Insert(insert) => match &insert.table {
            TableObject::TableName(name) => (Some(name.clone()), "INSERT into"),
            _ => return Ok(()),
        },
        Statement::Update(update) => (of_factor(&update.table.relation), "UPDATE of"),
        Statement::Delete(delete) => {
            let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
            (from.first().and_then(|from| of_factor(&from.relation)), "DELETE from")
        }
        Statement::Merge(merge) => (of_factor(&merge.table), "MERGE into"),
        _ => return Ok(()),
    };
    let Some(target) = target else { return Ok(()) };
    match namespace.find(&target)? {
        Some((_, RelationKind::View)) => Err(Error::unsupported(format!("{verb} a view"))),
        _ => Ok(()),
    }
}

/// The table whose rows a statement changes.
fn target(statement: &mut Statement) -> Option<&mut ObjectName> {
    let of_factor = |factor| match factor {
        &mut TableFactor::Table { ref mut name, .. } => Some(name),
        _ => None,
    };
    match statement {
        Statement::Insert(insert) => match &mut insert.table {
            TableObject::TableName(name) => Some(name),
            _ => None,
        },
        Statement::Update(update) => of_factor(&mut update.table.relation),
        Statement::Delete(delete) => {
            let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &mut delete.from;
            from.first_mut().and_then(|from| of_factor(&mut from.relation))
        }
        Statement::Merge(merge) => of_factor(&mut merge.table),
        Statement::Query(query) => match query.body.as_mut() {
            SetExpr::Insert(inner)
            | SetExpr::Update(inner)
            | SetExpr::Delete(inner)
            | SetExpr::Merge(inner) => target(inner),
            _ => None,
        },
        Statement::Explain { statement, .. } => target(statement),
        _ => None,
    }
}

/// Whether the session has temporary relations.
fn has_temporary(namespace: Namespace<'_>) -> bool {
    let temporary = namespace.path.temporary();
    let is_temporary = |stored: &str| crate::catalog::relation::schema_of(stored) == temporary;
    namespace.snapshot.tables().any(|table| is_temporary(&table.definition().name))
        || [VIEW_KIND, crate::catalog::namespace::SEQUENCE_KIND]
            .iter()
            .any(|kind| namespace.snapshot.objects(kind).any(|(name, _)| is_temporary(name)))
}

/// Whether a statement makes something temporary, or names the schema of what is.
fn says_temporary(statement: &Statement) -> bool {
    match statement {
        Statement::CreateTable(create) => create.temporary || names_temporary(&create.name),
        Statement::CreateView(create) => create.temporary || names_temporary(&create.name),
        Statement::CreateSequence { temporary, name, .. } => *temporary || names_temporary(name),
        _ => false,
    }
}

fn names_temporary(name: &ObjectName) -> bool {
    name::parts(name).is_ok_and(|(schema, _)| schema.is_some_and(|schema| schema == "pg_temp"))
}

/// The name of the relation that a statement makes, and whether it is temporary.
fn made(statement: &mut Statement) -> Option<(&mut ObjectName, bool)> {
    match statement {
        Statement::CreateTable(create) => {
            let temporary = create.temporary;
            Some((&mut create.name, temporary))
        }
        Statement::CreateView(create) => {
            let temporary = create.temporary;
            Some((&mut create.name, temporary))
        }
        Statement::CreateSequence { temporary, name, .. } => Some((name, *temporary)),
        _ => None,
    }
}

/// A name as a statement writes it.
pub(crate) fn written(name: &RelationName) -> ObjectName {
    let part = |text: &str| ObjectNamePart::Identifier(Ident::with_quote('"', text));
    ObjectName(vec![part(&name.schema), part(&name.name)])
}

/// Writes the schema of one relation, where it needs one.
fn resolve(relation: &mut ObjectName, namespace: Namespace<'_>) -> Result<()> {
    let (schema, name) = name::parts(relation)?;
    match namespace.find_parts(schema.as_deref(), &name) {
        Some((found, _)) if found.schema != SCHEMA => *relation = written(&found),
        Some(_) => {}
        // It is told as missing where it is used, unless `public` has one that the path does not reach.
        None if schema.is_none() && !namespace.path.written().any(|schema| schema == SCHEMA) => {
            return Err(Error::undefined_table(&name));
        }
        None => {}
    }
    Ok(())
}

struct Relations<'a> {
    relation: &'a mut dyn FnMut(&mut ObjectName) -> Result<()>,
    factor: &'a mut dyn FnMut(&mut TableFactor),
    /// The CTEs that can be named, innermost last.
    ctes: Vec<String>,
    /// Of each query that is open: its WITH, and how many CTEs could be named outside of it.
    withs: Vec<(Option<With>, usize)>,
    /// Whether the next name is a function's.
    function: bool,
}

impl Relations<'_> {
    /// Visits the CTEs of a query one after the other: each sees those before it; all, where the list is recursive, as
    /// [`super::recursion`] sees to it.
    fn visit_with(&mut self, with: &mut With) -> ControlFlow<Error> {
        if with.recursive {
            self.ctes.extend(with.cte_tables.iter().map(|cte| name::ident(&cte.alias.name)));
        }
        for cte in &mut with.cte_tables {
            change(&mut cte.query, self)?;
            if !with.recursive {
                self.ctes.push(name::ident(&cte.alias.name));
            }
        }
        ControlFlow::Continue(())
    }
}

impl VisitorMut for Relations<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        let outside = self.ctes.len();
        // The WITH is put back when the query is left: it is visited here and not again.
        let mut with = query.with.take();
        let visited = match &mut with {
            Some(with) => self.visit_with(with),
            None => ControlFlow::Continue(()),
        };
        self.withs.push((with, outside));
        visited
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        if let Some((with, outside)) = self.withs.pop() {
            query.with = with;
            self.ctes.truncate(outside);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        self.function = matches!(factor, TableFactor::Table { args: Some(_), .. });
        (self.factor)(factor);
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<Error> {
        // A function in FROM is visited as a relation, too.
        if std::mem::take(&mut self.function) {
            return ControlFlow::Continue(());
        }
        if let [ObjectNamePart::Identifier(ident)] = relation.0.as_slice()
            && self.ctes.contains(&name::ident(ident))
        {
            return ControlFlow::Continue(());
        }
        match (self.relation)(relation) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}
