//! The list of tables, for DataFusion's `information_schema` and datafusion-pg-catalog.
//!
//! It shows what is committed. Statements resolve their own tables in [`crate::planning::Names`].

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::error::Result;
use muster_storage::Store;

use super::StoredTable;

/// The schema `public`.
pub(crate) struct PublicSchema {
    store: Store,
}

impl PublicSchema {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
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
        self.store.snapshot().tables().map(|table| table.definition().name.clone()).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let snapshot = self.store.snapshot();
        Ok(snapshot
            .table(name)
            .map(|table| Arc::new(StoredTable::new(table.definition().clone())) as Arc<dyn TableProvider>))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.store.snapshot().table(name).is_some()
    }
}
