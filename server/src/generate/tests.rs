//! What the generated workforce promises, read back from its Arrow batches.

use std::collections::{HashMap, HashSet};

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{Decimal128Type, Int32Type};

use super::{cities, roles, workers, workers_schema};

fn table(rows: u64, seed: u64) -> RecordBatch {
    concat_batches(&workers_schema(), &workers(rows, seed).collect::<Vec<_>>()).unwrap()
}

fn texts(batch: &RecordBatch, column: &str) -> Vec<String> {
    let array = batch.column_by_name(column).unwrap().as_string::<i32>();
    array.iter().map(|value| value.unwrap().to_owned()).collect()
}

fn lists(batch: &RecordBatch, column: &str) -> Vec<Option<Vec<String>>> {
    let array = batch.column_by_name(column).unwrap().as_list::<i32>();
    array
        .iter()
        .map(|list| {
            list.map(|list| list.as_string::<i32>().iter().map(|word| word.unwrap().to_owned()).collect())
        })
        .collect()
}

/// FNV-1a over every value as it prints: independent of how Arrow lays out buffers or draws tables.
fn fingerprint(batch: &RecordBatch) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for column in batch.columns() {
        for row in 0..batch.num_rows() {
            let text = arrow::util::display::array_value_to_string(column, row).unwrap();
            for byte in text.bytes().chain([0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
    }
    hash
}

/// Changing the workforce changes every number ever measured on it.
#[test]
fn seed_42_never_changes() {
    assert_eq!(fingerprint(&table(1_000, 42)), 7_502_617_249_898_010_064);
}

#[test]
fn the_same_seed_gives_the_same_rows_and_another_seed_others() {
    assert_eq!(table(500, 7), table(500, 7));
    assert_ne!(table(500, 7), table(500, 8));
}

#[test]
fn fewer_rows_are_the_beginning_of_more() {
    assert_eq!(table(9_000, 3).slice(0, 100), table(100, 3));
}

#[test]
fn no_rows_and_one_row() {
    assert_eq!(workers(0, 42).count(), 0);
    let one = table(1, 42);
    assert_eq!(one.num_rows(), 1);
    assert_eq!(texts(&one, "worker_id"), ["w-000001"]);
}

#[test]
fn ids_count_up_without_gaps_across_batches() {
    let ids = texts(&table(20_000, 42), "worker_id");
    assert_eq!(ids.len(), 20_000);
    for (number, id) in (1..).zip(&ids) {
        assert_eq!(id, &format!("w-{number:06}"));
    }
}

#[test]
fn ids_widen_past_a_million_so_that_they_sort() {
    let first = workers(1_000_000, 42).next().unwrap();
    assert_eq!(texts(&first, "worker_id")[0], "w-0000001");
    let first = workers(999_999, 42).next().unwrap();
    assert_eq!(texts(&first, "worker_id")[0], "w-000001");
}

#[test]
fn states_and_area_codes_match_the_cities() {
    let batch = table(5_000, 42);
    let known: HashMap<_, _> = cities::CITIES.iter().map(|city| (city.name, city)).collect();
    assert_eq!(known.len(), cities::CITIES.len());
    let (city, state, phone) = (texts(&batch, "city"), texts(&batch, "state"), texts(&batch, "phone"));
    for row in 0..batch.num_rows() {
        let expected = known[city[row].as_str()];
        assert_eq!(state[row], expected.state);
        let area = phone[row].strip_prefix("+1-").and_then(|rest| rest.get(..3)).unwrap().parse().unwrap();
        assert!(expected.area_codes.contains(&area), "{} in {}", phone[row], city[row]);
        assert!(phone[row].get(6..).unwrap().starts_with("-555-01"), "{}", phone[row]);
    }
    assert!(city.iter().collect::<HashSet<_>>().len() >= 60);
}

#[test]
fn skills_certificates_and_pay_fit_the_role() {
    let batch = table(5_000, 42);
    let known: HashMap<_, _> = roles::all().map(|role| (role.name, role)).collect();
    let role = texts(&batch, "role");
    let (skills, certificates) = (lists(&batch, "skills"), lists(&batch, "certifications"));
    let rate = batch.column_by_name("hourly_rate").unwrap().as_primitive::<Decimal128Type>();
    let years = batch.column_by_name("years_experience").unwrap().as_primitive::<Int32Type>();
    for row in 0..batch.num_rows() {
        let expected = known[role[row].as_str()];
        let skills = skills[row].as_ref().unwrap();
        assert!((3..=5).contains(&skills.len()));
        assert!(skills.iter().all(|skill| expected.skills.contains(&skill.as_str())));
        assert!(
            certificates[row]
                .as_ref()
                .unwrap()
                .iter()
                .all(|one| expected.certifications.contains(&one.as_str()))
        );
        if expected.licensed {
            assert_eq!(certificates[row].as_ref().unwrap()[0], expected.certifications[0]);
        }
        let (low, high) = expected.pay;
        assert!((i128::from(low)..=i128::from(high)).contains(&rate.value(row)), "{}", role[row]);
        assert!((0..=35).contains(&years.value(row)));
    }
    assert_eq!(role.iter().collect::<HashSet<_>>().len(), known.len());
}

#[test]
fn most_workers_are_active_and_few_are_barred_anywhere() {
    let batch = table(5_000, 42);
    let active = texts(&batch, "status").iter().filter(|status| *status == "active").count();
    assert!((3_800..4_300).contains(&active), "{active}");
    let barred = lists(&batch, "blacklisted_clients");
    let named = barred.iter().flatten().filter(|clients| !clients.is_empty()).count();
    assert!((150..500).contains(&named), "{named}");
    assert!(barred.iter().any(Option::is_none));
}

#[test]
fn every_profile_names_role_and_city_in_two_or_three_sentences() {
    let batch = table(5_000, 42);
    let (role, city, profile) = (texts(&batch, "role"), texts(&batch, "city"), texts(&batch, "profile"));
    for row in 0..batch.num_rows() {
        assert!(profile[row].contains(&role[row]) && profile[row].contains(&city[row]), "{}", profile[row]);
        let sentences = profile[row].replace("St. Louis", "St Louis").matches(". ").count() + 1;
        assert!((2..=3).contains(&sentences), "{}", profile[row]);
    }
    assert!(profile.iter().collect::<HashSet<_>>().len() > 4_900);
}

#[test]
fn emails_are_different_plain_and_nobodys() {
    let emails = texts(&table(5_000, 42), "email");
    assert_eq!(emails.iter().collect::<HashSet<_>>().len(), emails.len());
    for email in emails {
        let (local, domain) = email.split_once('@').unwrap();
        assert!(local.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.'), "{email}");
        assert!(domain.starts_with("example."), "{email}");
    }
}
