//! `muster export`: what it writes makes the same database again, in Muster and in PostgreSQL.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::cli::{fail, rows, succeed};
use crate::server::{PATIENCE, Process};

/// Something of everything that a database can have.
const SCRIPT: &str = r#"
CREATE SCHEMA app;
COMMENT ON SCHEMA app IS 'it''s the application''s';
CREATE SEQUENCE app.tickets AS integer INCREMENT BY -5 MINVALUE -1000 MAXVALUE 50 START WITH 50 CYCLE;
CREATE SEQUENCE never_used START WITH 7;
CREATE TABLE app.orders (
    id serial PRIMARY KEY,
    ticket int DEFAULT nextval('app.tickets'),
    code varchar(8) DEFAULT 'it''s new',
    price numeric(8,2) NOT NULL CHECK (price >= 0),
    quantity int DEFAULT 1,
    placed timestamptz DEFAULT '2024-02-29 12:00:00+00',
    tags text[],
    doc jsonb,
    loud text GENERATED ALWAYS AS (upper(code)) STORED,
    CONSTRAINT few CHECK (quantity BETWEEN 1 AND 100),
    CONSTRAINT one_code UNIQUE NULLS NOT DISTINCT (code, quantity)
);
COMMENT ON TABLE app.orders IS 'what was ordered';
COMMENT ON COLUMN app.orders.price IS 'in euros';
COMMENT ON CONSTRAINT few ON app.orders IS 'no more than fit a pallet';
INSERT INTO app.orders (code, price, quantity, tags, doc) VALUES
    ('a', 1.50, 2, ARRAY['x', NULL, 'y, "z"'], '{"k": [1, 2.50]}'), (E'b\t\\n', 0, 3, '{}', NULL), (NULL, 9999.99, 4, NULL, '"text"');
CREATE TABLE "odd ""ones" (
    "Id" bigint GENERATED ALWAYS AS IDENTITY (INCREMENT BY 10 START WITH 10) PRIMARY KEY,
    "select" uuid, span interval, raw bytea, day date, clock time, flag boolean,
    small smallint, single real, double double precision, fixed char(4)
);
ALTER SEQUENCE "odd ""ones_Id_seq" RENAME TO odd_numbers;
CREATE UNIQUE INDEX odd_select ON "odd ""ones" ("select");
COMMENT ON INDEX odd_select IS 'only one of each';
INSERT INTO "odd ""ones" ("select", span, raw, day, clock, flag, small, single, double, fixed) VALUES
    ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '1 mon 2 days 03:04:05.5', '\xdeadbeef', '1999-12-31', '23:59:59.999999',
     true, -32768, 1.5, 'NaN', 'ab'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '-Infinity', NULL);
CREATE TABLE app.items (
    id int PRIMARY KEY,
    part_of int CONSTRAINT "in" REFERENCES app.orders ON UPDATE CASCADE ON DELETE SET NULL,
    odd uuid REFERENCES "odd ""ones" ("select") DEFERRABLE
);
COMMENT ON CONSTRAINT "in" ON app.items IS 'part of an order';
INSERT INTO app.items VALUES (1, 2, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'), (2, NULL, NULL);
CREATE TABLE points (id int PRIMARY KEY, at vector(3));
INSERT INTO points VALUES (1, '[1,2,3]'), (2, '[0.5,-1,1e-3]'), (3, NULL);
CREATE INDEX near ON points USING hnsw (at vector_l2_ops) WITH (m = 8, ef_construction = 40);
CREATE TABLE nothing (a int, b text);
CREATE VIEW app.zz AS SELECT id, price * quantity AS total FROM app.orders WHERE quantity > 1;
CREATE VIEW app.aa (biggest) AS SELECT max(total) FROM app.zz;
COMMENT ON VIEW app.zz IS 'over several';
COMMENT ON COLUMN app.zz.total IS 'in euros, too';
INSERT INTO audit_baselines (git_commit, metrics) VALUES ('a1', '{"rows": 100, "rate": 0.10, "note": "x"}'), ('b2', '[]');
COMMENT ON VIEW audit_metrics IS 'for charts';
"#;

/// What is compared, in both databases.
const QUERIES: &[&str] = &[
    "SELECT id, ticket, code, price, quantity, tags, doc, loud FROM app.orders ORDER BY id",
    "SELECT * FROM \"odd \"\"ones\" ORDER BY \"Id\"",
    "SELECT id, total FROM app.zz ORDER BY id",
    "SELECT biggest FROM app.aa",
    "SELECT count(*) FROM nothing",
    "SELECT conname, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE contype = 'f' ORDER BY 1",
    "SELECT seq, git_commit, metric, value FROM audit_metrics ORDER BY seq, metric",
    "SELECT obj_description('audit_metrics'::regclass, 'pg_class')",
    "SELECT obj_description('app.orders'::regclass, 'pg_class')",
    "SELECT nextval('app.tickets') < 50, nextval('never_used')",
];

fn made() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("script.sql"), SCRIPT).unwrap();
    succeed(folder.path(), &["sql", "-f", "script.sql"]);
    folder
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn answers(folder: &Path) -> Vec<Vec<Vec<String>>> {
    QUERIES.iter().take(7).map(|query| rows(folder, query)).collect()
}

