//! `muster serve --config`: rows embedded by a provider, over the protocol, through restarts and failures.

#[allow(dead_code, reason = "the tests of several packages use it, each a part")]
#[path = "../../../embedders/tests/it/provider.rs"]
mod provider;

use std::path::Path;
use std::time::{Duration, Instant};

use ::tokio_postgres::{Client, Error, NoTls};
use bytes::Bytes;
use futures::SinkExt;

use self::provider::{Fault, Provider};
use crate::server::{Process, connect, muster};

const DIMENSIONS: usize = 8;

fn configure(dir: &Path, provider: &Provider) -> String {
    let path = dir.join("muster.toml");
    let text = format!(
        "[embedders.nomic-embed-text]\nprovider = \"openai\"\nurl = \"{}\"\ndimensions = {DIMENSIONS}\n\
         retries = 1\ntimeout = \"20s\"\nbatch = 50\nquery_prefix = \"search_query: \"\n",
        provider.url()
    );
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_string()
}

async fn copy(client: &Client, table: &str, rows: u32) -> Result<u64, Error> {
    let sink = client.copy_in(&format!("COPY {table} (id, body) FROM STDIN")).await?;
    let mut sink = std::pin::pin!(sink);
    let text: String = (0..rows).map(|row| format!("{row}\tbody number {row}\n")).collect();
    sink.send(Bytes::from(text)).await?;
    sink.finish().await
}

fn docs(name: &str) -> String {
    format!(
        "CREATE TABLE {name} (id int PRIMARY KEY, body text,
         e vector({DIMENSIONS}) GENERATED ALWAYS AS (embed(body, 'nomic-embed-text')) STORED)"
    )
}

async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[test]
fn a_server_embeds_by_a_provider_through_restarts_and_failures() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let provider = Provider::start(DIMENSIONS);
    let address = provider.address();
    let config = configure(dir.path(), &provider);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut server = Process::serve(&data, &["--config", &config]);
        let client = connect(server.address).await;
        client.batch_execute(&docs("docs")).await.unwrap();
        assert_eq!(copy(&client, "docs", 1000).await.unwrap(), 1000);
        assert_eq!(provider.take_asked().len(), 20, "50 texts a request");
        let found = client
            .query_one("SELECT id FROM vector_search('docs', $1, k => 1)", &[&"body number 321"])
            .await
            .unwrap();
        assert!(found.get::<_, &str>(0).parse::<u32>().is_ok());
        assert_eq!(provider.take_asked()[0].texts(), ["search_query: body number 321"]);
        server.signal("TERM");
        assert!(server.wait().0.success());

        let server = Process::serve(&data, &["--config", &config]);
        let client = connect(server.address).await;
        client.batch_execute(&docs("again")).await.unwrap();
        assert_eq!(copy(&client, "again", 1000).await.unwrap(), 1000);
        assert_eq!(provider.take_asked().len(), 0, "all of it was on disk");
        assert_eq!(count(&client, "SELECT count(*) FROM docs d JOIN again a ON d.id = a.id AND d.e = a.e").await, 1000);

        // Cancelled while it waits: at once, and nothing is there.
        client.batch_execute(&docs("late")).await.unwrap();
        provider.fail([Fault::Slow(Duration::from_secs(10))]);
        let start = Instant::now();
        let token = client.cancel_token();
        let cancel = async {
            while provider.asked().is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            token.cancel_query(NoTls).await.unwrap();
            Instant::now()
        };
        let (done, cancelled) =
            tokio::join!(client.execute("INSERT INTO late VALUES (1, 'a text of its own')", &[]), cancel);
        assert_eq!(done.unwrap_err().code().unwrap().code(), "57014");
        assert!(cancelled.elapsed() < Duration::from_secs(2) && start.elapsed() < Duration::from_secs(9));
        assert_eq!(count(&client, "SELECT count(*) FROM late").await, 0);

        drop(provider);
        for failed in [
            client.execute("INSERT INTO late VALUES (2, 'another text')", &[]).await.unwrap_err(),
            client.query("SELECT * FROM vector_search('docs', 'another text')", &[]).await.unwrap_err(),
        ] {
            let failed = failed.as_db_error().unwrap();
            assert_eq!(failed.code().code(), "58000");
            let said = failed.message();
            assert!(said.starts_with(&format!("embedder \"nomic-embed-text\": http://{address}: ")), "{said}");
            assert!(said.contains("refused") && said.contains("(2 attempts)"), "{said}");
        }
        client.batch_execute("CREATE TABLE more (id int, body text, e vector(8) GENERATED ALWAYS AS (embed(body || '!', 'nomic-embed-text')) STORED)").await.unwrap();
        let failed = copy(&client, "more", 500).await.unwrap_err();
        assert_eq!(failed.code().unwrap().code(), "58000");
        assert_eq!(count(&client, "SELECT count(*) FROM more").await, 0);

        let provider = Provider::start_on(address, DIMENSIONS);
        assert_eq!(copy(&client, "more", 500).await.unwrap(), 500);
        assert_eq!(provider.take_asked().len(), 10);
    });
}

#[test]
fn a_configuration_that_cannot_be_is_told_before_anything_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let path = dir.path().join("muster.toml");
    for (text, said) in [
        ("[embedders.x]\nprovider = \"ollama\"\nurll = \"http://h\"\n", "line 3: unknown field `urll`"),
        ("[embedders.x]\nprovider = \"ollama\"\n", "embedder \"x\": provider ollama needs the key \"url\""),
        (
            "[embedders.x]\nprovider = \"openai\"\nurl = \"h\"\ndimensions = 3\n",
            "url must be as http://host:port",
        ),
    ] {
        std::fs::write(&path, text).unwrap();
        let output = muster()
            .args(["sql", "-c", "SELECT 1", "--data"])
            .arg(&data)
            .env("MUSTER_CONFIG", &path)
            .output()
            .unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(complaint.contains(said), "{complaint}");
    }
    let output = muster().args(["serve", "--config", "no-such-file", "--data"]).arg(&data).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot read \"no-such-file\""));
}
