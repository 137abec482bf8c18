//! The list of tables, for DataFusion's `information_schema`.
//!
//! It shows what is committed. Statements resolve their own tables in [`crate::planning::Names`].

use std::fmt;
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::error::Result;
use muster_storage::Store;

use super::relation::schema_of;
use super::{SCHEMA, StoredTable};

/// The schema `public`.
pub(crate) struct PublicSchema {
    /// Weak, because what plans statements is part of the database and must not keep it open.
    store: Weak<Store>,
}

impl PublicSchema {
    pub(crate) fn new(store: &Arc<Store>) -> Self {
        Self { store: Arc::downgrade(store) }
    }

    /// What it lists the tables of.
    pub(crate) fn store(&self) -> &Weak<Store> {
        &self.store
    }
}

impl fmt::Debug for PublicSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicSchema")
    }
}

#[async_trait]
impl SchemaProvider for PublicSchema {
    fn table_names(&self) -> Vec<String> {
        let Some(store) = self.store.upgrade() else { return Vec::new() };
        let snapshot = store.snapshot();
        let names = snapshot.tables().map(|table| table.definition().name.as_str());
        names.filter(|stored| schema_of(stored) == SCHEMA).map(str::to_string).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let Some(store) = self.store.upgrade() else { return Ok(None) };
        let snapshot = store.snapshot();
        let provider = |definition| Arc::new(StoredTable::new(definition)) as Arc<dyn TableProvider>;
        Ok(snapshot.table(name).map(|table| provider(table.definition().clone())))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.store.upgrade().is_some_and(|store| store.snapshot().table(name).is_some())
    }
}