#[test]
fn an_export_makes_the_same_database_again() {
    let folder = made();
    let folder = folder.path();
    let told = succeed(folder, &["export", "--to", "files"]);
    assert!(told.contains("8 tables, 12 rows, in files"), "{told}");
    assert!(fail(folder, &["export", "--to", "files"], 2).contains("not empty"));
    let before = answers(folder);
    std::fs::rename(folder.join("muster-data"), folder.join("lost")).unwrap();
    let (files, data) = (folder.join("files"), folder.join("muster-data"));
    succeed(&files, &["sql", "--data", data.to_str().unwrap(), "-f", "schema.sql", "-f", "load.sql"]);
    assert_eq!(answers(folder), before);
    // What the second one is made of says the same as what the first one is made of.
    succeed(folder, &["export", "--to", "again"]);
    for name in ["schema.sql", "load.sql"] {
        assert_eq!(read(&folder.join("again").join(name)), read(&files.join(name)), "{name}");
    }
    let schema = read(&files.join("schema.sql"));
    assert!(schema.contains("CREATE TABLE IF NOT EXISTS \"public\".\"workers\""), "{schema}");
    // Keys go on where they were, and checks still hold.
    succeed(folder, &["sql", "-c", "INSERT INTO app.orders (price) VALUES (1)"]);
    let last = rows(folder, "SELECT max(id) > 3 FROM app.orders");
    assert_eq!(last, [["t"]]);
    let refused = fail(folder, &["sql", "-c", "INSERT INTO app.orders (price) VALUES (-1)"], 1);
    assert!(refused.contains("orders_price_check"), "{refused}");
}

#[test]
fn an_altered_built_in_table_is_not_taken_for_the_one_that_every_database_has() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    succeed(folder, &["sql", "-c", "ALTER TABLE workers ADD COLUMN shoe_size int"]);
    succeed(folder, &["export", "--to", "files"]);
    let schema = read(&folder.join("files/schema.sql"));
    assert!(schema.contains("DROP TABLE \"public\".\"workers\";"), "{schema}");
    let data = folder.join("new");
    let files = folder.join("files");
    succeed(&files, &["sql", "--data", data.to_str().unwrap(), "-f", "schema.sql", "-f", "load.sql"]);
    succeed(folder, &["sql", "--data", "new", "-c", "SELECT shoe_size FROM workers"]);
}

