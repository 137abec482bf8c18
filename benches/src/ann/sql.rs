//! The statements that Muster and pgvector run: the same, where both can.

use super::args::{EF_CONSTRUCTION, K, M};

/// The type's extension, of PostgreSQL.
pub(super) const CREATE_EXTENSION: &str = "CREATE EXTENSION vector";

/// The table of vectors.
pub(super) fn create_table(dimensions: usize) -> String {
    format!("CREATE TABLE t (id bigint PRIMARY KEY, embedding vector({dimensions}))")
}

/// Its index.
pub(super) fn create_index() -> String {
    format!(
        "CREATE INDEX t_embedding ON t USING hnsw (embedding vector_cosine_ops) \
         WITH (m = {M}, ef_construction = {EF_CONSTRUCTION})"
    )
}

/// The beam's width.
pub(super) fn set_ef(ef: usize) -> String {
    format!("SET hnsw.ef_search = {ef}")
}

/// The search, as pgvector's users write it; `$1` is a vector.
pub(super) fn search() -> String {
    format!("SELECT id FROM t ORDER BY embedding <=> $1 LIMIT {K}")
}

/// Answers are to be computed, not remembered. PostgreSQL takes settings of prefixes that it does not know.
pub(super) const NO_RESULT_CACHE: &str = "SET muster.result_cache = off";
