//! The learning loop under many writers: what was recorded is found by the very next search, from the first one on.

use std::sync::Barrier;

use muster::arrow::array::{Array, AsArray};
use muster::arrow::datatypes::{Float32Type, Int64Type};
use muster::blocking::{Database, Session};
use muster::{Options, params};

const RECORD: &str =
    "INSERT INTO playbooks (query_text, role, tenant, answer_id, score) VALUES ($1, $2, $3, $4, 1.0)
    ON CONFLICT (tenant, role, answer_corpus, answer_id, query_text) DO UPDATE SET score = excluded.score";
const SEARCH: &str =
    "SELECT id, distance, base_distance, source FROM matrix_search($1, role => $2, tenant => $3, k => 20,
    use_playbook => true)";

const ROLES: [&str; 4] = ["Forklift Operator", "CNC Operator", "Packer", "Shipping Clerk"];
const CITIES: [&str; 5] = ["Detroit MI", "Flint MI", "Joliet IL", "Cleveland OH", "Kansas City MO"];

fn workforce(database: &Database) {
    let session = database.session();
    for (place, city) in CITIES.iter().enumerate() {
        for (number, role) in ROLES.iter().enumerate() {
            let (city, state) = city.rsplit_once(' ').unwrap();
            let id = format!("w-{place}{number}");
            session
                .execute(
                    "INSERT INTO workers (worker_id, name, role, city, state) VALUES ($1, $2, $3, $4, $5)",
                    &params![id.as_str(), format!("Worker {id}").as_str(), *role, city, state],
                )
                .unwrap();
        }
    }
}

/// Ids, distances, distances without playbooks, sources.
fn answers(session: &Session, query: &str, role: &str, tenant: &str) -> Vec<(String, f32, f32, String)> {
    let result = session.query(SEARCH, &params![query, role, tenant]).unwrap();
    let mut answers = Vec::new();
    for batch in result.batches() {
        let text = |column: usize| batch.column(column).as_string::<i32>();
        let number = |column: usize| batch.column(column).as_primitive::<Float32Type>();
        for row in 0..batch.num_rows() {
            answers.push((
                text(0).value(row).to_string(),
                number(1).value(row),
                if number(2).is_null(row) { f32::NAN } else { number(2).value(row) },
                text(3).value(row).to_string(),
            ));
        }
    }
    answers
}

/// Each of so many threads records, searches, and must find what it recorded; so must everyone after a restart.
#[test]
fn fifty_writers_find_what_they_recorded_at_once() {
    const WRITERS: usize = 50;
    const TIMES: usize = 12;
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(folder.path()).unwrap();
    workforce(&database);
    let start = Barrier::new(WRITERS);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (database, start) = (&database, &start);
            scope.spawn(move || {
                let session = database.session();
                // All at once into a table that is empty.
                start.wait();
                for time in 0..TIMES {
                    let (role, city) = (ROLES[writer % 4], CITIES[(writer + time) % 5]);
                    // Half of the writers contend for the same rows, half have their own.
                    let tenant = if writer % 2 == 0 { String::new() } else { format!("tenant {writer}") };
                    let query = format!("Need {} {role} in {city} for Beacon Freight", 1 + time % 5);
                    let answer = format!("w-{}{}", (writer + time + 1) % 5, writer % 4);
                    session
                        .execute(RECORD, &params![query.as_str(), role, tenant.as_str(), answer.as_str()])
                        .unwrap();
                    let found = answers(&session, &query, role, &tenant);
                    let (_, distance, base, source) =
                        found.iter().find(|(id, ..)| *id == answer).expect("it is found by the next search");
                    assert_eq!(source, "boosted");
                    assert!((distance - base * 0.5).abs() < 1e-6, "{distance} {base}");
                }
            });
        }
    });
    let count = |database: &Database| {
        let result = database.session().query("SELECT count(*) FROM playbooks", &[]).unwrap();
        result.batches()[0].column(0).as_primitive::<Int64Type>().value(0)
    };
    // 25 writers each have five needs of their own, the others share ten for each of five cities.
    let recorded = count(&database);
    assert_eq!(recorded, 25 * 5 + 2 * 25);
    drop(database);
    assert_eq!(count(&Database::open(folder.path()).unwrap()), recorded);
}

/// What one role records leaves another's results byte for byte as they were.
#[test]
fn a_role_never_bleeds_into_another() {
    let database = Database::in_memory().unwrap();
    workforce(&database);
    let session = database.session();
    let query = "Need 2 Operator in Detroit MI for Beacon Freight";
    let all = |role: &str| {
        let sql = "SELECT * FROM matrix_search($1, role => $2, k => 20, use_playbook => true)";
        let result = session.query(sql, &params![query, role]).unwrap();
        result.batches().to_vec()
    };
    let before = all("CNC Operator");
    for id in ["w-00", "w-31", "w-12"] {
        session.execute(RECORD, &params![query, "Forklift Operator", "", id]).unwrap();
    }
    assert_eq!(all("CNC Operator"), before);
    assert_ne!(all("Forklift Operator"), before);
}

/// A playbook that expires changes what is found though no row changes, so its results are not kept.
#[test]
fn results_with_a_playbook_that_expires_are_not_given_again() {
    let database = Database::in_memory().unwrap();
    workforce(&database);
    let session = database.session();
    let query = "Need 2 Packer in Flint MI for Beacon Freight";
    session
        .execute(
            "INSERT INTO playbooks (query_text, role, answer_id, score, expires_at)
             VALUES ($1, 'Packer', 'w-00', 1.0, now() + interval '700 milliseconds')",
            &params![query],
        )
        .unwrap();
    let lifted = || answers(&session, query, "Packer", "").iter().any(|(.., source)| source == "boosted");
    assert!(lifted() && lifted());
    std::thread::sleep(std::time::Duration::from_millis(900));
    assert!(!lifted());
}

/// The database's owner says how far playbooks reach; a session may ask for less.
#[test]
fn options_say_how_far_playbooks_reach() {
    let folder = tempfile::tempdir().unwrap();
    let open = |distance| {
        let options = Options { playbook_max_distance: Some(distance), ..Options::default() };
        Database::open_with(folder.path(), options)
    };
    let database = open(0.4).unwrap();
    let session = database.session();
    session.execute("SET muster.playbook_max_distance = 0.39", &[]).unwrap();
    let refused = session.execute("SET muster.playbook_max_distance = 0.41", &[]).unwrap_err();
    assert_eq!(refused.sqlstate(), "22023");
    drop((session, database));
    assert_eq!(open(2.1).unwrap_err().sqlstate(), "F0000");
    assert_eq!(open(f64::NAN).unwrap_err().sqlstate(), "F0000");
}

/// No corpus is a parameter, for the plan depends on it.
#[test]
fn a_corpus_is_no_parameter() {
    let session = Database::in_memory().unwrap().session();
    let sql = "SELECT id FROM matrix_search('x', corpora => ARRAY[$1])";
    assert_eq!(session.query(sql, &params!["workers"]).unwrap_err().sqlstate(), "0A000");
}