#[test]
fn a_built_in_view_is_made_anew_where_it_is_another_or_its_table_is() {
    let made_so = |commands: &str, query: &str, expected: &str| {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        succeed(folder, &["sql", "-c", commands]);
        succeed(folder, &["export", "--to", "files"]);
        let (files, data) = (folder.join("files"), folder.join("new"));
        let schema = read(&files.join("schema.sql"));
        assert!(schema.contains("DROP VIEW \"public\".\"audit_metrics\";"), "{schema}");
        succeed(&files, &["sql", "--data", data.to_str().unwrap(), "-f", "schema.sql", "-f", "load.sql"]);
        let there = succeed(folder, &["sql", "--data", "new", "-c", query]);
        assert!(there.contains(expected), "{there}");
    };
    let insert = "INSERT INTO audit_baselines (metrics) VALUES ('{\"n\": 17}');";
    made_so(
        &format!("ALTER TABLE audit_baselines ADD COLUMN author text; {insert}"),
        "SELECT value FROM audit_metrics",
        "17",
    );
    made_so(
        "ALTER TABLE audit_baselines ADD COLUMN author text; DROP VIEW audit_metrics",
        "SELECT count(*) + 40 AS views FROM pg_views WHERE schemaname = 'public'",
        "40",
    );
    made_so(
        "DROP VIEW audit_metrics; CREATE VIEW audit_metrics AS SELECT 'another' AS word",
        "SELECT word FROM audit_metrics",
        "another",
    );
    made_so(
        "DROP VIEW audit_metrics; CREATE TABLE audit_metrics (n int)",
        "SELECT count(n) FROM audit_metrics",
        "0",
    );
}

/// What psql prints of commands; `None` where there is no psql.
fn psql(to: &[&str], commands: &[&str]) -> Option<Output> {
    let mut command = Command::new("psql");
    command.args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d"]).args(to);
    command.env("LC_ALL", "C.UTF-8").env("PGTZ", "UTC").stdin(Stdio::null());
    commands.iter().for_each(|text| {
        command.arg(if text.ends_with(".sql") { "-f" } else { "-c" }).arg(text);
    });
    match command.output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("psql is not installed: this test is skipped");
            None
        }
        Err(error) => panic!("psql could not be run: {error}"),
    }
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A server over a folder, and how psql reaches it.
fn served(data: &Path, copy_dir: Option<&Path>) -> (Process, String) {
    let copy_dir = copy_dir.map(|folder| folder.to_str().unwrap());
    let arguments: Vec<&str> = copy_dir.iter().flat_map(|folder| ["--copy-dir", *folder]).collect();
    let server = Process::serve(data, &arguments);
    let to = format!("host={} port={} user=ann dbname=muster", server.address.ip(), server.address.port());
    (server, to)
}

#[test]
fn psql_loads_an_export_into_a_server() {
    let folder = made();
    let folder = folder.path();
    succeed(folder, &["export", "--to", "files"]);
    let described = [
        "\\pset tuples_only off",
        "\\d app.*",
        "\\dt+ app.*",
        "\\d+ app.orders",
        "\\d points",
        "\\d \"odd \"\"ones\"",
    ];
    let (old, to) = served(&folder.join("muster-data"), None);
    let Some(shown) = psql(&[&to], &described) else { return };
    let (shown, values) = (printed(&shown), printed(&psql(&[&to], QUERIES).unwrap()));
    old.kill();
    assert!(shown.contains("few") && shown.contains("in euros"), "{shown}");
    let files = folder.join("files");
    let (new, to) = served(&folder.join("new"), Some(&files));
    let script = |name: &str| files.join(name).to_str().unwrap().to_owned();
    printed(&psql(&[&to], &[&script("schema.sql"), &script("load.sql")]).unwrap());
    assert_eq!(printed(&psql(&[&to], &described).unwrap()), shown);
    assert_eq!(printed(&psql(&[&to], QUERIES).unwrap()), values);
    new.kill();
}

/// Where Debian keeps what is no client for everyday use.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A PostgreSQL of our own, in a folder of its own, reached over a socket there.
struct Postgres {
    folder: TempDir,
    server: Child,
}

