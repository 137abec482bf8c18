//! `COPY t [(columns)] FROM 'file' | STDIN` and `COPY t [(columns)] | (query) TO 'file' | STDOUT`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::sql::sqlparser::ast::{self, CopySource, CopyTarget, Ident, ObjectName};
use muster_storage::{Snapshot, TableDefinition};

use super::copy_options::{CopyOptions, Forced};
use super::name;
use crate::audit::{is_log, lines_query};
use crate::catalog::relation::{plain, schema_of};
use crate::database::Shared;
use crate::load::{FileFormat, Naming, Request, TextColumn, loadable};
use crate::parse::{Statement, parse};
use crate::privileges::disclosure::Given;
use crate::sqlstate::SqlState;
use crate::write::WriteWay;
use crate::{Error, Result, column};

/// A COPY FROM that can run.
#[derive(Clone, Debug)]
pub(crate) struct CopyFrom {
    pub(crate) definition: Arc<TableDefinition>,
    /// The columns that are listed; all that can be given where none are.
    columns: Option<Vec<TextColumn>>,
    /// The file; without one the rows come over the connection.
    pub(crate) path: Option<PathBuf>,
    pub(crate) options: CopyOptions,
}

/// A COPY TO that can run, once its query is planned.
#[derive(Clone, Debug)]
pub(crate) struct CopyTo {
    /// What gives the rows.
    pub(crate) query: ast::Statement,
    /// The file; without one the rows go over the connection.
    pub(crate) path: Option<PathBuf>,
    pub(crate) options: CopyOptions,
}

/// A COPY either way.
#[derive(Debug)]
pub(crate) enum Copy {
    From(CopyFrom),
    To(Box<CopyTo>),
}

impl Copy {
    /// Checks a statement as far as its text and the catalog tell.
    ///
    /// # Errors
    /// 0A000 for what PostgreSQL's COPY can and this one cannot, 42501 for a file outside of the allowed folders,
    /// 42P01, 42703 and 42P10 for table and columns; see [`CopyOptions::of`].
    pub(crate) fn of(shared: &Shared, snapshot: &Snapshot, statement: &Statement) -> Result<Self> {
        let ast::Statement::Copy { source, to, target, .. } = statement.ast.as_ref() else {
            return Err(Error::unsupported("COPY"));
        };
        let path = match target {
            CopyTarget::File { filename } => Some(PathBuf::from(filename)),
            CopyTarget::Stdin | CopyTarget::Stdout => None,
            CopyTarget::Program { .. } => return Err(Error::unsupported("COPY with PROGRAM")),
        };
        let options = CopyOptions::of(&statement.copy_options, *to, path.as_deref())?;
        let folders = shared.options.copy_dirs.as_deref();
        let path = path.map(|path| allowed(path, folders, *to)).transpose()?;
        match source {
            CopySource::Table { table_name, columns } if *to => {
                let definition = table(snapshot, table_name)?;
                let lines =
                    options.format == FileFormat::JsonLines && columns.is_empty() && is_log(&definition);
                let query = if lines { query(&lines_query())? } else { table_query(&definition, columns)? };
                let options = CopyOptions { lines, ..options };
                Ok(Self::To(Box::new(CopyTo { query, path, options })))
            }
            CopySource::Table { table_name, columns } => {
                let definition = table(snapshot, table_name)?;
                let columns = columns_from(&definition, columns, &options)?;
                Ok(Self::From(CopyFrom { definition, columns, path, options }))
            }
            CopySource::Query(query) => {
                if !matches!(
                    query.body.as_ref(),
                    ast::SetExpr::Select(_)
                        | ast::SetExpr::Query(_)
                        | ast::SetExpr::SetOperation { .. }
                        | ast::SetExpr::Values(_)
                        | ast::SetExpr::Table(_)
                ) {
                    return Err(Error::unsupported("COPY of a statement other than a query"));
                }
                let query = ast::Statement::Query(query.clone());
                Ok(Self::To(Box::new(CopyTo { query, path, options })))
            }
        }
    }
}

impl CopyFrom {
    /// The columns of the rows, in order.
    pub(crate) fn columns(&self) -> Vec<TextColumn> {
        self.columns.clone().unwrap_or_else(|| forced(loadable(&self.definition), &self.options))
    }

    /// The columns that the rows give values.
    pub(crate) fn given(&self) -> Given {
        let columns = self.columns().into_iter().map(|column| column.name).collect();
        Given { table: self.definition.name.clone(), columns }
    }

    /// The load of the file at `path`.
    pub(crate) fn request(&self, path: PathBuf, way: WriteWay) -> Request {
        let table = self.definition.name.clone();
        let by_position =
            matches!(self.options.format, FileFormat::Text | FileFormat::Csv | FileFormat::Binary);
        Request {
            naming: if by_position { Naming::Copy(table.clone()) } else { Naming::File(path.clone()) },
            table,
            path,
            format: Some(self.options.format),
            create: false,
            text: self.options.text.clone(),
            columns: if by_position { Some(self.columns()) } else { self.columns.clone() },
            way,
        }
    }
}

