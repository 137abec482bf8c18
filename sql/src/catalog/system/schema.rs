//! The schemas `pg_catalog` and `information_schema` as DataFusion resolves them: the library's tables,
//! with ours in place of those that say what is in this database.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{CatalogProviderList, MemoryCatalogProviderList, SchemaProvider, TableProvider};
use datafusion::error::{DataFusionError, Result};
use datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_pg_catalog::pg_catalog::{PG_CATALOG_TABLES, PgCatalogSchemaProvider, PgCatalogTable};

use super::system_table::{SystemRelation, SystemTable};
use super::tables::{Addition, INFORMATION_SCHEMA, PG_CATALOG, no_rows, pg_catalog_additions};
use super::{array_columns, library, oid};
use crate::sequence::Sequences;

/// A schema with a fixed set of tables.
pub(super) struct SystemSchema {
    tables: BTreeMap<&'static str, Arc<dyn TableProvider>>,
}

impl fmt::Debug for SystemSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemSchema").field("tables", &self.tables.len()).finish()
    }
}

#[async_trait]
impl SchemaProvider for SystemSchema {
    fn table_names(&self) -> Vec<String> {
        self.tables.keys().map(|name| (*name).to_string()).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        Ok(self.tables.get(name).cloned())
    }

    fn table_exist(&self, name: &str) -> bool {
        self.tables.contains_key(name)
    }
}

/// A table of `pg_catalog` before it is known what else there is.
struct Found {
    name: &'static str,
    library: PgCatalogTable,
    ours: Option<&'static super::tables::Override>,
    schema: SchemaRef,
}

/// Makes `pg_catalog` and `information_schema`.
pub(super) fn schemas(sequences: &Arc<Sequences>) -> Result<(SystemSchema, SystemSchema)> {
    // It lists no tables: what looked through the catalogs is replaced, and so the schemas refer to nobody.
    let nothing: Arc<dyn CatalogProviderList> = Arc::new(MemoryCatalogProviderList::new());
    let library = PgCatalogSchemaProvider::try_new(nothing, library::tables()?, EmptyContextProvider)?;
    let mut found = Vec::new();
    for name in PG_CATALOG_TABLES.iter().copied() {
        let Some(table) = library.build_table_by_name(name)? else { continue };
        let ours = PG_CATALOG.iter().find(|ours| ours.name == name);
        let schema = match ours {
            // What the library computes is its own.
            None if !matches!(table, PgCatalogTable::Static(_)) => table.schema(),
            None => adapted(&table.schema(), |fields| fields),
            Some(ours) => adapted(&table.schema(), ours.adapted),
        };
        found.push(Found { name, library: table, ours, schema });
    }
    let system: Arc<[SystemRelation]> = relations(&found).into();
    let mut pg_catalog = BTreeMap::new();
    for Found { name, library, ours, schema } in found {
        let provider = match ours {
            None if schema == library.schema() => library.try_into_table_provider()?,
            None => {
                let (constant, system) = (rows_of(&library, &schema)?, system.clone());
                let sequences = sequences.clone();
                streaming(SystemTable { schema, constant, fill: no_rows, system, sequences })?
            }
            Some(ours) => {
                let constant = if ours.keeps { rows_of(&library, &schema)? } else { Vec::new() };
                let (fill, system, sequences) = (ours.fill, system.clone(), sequences.clone());
                streaming(SystemTable { schema, constant, fill, system, sequences })?
            }
        };
        pg_catalog.insert(name, provider);
    }
    let added = |addition: &Addition| {
        let (schema, fill) = (Arc::new((addition.schema)()), addition.fill);
        let (system, sequences) = (system.clone(), sequences.clone());
        streaming(SystemTable { schema, constant: Vec::new(), fill, system, sequences })
    };
    for addition in pg_catalog_additions() {
        pg_catalog.insert(addition.name, added(addition)?);
    }
    let mut information_schema = BTreeMap::new();
    for addition in INFORMATION_SCHEMA {
        information_schema.insert(addition.name, added(addition)?);
    }
    Ok((SystemSchema { tables: pg_catalog }, SystemSchema { tables: information_schema }))
}

fn adapted(schema: &Schema, change: fn(Vec<Field>) -> Vec<Field>) -> SchemaRef {
    Arc::new(Schema::new(change(array_columns::adapted(schema))))
}

/// The library's rows in our columns.
fn rows_of(table: &PgCatalogTable, schema: &SchemaRef) -> Result<Vec<RecordBatch>> {
    let PgCatalogTable::Static(rows) = table else {
        return Err(DataFusionError::Internal("a table whose rows are kept has constant rows".to_string()));
    };
    let rows = rows.data().iter().map(|batch| Ok(array_columns::converted(batch, schema)?));
    rows.collect()
}

fn streaming(table: SystemTable) -> Result<Arc<dyn TableProvider>> {
    Ok(Arc::new(StreamingTable::try_new(table.schema.clone(), vec![Arc::new(table)])?))
}

fn relations(found: &[Found]) -> Vec<SystemRelation> {
    let mut relations = Vec::new();
    for (number, found) in (oid::FIRST_SYSTEM_VIEW..).zip(found) {
        let table = oid::system_table(found.name);
        relations.push(SystemRelation {
            oid: table.unwrap_or(number),
            namespace: oid::PG_CATALOG,
            name: found.name.to_string(),
            view: table.is_none(),
            schema: found.schema.clone(),
        });
    }
    let after = oid::FIRST_SYSTEM_VIEW + i32::try_from(found.len()).unwrap_or_default();
    for (oid, addition) in (after..).zip(pg_catalog_additions()) {
        relations.push(SystemRelation {
            oid,
            namespace: oid::PG_CATALOG,
            name: addition.name.to_string(),
            view: true,
            schema: Arc::new((addition.schema)()),
        });
    }
    for (oid, addition) in (oid::FIRST_INFORMATION_VIEW..).zip(INFORMATION_SCHEMA) {
        relations.push(SystemRelation {
            oid,
            namespace: oid::INFORMATION_SCHEMA,
            name: addition.name.to_string(),
            view: true,
            schema: Arc::new((addition.schema)()),
        });
    }
    relations
}
