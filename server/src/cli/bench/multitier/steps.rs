//! What a client does in each scenario.
//!
//! Invariant: a scenario fails when a statement fails, and when an answer is not what it must be; the failure says which
//! step it was.

use std::collections::HashSet;
use std::rc::Rc;

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::client::{Answer, Client, Recording};
use super::failure::Failure;
use super::pool::Need;
use super::roster::Roster;
use super::scenario::Scenario;
use super::validator::{Finding, Validator};

/// What all clients share.
#[derive(Debug)]
pub(super) struct Material {
    pub(super) queries: Vec<Need>,
    pub(super) roster: Roster,
    pub(super) corpus: String,
    /// The tag of this run's playbooks.
    pub(super) source: String,
}

/// What came of a scenario beside its time.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The draft that was checked: by whom, and what was found.
    pub(super) validated: Option<(Validator, Vec<Finding>)>,
    /// The playbook that was recorded: query and answer.
    pub(super) recorded: Option<(String, String)>,
}

type Result<T> = std::result::Result<T, Failure>;

/// A client at work: what it draws, and what it draws from.
pub(super) struct Actor {
    pub(super) client: Client,
    pub(super) random: ChaCha8Rng,
    pub(super) material: Rc<Material>,
}

impl Actor {
    /// Plays a scenario to its end, or to its first failure.
    pub(super) async fn play(&mut self, scenario: Scenario, outcome: &mut Outcome) -> Result<()> {
        let material = self.material.clone();
        let need = draw(&material.queries, &mut self.random)?;
        match scenario {
            Scenario::ColdSearchEmail => {
                self.client.search(&need.text, need.role, 5).await?;
                let draft = draw(&material.roster.emails, &mut self.random)?;
                self.validate(Validator::Email, draft, outcome).await
            }
            Scenario::SurgeFillValidate => {
                let found = self.client.search(&need.text, need.role, 3).await?;
                let draft = draw(&material.roster.proposals, &mut self.random)?;
                self.validate(Validator::Fill, draft, outcome).await?;
                self.record(&need.text, need.role, &found, outcome).await.map(|_| ())
            }
            Scenario::ProfileSwap => {
                let first = self.client.search(&need.text, need.role, 3).await?;
                let ids: Vec<String> = first.into_iter().map(|answer| answer.id).collect();
                let second = self.client.search_excluding(&need.text, need.role, 3, &ids).await?;
                no_overlap(&ids, &second)
            }
            Scenario::RepeatCache => {
                let first = self.client.search(&need.text, need.role, 5).await?;
                for _ in 1..5 {
                    let again = self.client.search(&need.text, need.role, 5).await?;
                    if again != first {
                        return Err(Failure::wrong("repeat", "the same search gave other answers"));
                    }
                }
                Ok(())
            }
            Scenario::SmsValidate => {
                self.client.search(&need.text, need.role, 1).await?;
                let draft = draw(&material.roster.messages, &mut self.random)?;
                self.validate(Validator::Sms, draft, outcome).await
            }
            Scenario::PlaybookRecordReplay => {
                // As an office's own number makes it: no two orders have the same.
                let query = format!("{}, order {:032x}", need.text, self.random.random::<u128>());
                let found = self.client.search(&query, need.role, 5).await?;
                let answer = self.record(&query, need.role, &found, outcome).await?;
                let replayed = self.client.search_with_playbooks(&query, need.role, 5).await?;
                is_lifted(&answer, &found, &replayed)
            }
        }
    }

    /// A draft that must be good.
    async fn validate(&self, validator: Validator, draft: &str, outcome: &mut Outcome) -> Result<()> {
        let findings = self.client.validate(validator, draft).await?;
        let blocking = findings.iter().find(|finding| finding.blocks);
        let result = blocking.map_or(Ok(()), |finding| {
            Err(Failure::wrong(validator.name(), format!("a good draft breaks {}", finding.rule)))
        });
        outcome.validated = Some((validator, findings));
        result
    }

    /// Records the first answer, and gives its id.
    async fn record(
        &self,
        query: &str,
        role: &'static str,
        found: &[Answer],
        outcome: &mut Outcome,
    ) -> Result<String> {
        let Some(first) = found.first() else { return Err(Failure::wrong("record", "no answer to record")) };
        let (corpus, source) = (self.material.corpus.as_str(), self.material.source.as_str());
        self.client.record(&Recording { query, role, answer: &first.id, corpus, source }).await?;
        outcome.recorded = Some((query.to_string(), first.id.clone()));
        Ok(first.id.clone())
    }
}

fn draw<'a, T>(from: &'a [T], random: &mut ChaCha8Rng) -> Result<&'a T> {
    from.choose(random).ok_or_else(|| Failure::wrong("draw", "there is nothing to draw from"))
}

fn no_overlap(excluded: &[String], found: &[Answer]) -> Result<()> {
    let excluded: HashSet<&str> = excluded.iter().map(String::as_str).collect();
    match found.iter().find(|answer| excluded.contains(answer.id.as_str())) {
        Some(answer) => Err(Failure::wrong("overlap", format!("{} came back though excluded", answer.id))),
        None if found.is_empty() => Err(Failure::wrong("overlap", "nothing else was found")),
        None => Ok(()),
    }
}

/// The recorded answer must come first, at half its distance.
fn is_lifted(answer: &str, found: &[Answer], replayed: &[Answer]) -> Result<()> {
    let wrong = |reason: String| Err(Failure::wrong("replay", reason));
    let (Some(first), Some(before)) = (replayed.first(), found.first()) else {
        return wrong("nothing was found".to_string());
    };
    if first.id != answer {
        return wrong("another answer comes first".to_string());
    }
    if first.source != "boosted" {
        return wrong(format!("the recorded answer is {}, not boosted", first.source));
    }
    if (first.distance - before.distance * 0.5).abs() > 1e-5 {
        return wrong("the recorded answer is not at half its distance".to_string());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(id: &str, distance: f32, source: &str) -> Answer {
        Answer { id: id.to_string(), distance, source: source.to_string() }
    }

    #[test]
    fn an_excluded_answer_must_not_come_back() {
        let ids = ["a".to_string()];
        assert!(no_overlap(&ids, &[answer("b", 0.1, "search")]).is_ok());
        assert!(no_overlap(&ids, &[answer("a", 0.1, "search")]).is_err());
        assert!(no_overlap(&ids, &[]).is_err());
    }

    #[test]
    fn a_recorded_answer_must_be_boosted_and_first() {
        let found = [answer("a", 0.4, "search"), answer("b", 0.5, "search")];
        let boosted = answer("a", 0.2, "boosted");
        assert!(is_lifted("a", &found, &[boosted.clone(), answer("b", 0.5, "search")]).is_ok());
        assert!(is_lifted("a", &found, &[answer("b", 0.1, "boosted"), boosted]).is_err());
        assert!(is_lifted("a", &found, &[answer("a", 0.4, "search")]).is_err());
        assert!(is_lifted("a", &found, &[answer("a", 0.3, "boosted")]).is_err());
        assert!(is_lifted("a", &found, &[]).is_err());
    }
}