impl CopyTo {
    /// Checks the columns that options name, once those of the rows are known.
    ///
    /// # Errors
    /// 42P10 for one that the rows have not.
    pub(crate) fn check(&self, columns: &Schema) -> Result<()> {
        check_forced("FORCE_QUOTE", &self.options.force_quote, |name| columns.index_of(name).is_ok())
    }
}

fn table(snapshot: &Snapshot, written: &ObjectName) -> Result<Arc<TableDefinition>> {
    let name = name::table(written)?;
    let table = snapshot.table(&name).ok_or_else(|| Error::undefined_table(&name))?;
    Ok(table.definition().clone())
}

/// The columns that are listed, each once and none of them generated.
fn listed(definition: &TableDefinition, columns: &[Ident]) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::with_capacity(columns.len());
    for column in columns {
        let name = name::ident(column);
        let field = definition
            .schema
            .field_with_name(&name)
            .map_err(|_| Error::undefined_column(&name, &definition.name))?;
        if column::generated(field).is_some() {
            return Err(Error::new(
                SqlState::InvalidColumnReference,
                format!("column \"{name}\" is a generated column"),
            )
            .with_detail("Generated columns cannot be used in COPY."));
        }
        if names.contains(&name) {
            return Err(Error::new(
                SqlState::DuplicateColumn,
                format!("column \"{name}\" specified more than once"),
            ));
        }
        names.push(name);
    }
    Ok(names)
}

fn columns_from(
    definition: &TableDefinition,
    columns: &[Ident],
    options: &CopyOptions,
) -> Result<Option<Vec<TextColumn>>> {
    let columns = if columns.is_empty() {
        None
    } else {
        Some(listed(definition, columns)?.into_iter().map(TextColumn::new).collect::<Vec<_>>())
    };
    let all = columns.clone().unwrap_or_else(|| loadable(definition));
    for (option, columns) in
        [("FORCE_NOT_NULL", &options.force_not_null), ("FORCE_NULL", &options.force_null)]
    {
        check_forced(option, columns, |name| all.iter().any(|column| column.name == name))?;
        if let Forced::Columns(names) = columns
            && let Some(unknown) = names.iter().find(|name| definition.schema.field_with_name(name).is_err())
        {
            return Err(Error::undefined_column(unknown, &definition.name));
        }
    }
    Ok(columns.map(|columns| forced(columns, options)))
}

fn check_forced(option: &str, columns: &Forced, has: impl Fn(&str) -> bool) -> Result<()> {
    let Forced::Columns(names) = columns else { return Ok(()) };
    match names.iter().find(|name| !has(name)) {
        Some(name) => Err(Error::new(
            SqlState::InvalidColumnReference,
            format!("{option} column \"{name}\" not referenced by COPY"),
        )),
        None => Ok(()),
    }
}

fn forced(columns: Vec<TextColumn>, options: &CopyOptions) -> Vec<TextColumn> {
    let force = |mut column: TextColumn| {
        column.force_not_null = options.force_not_null.has(&column.name);
        column.force_null = options.force_null.has(&column.name);
        column
    };
    columns.into_iter().map(force).collect()
}

/// The query that gives a table's columns, but not those that are generated.
fn table_query(definition: &TableDefinition, columns: &[Ident]) -> Result<ast::Statement> {
    let names: Vec<String> = if columns.is_empty() {
        loadable(definition).into_iter().map(|column| column.name).collect()
    } else {
        listed(definition, columns)?
    };
    let quoted: Vec<String> = names.iter().map(|name| Ident::with_quote('"', name).to_string()).collect();
    let part = |name: &str| Ident::with_quote('"', name).to_string();
    let table = format!("{}.{}", part(schema_of(&definition.name)), part(plain(&definition.name)));
    query(&format!("SELECT {} FROM {table}", quoted.join(", ")))
}

fn query(sql: &str) -> Result<ast::Statement> {
    match parse(sql)?.as_slice() {
        [statement] => Ok(statement.ast.as_ref().clone()),
        _ => Err(Error::unsupported("COPY of a table without columns")),
    }
}

/// The file, if it lies under an allowed folder; links are followed before that is looked at.
fn allowed(path: PathBuf, folders: Option<&[PathBuf]>, to: bool) -> Result<PathBuf> {
    if to && path.is_relative() {
        return Err(Error::new(SqlState::InvalidName, "relative path not allowed for COPY to file"));
    }
    let Some(folders) = folders else { return Ok(path) };
    // A client knows nothing of the folder that the server was started in: a relative path is one under an allowed folder.
    let below =
        folders.iter().map(|folder| folder.join(&path)).find(|found| path.is_relative() && found.exists());
    let path = below.unwrap_or(path);
    let refusal = || {
        let does = if to { "write" } else { "read" };
        Error::new(SqlState::InsufficientPrivilege, format!("COPY may not {does} \"{}\"", path.display()))
            .with_hint(format!("The server {does}s files only under the folders that --copy-dir allows."))
    };
    // A file that is not there is told only to those who may read its folder.
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(_) => match (path.parent().map(Path::canonicalize), path.file_name()) {
            (Some(Ok(parent)), Some(file)) => parent.join(file),
            _ => return Err(refusal()),
        },
    };
    let inside =
        folders.iter().filter_map(|folder| folder.canonicalize().ok()).any(|folder| real.starts_with(folder));
    if inside { Ok(real) } else { Err(refusal()) }
}