impl Postgres {
    /// `None` where PostgreSQL is not installed.
    fn start() -> Option<Self> {
        let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
        let mut installed: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
        installed.retain(|bin| bin.join("initdb").exists() && bin.join("postgres").exists());
        let Some(bin) = installed.pop() else {
            eprintln!("PostgreSQL is not installed: this test is skipped");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_path_buf();
        // It does not run as root.
        let nobody = path.metadata().unwrap().uid() == 0;
        if nobody {
            chown(&path, Some(65534), Some(65534)).unwrap();
        }
        let command = |program: &str| {
            let program = bin.join(program);
            let mut command = match nobody {
                true => Command::new("setpriv"),
                false => Command::new(&program),
            };
            if nobody {
                command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
            }
            command.current_dir(&path).stdin(Stdio::null()).env("LC_ALL", "C.UTF-8");
            command
        };
        let data = path.join("data");
        let made = command("initdb")
            .args(["-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let server = command("postgres")
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-k"])
            .arg(&path)
            .arg("-D")
            .arg(&data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let postgres = Self { folder, server };
        let start = Instant::now();
        while !psql(&[&postgres.address()], &["SELECT 1"])?.status.success() {
            assert!(start.elapsed() < PATIENCE, "PostgreSQL does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(postgres)
    }

    fn address(&self) -> String {
        format!("host={} user=postgres dbname=postgres", self.folder.path().display())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Its own children end with it, unlike after a kill -9.
        let told = Command::new("kill").args(["-QUIT", &self.server.id().to_string()]).status();
        let waited = self.server.wait();
        assert!(told.is_ok() && waited.is_ok() || std::thread::panicking());
    }
}

#[test]
fn postgresql_loads_an_export_that_is_for_it() {
    let Some(postgres) = Postgres::start() else { return };
    let folder = made();
    let folder = folder.path();
    let search = "CREATE VIEW found AS SELECT id FROM vector_search('points', '[1,2,3]'::vector, k => 1)";
    succeed(folder, &["sql", "-c", search]);
    succeed(folder, &["export", "--to", "files", "--for", "postgres", "--vectors", "array"]);
    let files = folder.join("files");
    assert!(read(&files.join("schema.sql")).contains("-- CREATE VIEW \"public\".\"found\""));
    let to = postgres.address();
    let load = Command::new("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "schema.sql", "-f", "load.sql", "-d", &to])
        .current_dir(&files)
        .output()
        .unwrap();
    assert!(load.status.success(), "{load:?}");
    let (server, muster) = served(&folder.join("muster-data"), None);
    for query in QUERIES {
        let here = printed(&psql(&[&muster], &[query]).unwrap());
        assert_eq!(printed(&psql(&[&to], &[query]).unwrap()), here, "{query}");
    }
    server.kill();
    let points = printed(&psql(&[&to], &["SELECT * FROM points ORDER BY id"]).unwrap());
    assert_eq!(points, "1|{1,2,3}\n2|{0.5,-1,0.001}\n3|\n");
    // What the catalogs say of it there.
    let columns = "SELECT column_name, data_type, is_nullable, column_default, is_identity, is_generated
                   FROM information_schema.columns WHERE table_schema = 'app' ORDER BY table_name, ordinal_position";
    let columns = printed(&psql(&[&to], &[columns]).unwrap());
    assert!(columns.contains("loud|text|YES||NO|ALWAYS"), "{columns}");
    assert!(columns.contains("id|integer|NO|nextval('app.orders_id_seq'::regclass)|NO|NEVER"), "{columns}");
    let constraints = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
                       WHERE conrelid = 'app.orders'::regclass ORDER BY conname";
    let constraints = printed(&psql(&[&to], &[constraints]).unwrap());
    assert_eq!(
        constraints,
        "few|CHECK (((quantity >= 1) AND (quantity <= 100)))\n\
         one_code|UNIQUE NULLS NOT DISTINCT (code, quantity)\n\
         orders_pkey|PRIMARY KEY (id)\n\
         orders_price_check|CHECK ((price >= (0)::numeric))\n"
    );
    let identity = "INSERT INTO \"odd \"\"ones\" (flag) VALUES (true) RETURNING \"Id\" > 20, \"Id\" % 10";
    assert_eq!(printed(&psql(&[&to], &[identity]).unwrap()), "t|0\nINSERT 0 1\n");
}
