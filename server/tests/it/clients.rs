//! What real clients ask the catalogs, as they were recorded while they looked at the same database in PostgreSQL: every
//! statement is planned and run, with its results in binary, and where it has no parameters as text as well. What comes back
//! is not compared with PostgreSQL's. The files are in `tests/clients`.

use std::path::{Path, PathBuf};

use ::tokio_postgres::Client;
use ::tokio_postgres::types::{Format, IsNull, ToSql, Type};
use bytes::{BufMut, BytesMut};
use futures::TryStreamExt;

use crate::server::{connect, serving};

/// What is not there yet: a part of the statement, and the SQLSTATE that refuses it.
type Missing = (&'static str, &'static str);

/// One recorded statement.
struct Asked {
    sql: String,
    parameters: Vec<Option<String>>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// The statements of a file.
fn recorded(file: &str) -> Vec<Asked> {
    let text = std::fs::read_to_string(folder().join(file)).unwrap();
    let statements = text.split(";\n\n").map(|statement| {
        let (mut sql, mut parameters) = (Vec::new(), Vec::new());
        for line in statement.lines() {
            if let Some(value) = line.strip_prefix("-- $ ") {
                let text = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
                parameters.push(text.map(|text| text.replace("''", "'")));
            } else if !line.starts_with("-- ") {
                sql.push(line);
            }
        }
        let sql = sql.join("\n").trim().trim_end_matches(';').to_string();
        Asked { sql, parameters }
    });
    statements.filter(|asked| !asked.sql.is_empty()).collect()
}

/// A parameter of any type, as text.
#[derive(Debug)]
struct AsText(Option<String>);

impl ToSql for AsText {
    fn to_sql(
        &self,
        _type: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match &self.0 {
            None => Ok(IsNull::Yes),
            Some(text) => {
                out.put_slice(text.as_bytes());
                Ok(IsNull::No)
            }
        }
    }

    fn accepts(_type: &Type) -> bool {
        true
    }

    fn encode_format(&self, _type: &Type) -> Format {
        Format::Text
    }

    fn to_sql_checked(
        &self,
        expected: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.to_sql(expected, out)
    }
}

/// `{schema.name}` as the id of that relation.
async fn with_ids(client: &Client, text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let end = rest[start..].find('}').map(|length| start + length);
        let name = end.map(|end| &rest[start + 1..end]).filter(|name| {
            name.contains('.') && name.chars().all(|c| c.is_ascii_alphanumeric() || ['.', '_'].contains(&c))
        });
        let (Some(end), Some(name)) = (end, name) else {
            out.push_str(&rest[..=start]);
            rest = &rest[start + 1..];
            continue;
        };
        let id = client.query_one("SELECT to_regclass($1)::int", &[&name]).await.unwrap().get::<_, i32>(0);
        out.push_str(&rest[..start]);
        out.push_str(&id.to_string());
        rest = &rest[end + 1..];
    }
    out + rest
}

async fn run(client: &Client, asked: &Asked) -> Result<usize, ::tokio_postgres::Error> {
    let sql = with_ids(client, &asked.sql).await;
    let mut parameters = Vec::new();
    for parameter in &asked.parameters {
        parameters.push(AsText(match parameter {
            None => None,
            Some(text) => Some(with_ids(client, text).await),
        }));
    }
    if parameters.is_empty() {
        client.simple_query(&sql).await?;
    }
    let statement = client.prepare(&sql).await?;
    let rows = client.query_raw(&statement, parameters.iter().map(|it| it as &dyn ToSql)).await?;
    Ok(rows.try_collect::<Vec<_>>().await?.len())
}

/// Runs a file's statements; at least so many have rows, and what is missing is refused.
fn all_run(file: &'static str, with_rows: usize, missing: &'static [Missing]) {
    serving(|server| async move {
        let client = connect(server.address).await;
        client.batch_execute(&std::fs::read_to_string(folder().join("fixture.sql")).unwrap()).await.unwrap();
        let (mut failed, mut given, mut refused) = (Vec::new(), 0, vec![false; missing.len()]);
        for asked in recorded(file) {
            match run(&client, &asked).await {
                Ok(rows) => given += usize::from(rows > 0),
                Err(error) => {
                    let state = error.code().map(|code| code.code().to_string()).unwrap_or_default();
                    let known =
                        missing.iter().position(|(part, code)| asked.sql.contains(part) && *code == state);
                    match known {
                        Some(known) => refused[known] = true,
                        None => failed.push(format!("{error:?}\n{}", asked.sql)),
                    }
                }
            }
        }
        assert!(failed.is_empty(), "{file}: {} failed:\n{}", failed.len(), failed.join("\n\n"));
        for ((part, code), refused) in missing.iter().zip(refused) {
            assert!(refused, "{file}: nothing with {part} gives {code}: is it there now?");
        }
        assert!(given >= with_rows, "{file}: {given} statements have rows");
    });
}

#[test]
fn what_psql_asks() {
    all_run("psql.sql", 55, &[]);
}

#[test]
fn what_the_completion_of_psql_asks() {
    all_run("psql_completion.sql", 20, &[("pg_timezone_names", "42883")]);
}

#[test]
fn what_pg_dump_asks() {
    all_run("pg_dump.sql", 10, &[]);
}

#[test]
fn what_sqlalchemy_asks() {
    all_run("sqlalchemy.sql", 35, &[]);
}

#[test]
fn what_jdbc_asks() {
    all_run("jdbc.sql", 12, &[]);
}
