//! The queries that coordinators type: 30 of the form 'Need N ROLE in CITY ST for CLIENT'.

const ROLES: [&str; 7] = [
    "Forklift Operator",
    "Pickers",
    "Loaders",
    "Warehouse Associate",
    "CNC Operator",
    "Shipping Clerk",
    "Packers",
];

const CITIES: [(&str, &str); 8] = [
    ("Detroit", "MI"),
    ("Indianapolis", "IN"),
    ("Aurora", "IL"),
    ("Joliet", "IL"),
    ("Flint", "MI"),
    ("Cleveland", "OH"),
    ("Fort Wayne", "IN"),
    ("Kansas City", "MO"),
];

const CLIENTS: [&str; 6] = [
    "Beacon Freight",
    "Midway Distribution",
    "Parallel Machining",
    "Heritage Foods",
    "Cornerstone Fabrication",
    "Pioneer Assembly",
];

/// How many queries there are.
const QUERIES: usize = 30;

/// A need as it is typed.
#[derive(Debug, Clone)]
pub(super) struct Need {
    pub(super) text: String,
    pub(super) role: &'static str,
}

/// All queries. Role, city and client each go round at their own pace, so no two are the same.
pub(super) fn queries() -> Vec<Need> {
    let of = |number: usize| {
        let role = round(&ROLES, number);
        let (city, state) = round(&CITIES, number);
        let client = round(&CLIENTS, number);
        let text = format!("Need {} {role} in {city} {state} for {client}", 1 + number % 5);
        Need { text, role }
    };
    (0..QUERIES).map(of).collect()
}

/// The roles and cities that roster workers have, one group after the other.
pub(super) fn group(number: usize) -> (&'static str, &'static str, &'static str) {
    let (city, state) = round(&CITIES, number);
    (round(&ROLES, number), city, state)
}

/// A client, going round.
pub(super) fn client(number: usize) -> &'static str {
    round(&CLIENTS, number)
}

fn round<T: Copy + Default>(list: &[T], number: usize) -> T {
    list.get(number % list.len().max(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn there_are_thirty_queries_of_one_form() {
        let queries = queries();
        let texts: HashSet<&str> = queries.iter().map(|need| need.text.as_str()).collect();
        assert_eq!((queries.len(), texts.len()), (30, 30));
        assert_eq!(queries[0].text, "Need 1 Forklift Operator in Detroit MI for Beacon Freight");
        for role in ROLES {
            assert!(queries.iter().any(|need| need.role == role), "{role}");
        }
    }
}
