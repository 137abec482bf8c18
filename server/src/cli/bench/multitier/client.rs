//! A client: one connection, its statements prepared once.
//!
//! It knows the SQL of each step and nothing of scenarios. Invariant: a step's error says which step it was.

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client as Connection, Row, Statement};

use super::failure::Failure;
use super::validator::{Finding, Validator};
use crate::cli::connect::Target;

/// A connection with its statements.
pub(super) struct Client {
    connection: Connection,
    search: Statement,
    search_excluding: Statement,
    search_with_playbooks: Statement,
    email: Statement,
    sms: Statement,
    fill: Statement,
    record: Statement,
}

/// An answer of a search.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) id: String,
    pub(super) distance: f32,
    pub(super) source: String,
}

/// A playbook to be recorded.
#[derive(Debug)]
pub(super) struct Recording<'a> {
    pub(super) query: &'a str,
    pub(super) role: &'a str,
    pub(super) answer: &'a str,
    pub(super) corpus: &'a str,
    /// What the load's playbooks are told by.
    pub(super) source: &'a str,
}

type Result<T> = std::result::Result<T, Failure>;

impl Client {
    /// Connects and prepares the statements. `corpus` is the table that is searched.
    pub(super) async fn connect(target: &Target, corpus: &str, result_cache: bool) -> Result<Self> {
        let step = "connect";
        let failed = |error| Failure::statement(step, &error);
        let (connection, driver) = target.connect().await.map_err(failed)?;
        // It ends with the connection, whose statements then fail.
        tokio::task::spawn_local(async move {
            let _closed = driver.await;
        });
        if !result_cache {
            connection.batch_execute("SET muster.result_cache = off").await.map_err(failed)?;
        }
        let corpus = corpus.replace('\'', "''");
        let search = |more: &str| {
            format!(
                "SELECT id, distance, source \
                 FROM matrix_search($1, role => $2, corpora => ARRAY['{corpus}'], k => $3{more})"
            )
        };
        let validate = |validator: Validator| format!("SELECT severity, rule FROM {}($1)", validator.name());
        let record = "INSERT INTO playbooks (query_text, role, answer_id, answer_corpus, score, tags, source) \
                      VALUES ($1, $2, $3, $4, 1.0, ARRAY['bench'], $5) \
                      ON CONFLICT (tenant, role, answer_corpus, answer_id, query_text) DO UPDATE \
                      SET score = excluded.score, recorded_at = excluded.recorded_at, source = excluded.source";
        Ok(Self {
            search: connection.prepare(&search("")).await.map_err(failed)?,
            search_excluding: connection.prepare(&search(", exclude_ids => $4")).await.map_err(failed)?,
            search_with_playbooks: connection
                .prepare(&search(", use_playbook => true"))
                .await
                .map_err(failed)?,
            email: connection.prepare(&validate(Validator::Email)).await.map_err(failed)?,
            sms: connection.prepare(&validate(Validator::Sms)).await.map_err(failed)?,
            fill: connection.prepare(&validate(Validator::Fill)).await.map_err(failed)?,
            record: connection.prepare(record).await.map_err(failed)?,
            connection,
        })
    }

    /// A search that must find something.
    pub(super) async fn search(&self, query: &str, role: &str, k: i64) -> Result<Vec<Answer>> {
        let found = self.answers("search", &self.search, &[&query, &role, &k]).await?;
        if found.is_empty() {
            return Err(Failure::wrong("search", "nothing was found"));
        }
        Ok(found)
    }

    pub(super) async fn search_excluding(
        &self,
        query: &str,
        role: &str,
        k: i64,
        ids: &[String],
    ) -> Result<Vec<Answer>> {
        self.answers("search_excluding", &self.search_excluding, &[&query, &role, &k, &ids]).await
    }

    pub(super) async fn search_with_playbooks(&self, query: &str, role: &str, k: i64) -> Result<Vec<Answer>> {
        self.answers("search_with_playbooks", &self.search_with_playbooks, &[&query, &role, &k]).await
    }

    /// The rules that a draft breaks.
    pub(super) async fn validate(&self, validator: Validator, draft: &str) -> Result<Vec<Finding>> {
        let statement = match validator {
            Validator::Email => &self.email,
            Validator::Sms => &self.sms,
            Validator::Fill => &self.fill,
        };
        let step = validator.name();
        let rows = self.rows(step, statement, &[&draft]).await?;
        let finding = |row: &Row| -> std::result::Result<_, tokio_postgres::Error> {
            let severity: &str = row.try_get(0)?;
            Ok(Finding { rule: row.try_get(1)?, blocks: severity == "error" })
        };
        rows.iter()
            .map(finding)
            .collect::<std::result::Result<_, _>>()
            .map_err(|e| Failure::statement(step, &e))
    }

    /// Records a playbook; it is durable when this returns.
    pub(super) async fn record(&self, recording: &Recording<'_>) -> Result<()> {
        let Recording { query, role, answer, corpus, source } = recording;
        let parameters: &[&(dyn ToSql + Sync)] = &[query, role, answer, corpus, source];
        match self.connection.execute(&self.record, parameters).await {
            Ok(1) => Ok(()),
            Ok(count) => Err(Failure::wrong("record", format!("{count} rows instead of one"))),
            Err(error) => Err(Failure::statement("record", &error)),
        }
    }

    async fn answers(
        &self,
        step: &'static str,
        statement: &Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Answer>> {
        let rows = self.rows(step, statement, parameters).await?;
        let answer = |row: &Row| -> std::result::Result<_, tokio_postgres::Error> {
            Ok(Answer { id: row.try_get(0)?, distance: row.try_get(1)?, source: row.try_get(2)? })
        };
        rows.iter()
            .map(answer)
            .collect::<std::result::Result<_, _>>()
            .map_err(|e| Failure::statement(step, &e))
    }

    async fn rows(
        &self,
        step: &'static str,
        statement: &Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>> {
        self.connection.query(statement, parameters).await.map_err(|error| Failure::statement(step, &error))
    }
}
