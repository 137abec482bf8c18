//! Parameters of the embedded API: their types are those of the values given.

use muster::arrow::array::AsArray;
use muster::arrow::datatypes::Int64Type;
use muster::blocking::Database;
use muster::{Value, params};

#[test]
fn values_of_many_types_are_bound() {
    let session = Database::in_memory().unwrap().session();
    session.execute("CREATE TABLE t (a int, b text, c double precision, d bool, e text[])", &[]).unwrap();
    let list = Value::List(Value::new_list_nullable(
        &[Value::from("x"), Value::Utf8(None)],
        &muster::arrow::datatypes::DataType::Utf8,
    ));
    let mut values = params![1_i64, "one", 1.5_f64, true].to_vec();
    values.push(list);
    let count = session.execute("INSERT INTO t VALUES ($1, $2, $3, $4, $5)", &values).unwrap();
    assert_eq!(count, 1);
    let rows = session.query("SELECT a + $1 FROM t WHERE b = $2 AND d", &params![41_i64, "one"]).unwrap();
    let sum =
        muster::arrow::compute::cast(rows.batches()[0].column(0), &muster::arrow::datatypes::DataType::Int64);
    assert_eq!(sum.unwrap().as_primitive::<Int64Type>().value(0), 42);
}

#[test]
fn the_count_of_parameters_must_fit() {
    let session = Database::in_memory().unwrap().session();
    let error = session.query("SELECT $1, $2", &params![1_i64]).unwrap_err();
    assert_eq!(error.sqlstate(), "08P01");
}

#[test]
fn one_statement_is_one_statement() {
    let session = Database::in_memory().unwrap().session();
    assert_eq!(session.query("SELECT 1; SELECT 2", &[]).unwrap_err().sqlstate(), "42601");
    assert_eq!(session.query("", &[]).unwrap_err().sqlstate(), "42601");
    assert_eq!(session.execute("", &[]).unwrap(), 0);
}

#[test]
fn no_text_makes_the_parser_or_planner_panic() {
    let session = Database::in_memory().unwrap().session();
    let deep = format!("SELECT {}1{}", "(".repeat(5000), ")".repeat(5000));
    let long = format!("SELECT 1 {}", "+ 1 ".repeat(450));
    let texts = [
        deep.as_str(),
        long.as_str(),
        "SELECT $0",
        "SELECT $99999999999999999999",
        "SELECT '",
        "SELECT $$",
        "\0",
        "SELECT \u{0}",
        "SELECT * FROM vector_search",
        "SELECT * FROM vector_search()",
        "SELECT * FROM vector_search(*)",
        "SELECT * FROM vector_search('workers', *)",
        "SELECT * FROM vector_search('workers', 'x', k => )",
        "SELECT * FROM vector_search('workers', 'x', k => 9223372036854775807)",
        "SELECT * FROM vector_search('workers', (SELECT name FROM workers LIMIT 1))",
        "SELECT * FROM vector_search('workers', 'x', filter => '')",
        "SELECT * FROM vector_search('workers', 'x', filter => 'true; DROP TABLE workers')",
        "SELECT * FROM vector_search('workers', 'x', filter => 'count(*) > 1')",
        "SELECT * FROM vector_search('workers', 'x', filter => '(SELECT true)')",
        "SELECT * FROM vector_search('workers', 'x', filter => '$1')",
        "SELECT * FROM vector_search('workers', ''::vector)",
        "SELECT '[1]'::vector(0)",
        "SELECT '[1]'::vector(99999)",
        "SELECT 1 <=> 2",
        "SELECT '[1]'::vector <-> '[2]'::vector",
        "SELECT ARRAY[1,NULL]::vector",
        "INSERT INTO workers VALUES ()",
        "INSERT INTO workers SELECT 1",
        "CREATE TABLE t ()",
        "CREATE TABLE t (a int, a int)",
        "COPY workers FROM '/no/such/file.csv'",
        "EXPLAIN SELECT 1",
        "EXPLAIN EXPLAIN SELECT 1",
        "SET x = ",
        "SHOW",
        "SHOW nothing",
        "SELECT interval '1",
        "VALUES (1), (1, 2)",
        "CREATE INDEX ON workers USING hnsw (embedding) WITH (m = -1)",
        "CREATE INDEX ON workers USING hnsw (embedding) WITH (m)",
    ];
    for text in texts {
        // Whatever comes back, it comes back, and the session goes on.
        let outcome = session.query(text, &[]);
        if let Err(error) = outcome {
            assert_eq!(error.sqlstate().len(), 5, "{text}");
            assert!(!error.to_string().is_empty(), "{text}");
        }
        session.query("SELECT 1", &[]).unwrap();
    }
}
