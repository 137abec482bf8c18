//! The five searches of the demo: what each shows, and its SQL.

/// A search and the sentence that introduces it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Search {
    pub(super) title: String,
    pub(super) sql: String,
}

/// The need that the first three searches serve.
const NEED: &str = "forklift operator in Detroit MI";

const COLUMNS: &str = "\
SELECT id, distance, metadata->>'name' AS name, metadata->>'role' AS role,
       metadata->>'city' AS city, metadata->>'state' AS state, metadata->>'status' AS status
";

/// By meaning alone.
pub(super) fn by_meaning() -> Search {
    Search {
        title: "Who is nearest in meaning to a need, in plain words?".to_owned(),
        sql: format!("{COLUMNS}FROM vector_search('workers', '{NEED}', k => 5)"),
    }
}

/// With a filter.
pub(super) fn filtered() -> Search {
    Search {
        title: "Only those who can come: the filter applies before the search, so k rows come back while k match."
            .to_owned(),
        sql: format!(
            "{COLUMNS}FROM vector_search('workers', '{NEED}', k => 5,\n     \
             filter => 'status = ''active'' and state = ''MI''')"
        ),
    }
}

/// The same without `taken`, the worker that the filtered search put first.
pub(super) fn without(taken: Option<&str>) -> Search {
    let (title, excluded) = match taken {
        Some(id) => {
            (format!("{id} has just been booked: who else?"), format!("ARRAY['{}']", id.replace('\'', "''")))
        }
        None => {
            ("Nobody is booked yet: an empty list excludes nobody.".to_owned(), "ARRAY[]::text[]".to_owned())
        }
    };
    Search {
        title,
        sql: format!(
            "{COLUMNS}FROM vector_search('workers', '{NEED}', k => 5,\n     \
             filter => 'status = ''active'' and state = ''MI''',\n     exclude_ids => {excluded})"
        ),
    }
}

/// Two open orders in one statement.
pub(super) fn two_orders() -> Search {
    Search {
        title: "Two open orders at once: LATERAL searches for each row of another table.".to_owned(),
        sql: "\
SELECT o.number, o.needs, s.id, s.distance, s.metadata->>'role' AS role, s.metadata->>'city' AS city
FROM (VALUES (1, 'TIG welder, stainless, Milwaukee'),
             (2, 'CNC machinist, five-axis mills, Cleveland')) AS o(number, needs)
CROSS JOIN LATERAL vector_search('workers', o.needs, k => 3, filter => 'status = ''active''') AS s
ORDER BY o.number, s.distance"
            .to_owned(),
    }
}

/// The graph beside the exact scan.
pub(super) fn graph_and_exact() -> Search {
    Search {
        title: "The index is approximate; here it stands beside the exact scan of every row.".to_owned(),
        sql: "\
WITH graph AS (SELECT id, distance FROM vector_search('workers',
         'night shift electrician for a data center', k => 5)),
     exact AS (SELECT id, distance FROM vector_search('workers',
         'night shift electrician for a data center', k => 5, exact => true))
SELECT graph.id AS graph_id, graph.distance AS graph_distance,
       exact.id AS exact_id, exact.distance AS exact_distance
FROM graph FULL JOIN exact ON exact.id = graph.id
ORDER BY coalesce(exact.distance, graph.distance)"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_booked_worker_is_excluded_and_quoted() {
        assert!(without(Some("w-1")).sql.contains("exclude_ids => ARRAY['w-1']"));
        assert!(without(Some("o'neil")).sql.contains("ARRAY['o''neil']"));
        assert!(without(None).sql.contains("ARRAY[]::text[]"));
    }
}
