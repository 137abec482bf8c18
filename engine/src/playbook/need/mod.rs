//! What a query asks for, as far as it decides whether another one asks for the same.
//!
//! Texts that are nearly alike may be opposites: 'need forklift operators' and 'no forklift operators needed', or the same
//! need in another city. So besides being near, two queries have to agree on negation, and on the places and the roles that
//! both name. Head counts, dates, clients and wording do not matter. `docs/needs.md` says what is understood, and how often
//! that is wrong.
//!
//! It is no parser of English: tables of cities and occupations, and rules of where they stand. Invariant: any text is
//! read, and a text always agrees with itself.

mod cities;
mod client;
mod negation;
mod occupations;
mod place;
mod role;
mod states;
mod synonyms;
mod words;

use std::collections::BTreeSet;

use place::Place;

/// What a query asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    negated: bool,
    places: Vec<Place>,
    roles: BTreeSet<Vec<String>>,
}

/// On what two needs differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disagreement {
    /// One takes back what the other asks for.
    Negation,
    /// They are in different places.
    Place,
    /// They are for different roles.
    Role,
}

impl Need {
    /// Reads a query.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let words = words::words(text);
        let (places, taken) = place::read(&words);
        let mut roles = role::read(&words, &taken);
        let negation = negation::read(&words, &roles);
        negation.excluded.iter().for_each(|words| roles.leave_out(words));
        Self { negated: negation.negated, places, roles: roles.names() }
    }

    /// Whether both may be the same need. What only one of them says does not count.
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        self.disagreement(other).is_none()
    }

    /// On what they differ, if they do.
    #[must_use]
    pub fn disagreement(&self, other: &Self) -> Option<Disagreement> {
        if self.negated != other.negated {
            return Some(Disagreement::Negation);
        }
        let both_name = |here: usize, there: usize| here > 0 && there > 0;
        let covered = |one: &[Place], other: &[Place]| {
            one.iter().all(|place| other.iter().any(|another| place.agrees(another)))
        };
        let (here, there) = (&self.places, &other.places);
        let same = covered(here, there) && covered(there, here);
        if both_name(here.len(), there.len()) && !same {
            return Some(Disagreement::Place);
        }
        let (here, there) = (&self.roles, &other.roles);
        if both_name(here.len(), there.len()) && here != there {
            return Some(Disagreement::Role);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn differ(one: &str, other: &str) -> Option<Disagreement> {
        Need::read(one).disagreement(&Need::read(other))
    }

    #[test]
    fn needs_that_are_opposites_differ() {
        let need = "Need 3 Forklift Operators in Detroit MI for Beacon Freight";
        assert_eq!(
            differ(need, "Need 5 Forklift Operator in Detroit, MI for Midway Distribution by Monday"),
            None
        );
        assert_eq!(differ(need, "No Forklift Operators needed in Detroit MI"), Some(Disagreement::Negation));
        assert_eq!(
            differ(need, "Need 3 Forklift Operators in Flint MI for Beacon Freight"),
            Some(Disagreement::Place)
        );
        assert_eq!(
            differ(need, "Need 3 CNC Operators in Detroit MI for Beacon Freight"),
            Some(Disagreement::Role)
        );
        assert_eq!(
            differ("need forklift operators", "no forklift operators needed"),
            Some(Disagreement::Negation)
        );
    }

    #[test]
    fn clients_dates_and_numbers_are_no_places_and_no_roles() {
        for other in [
            "Need 3 Packers in Joliet IL for Detroit Diesel",
            "Need 1 Packer in Joliet IL for Kansas City Steel, order 5f0c6a1e92b84d77",
            "need packers in joliet il in May, no overtime",
            "Do not cancel the order for 3 packers in Joliet, Illinois",
        ] {
            assert_eq!(differ("Need 3 Packers in Joliet IL for Heritage Foods", other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_agrees_with_itself(one in "\\PC{0,80}", other in "[a-zA-Z,.' -]{0,60}") {
            let (one, other) = (Need::read(&one), Need::read(&other));
            prop_assert!(one.agrees(&one) && other.agrees(&other));
            prop_assert_eq!(one.agrees(&other), other.agrees(&one));
        }
    }
}
