//! The answers to a query, ranked: what the searches found, and what playbooks recommend.
//!
//! It neither searches nor decides which playbooks apply. An answer is whatever the caller tells answers apart by.
//! Invariant: without recommendations the order is that of the distances, and what was found first stays first.

use std::collections::HashMap;
use std::hash::Hash;

/// That an answer worked for a query like this one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recommendation<A> {
    /// Whom or what to take.
    pub answer: A,
    /// The playbook's number.
    pub playbook: i64,
    /// Distance between the playbook's query and this one.
    pub query_distance: f64,
    /// What the answer's distance is multiplied by, from 0.5 to 1.
    pub boost: f64,
}

impl<A> Recommendation<A> {
    /// Whether this one counts where both name the same answer: the stronger, then the nearer, then the older.
    fn beats(&self, other: &Self) -> bool {
        let order = self.boost.total_cmp(&other.boost);
        let order = order.then(self.query_distance.total_cmp(&other.query_distance));
        order.then(self.playbook.cmp(&other.playbook)).is_lt()
    }
}

/// How an answer came to be in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A search found it, and no playbook names it.
    Search,
    /// A search found it, and a playbook lifts it.
    Boosted,
    /// No search found it, and a playbook brings it.
    Injected,
}

impl Source {
    /// The name, as SQL shows it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Source::Search => "search",
            Source::Boosted => "boosted",
            Source::Injected => "injected",
        }
    }
}

/// An answer in its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked<A> {
    /// Whom or what to take.
    pub answer: A,
    /// What it is ranked by.
    pub distance: f64,
    /// Its own distance from the query; `None` where it has none, because it has no vector.
    pub base_distance: Option<f64>,
    /// What its distance was multiplied by; 1 without a playbook.
    pub boost: f64,
    /// How it came here.
    pub source: Source,
    /// The playbook that lifts or brings it.
    pub playbook: Option<i64>,
}

/// For each answer the one recommendation that counts, in the order in which the answers first occur.
#[must_use]
pub fn strongest<A: Eq + Hash + Clone>(recommendations: Vec<Recommendation<A>>) -> Vec<Recommendation<A>> {
    let mut places: HashMap<A, usize> = HashMap::new();
    let mut kept: Vec<Recommendation<A>> = Vec::new();
    for recommendation in recommendations {
        let place = *places.entry(recommendation.answer.clone()).or_insert(kept.len());
        match kept.get_mut(place) {
            None => kept.push(recommendation),
            Some(known) if recommendation.beats(known) => *known = recommendation,
            Some(_) => {}
        }
    }
    kept
}

/// The `k` best answers, best first.
///
/// `found` are the answers of the searches with their distances. `recommended` are [`strongest`] recommendations; `own`
/// gives the distance of one that was not found, if it has one. Answers at the same distance stay in the order of `found`,
/// those that playbooks bring after them.
#[must_use]
pub fn rank<A: Eq + Hash + Clone>(
    found: Vec<(A, f64)>,
    recommended: Vec<Recommendation<A>>,
    own: impl Fn(&A) -> Option<f64>,
    k: usize,
) -> Vec<Ranked<A>> {
    let mut recommended: Vec<Option<Recommendation<A>>> = recommended.into_iter().map(Some).collect();
    let places: HashMap<A, usize> = recommended
        .iter()
        .enumerate()
        .filter_map(|(place, one)| one.as_ref().map(|one| (one.answer.clone(), place)))
        .collect();
    let mut ranked: Vec<Ranked<A>> = Vec::with_capacity(found.len() + recommended.len());
    for (answer, base) in found {
        let place = places.get(&answer).and_then(|place| recommended.get_mut(*place));
        let (boost, source, playbook) = match place.and_then(Option::take) {
            Some(one) => (one.boost, Source::Boosted, Some(one.playbook)),
            None => (1.0, Source::Search, None),
        };
        let (distance, base_distance) = (base * boost, Some(base));
        ranked.push(Ranked { answer, distance, base_distance, boost, source, playbook });
    }
    for Recommendation { answer, playbook, query_distance, boost } in recommended.into_iter().flatten() {
        let base_distance = own(&answer);
        let nearer = base_distance.map_or(query_distance, |base| base.min(query_distance));
        let (distance, source, playbook) = (nearer * boost, Source::Injected, Some(playbook));
        ranked.push(Ranked { answer, distance, base_distance, boost, source, playbook });
    }
    // Stable: what was found first stays first among equals.
    ranked.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    ranked.truncate(k);
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recommend(
        answer: &'static str,
        playbook: i64,
        query_distance: f64,
        boost: f64,
    ) -> Recommendation<&'static str> {
        Recommendation { answer, playbook, query_distance, boost }
    }

    fn order(ranked: &[Ranked<&'static str>]) -> Vec<(&'static str, &'static str)> {
        ranked.iter().map(|one| (one.answer, one.source.name())).collect()
    }

    #[test]
    fn without_playbooks_the_searches_order_stands() {
        let ranked = rank(vec![("a", 0.1), ("b", 0.3), ("c", 0.1)], vec![], |_| None, 10);
        assert_eq!(order(&ranked), [("a", "search"), ("c", "search"), ("b", "search")]);
        assert!(ranked.iter().all(|one| one.boost == 1.0 && one.base_distance == Some(one.distance)));
    }

    #[test]
    fn an_answer_that_was_found_keeps_its_own_distance() {
        let ranked = rank(vec![("a", 0.3), ("b", 0.4449)], vec![recommend("b", 7, 0.01, 0.5)], |_| None, 2);
        assert_eq!(order(&ranked), [("b", "boosted"), ("a", "search")]);
        let first = ranked.first().unwrap();
        assert_eq!((first.distance, first.base_distance, first.playbook), (0.22245, Some(0.4449), Some(7)));
    }

    #[test]
    fn an_answer_that_was_not_found_takes_the_nearer_of_two_distances() {
        let own = |answer: &&str| (*answer != "none").then_some(0.6);
        let brought = |answer, query_distance| {
            let ranked = rank(vec![("a", 0.3)], vec![recommend(answer, 1, query_distance, 0.5)], own, 2);
            let one = ranked.iter().find(|one| one.source == Source::Injected).cloned().unwrap();
            (one.distance, one.base_distance)
        };
        assert_eq!(brought("x", 0.1), (0.05, Some(0.6)));
        assert_eq!(brought("x", 0.9), (0.3, Some(0.6)));
        assert_eq!(brought("none", 0.1), (0.05, None));
    }

    #[test]
    fn the_strongest_playbook_of_an_answer_counts() {
        let several = vec![
            recommend("a", 5, 0.01, 0.75),
            recommend("b", 6, 0.0, 1.0),
            recommend("a", 4, 0.10, 0.5),
            recommend("a", 3, 0.12, 0.5),
        ];
        let kept = strongest(several);
        assert_eq!(kept, [recommend("a", 4, 0.10, 0.5), recommend("b", 6, 0.0, 1.0)]);
    }

    #[test]
    fn no_more_than_k_come_back() {
        let ranked = rank(vec![("a", 0.3), ("b", 0.4)], vec![recommend("x", 1, 0.0, 0.5)], |_| None, 2);
        assert_eq!(order(&ranked), [("x", "injected"), ("a", "search")]);
    }
}
