//! The search: each corpus for each query, the playbooks that apply, and the ranking of both.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::ArrayRef;
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder};
use muster_engine::Metric;
use muster_engine::playbook::{Ranked, Recommendation, Source, rank, strongest};
use roaring::RoaringBitmap;

use super::corpora::NamedCorpus;
use super::function::MatrixSearch;
use super::output::Output;
use super::request::MatrixRequest;
use crate::functions::table::call::{Produced, Running};
use crate::functions::table::playbooks::{Gate, Playbooks, Wanted};
use crate::functions::table::vector_search::{Corpus, Request, Searcher};
use crate::search::{Bitmaps, Counters};
use crate::session::StatementContext;
use crate::{Error, Result};

/// An answer: the corpus's number, the part of its table, the row there.
pub(super) type Place = (usize, u32, u32);

/// See the module.
pub(super) struct Matrix {
    statement: Arc<StatementContext>,
    corpora: Vec<(NamedCorpus, Searcher)>,
    /// Opened when a row first asks for them.
    playbooks: Option<Playbooks>,
    metadata: bool,
    counters: Counters,
    applying: Count,
    boosted: Count,
    injected: Count,
}

impl Matrix {
    pub(super) fn open(
        function: &MatrixSearch,
        statement: Arc<StatementContext>,
        metrics: &ExecutionPlanMetricsSet,
        partition: usize,
    ) -> Result<Self> {
        let corpora = function
            .corpora
            .iter()
            .map(|corpus| Ok((corpus.clone(), Searcher::open(&corpus.definition, statement.clone())?)));
        let counter = |name: &'static str| MetricBuilder::new(metrics).counter(name, partition);
        Ok(Self {
            corpora: corpora.collect::<Result<_>>()?,
            statement,
            playbooks: None,
            metadata: function.metadata,
            counters: Counters::new(metrics, partition),
            applying: counter("playbooks_applying"),
            boosted: counter("answers_boosted"),
            injected: counter("answers_injected"),
        })
    }

    /// What the searches of all corpora found for each request.
    fn search(&mut self, requests: &[(u32, MatrixRequest)]) -> Result<Vec<Vec<(Place, f64)>>> {
        let mut found: Vec<Vec<(Place, f64)>> = vec![Vec::new(); requests.len()];
        let of_corpus: Vec<Request> = requests.iter().map(|(_, request)| request.of_corpus.clone()).collect();
        for (number, (_, searcher)) in self.corpora.iter_mut().enumerate() {
            let of_queries = searcher.search(&of_corpus)?;
            self.counters.evaluated(std::mem::take(searcher.usage.evaluated.get_mut()));
            for (answers, of_query) in found.iter_mut().zip(of_queries) {
                self.counters.add(&of_query, 0);
                answers
                    .extend(of_query.hits.into_iter().map(|hit| ((number, hit.part, hit.row), hit.distance)));
            }
        }
        Ok(found)
    }

    /// What playbooks recommend for a request: answers that are there, and that the request admits.
    fn recommended(&mut self, request: &MatrixRequest) -> Result<Vec<Recommendation<Place>>> {
        let playbooks = match &mut self.playbooks {
            Some(playbooks) => playbooks,
            none => {
                measured_by_cosine(&self.corpora)?;
                none.insert(Playbooks::open(self.statement.clone())?)
            }
        };
        let names = self.corpora.iter().flat_map(|(corpus, _)| corpus.names()).map(str::to_string);
        let gate =
            Gate { tenant: request.tenant.clone(), role: request.role.clone(), corpora: names.collect() };
        let wanted = Wanted { query: &request.query, gate: &gate, k: None };
        let applying = playbooks.matching(&wanted, &self.counters)?;
        self.applying.add(applying.len());
        let mut recommended = Vec::with_capacity(applying.len());
        for (number, (corpus, searcher)) in self.corpora.iter_mut().enumerate() {
            let of_corpus: Vec<_> =
                applying.iter().filter(|playbook| corpus.is_called(&playbook.answer_corpus)).collect();
            let ids: Vec<String> = of_corpus.iter().map(|playbook| playbook.answer_id.clone()).collect();
            if ids.is_empty() {
                continue;
            }
            let admitted = searcher.admitted(&request.of_corpus)?;
            for (playbook, place) in of_corpus.into_iter().zip(searcher.places(&ids)?) {
                let Some((part, row)) = place else { continue };
                let part = u32::try_from(part).map_err(|_| Error::unsupported("a table of so many parts"))?;
                if admitted.contains(part, row) {
                    recommended.push(Recommendation {
                        answer: (number, part, row),
                        playbook: playbook.id,
                        query_distance: playbook.query_distance,
                        boost: playbook.boost(),
                    });
                }
            }
        }
        Ok(strongest(recommended))
    }

    /// How far from the query those answers are that no search found.
    fn distances(&mut self, query: &MatrixRequest, answers: &[Place]) -> Result<HashMap<Place, f64>> {
        let mut distances = HashMap::with_capacity(answers.len());
        for (number, (_, searcher)) in self.corpora.iter_mut().enumerate() {
            let mut parts: Vec<RoaringBitmap> = vec![RoaringBitmap::new(); searcher.table.parts().count()];
            for (_, part, row) in answers.iter().filter(|(corpus, _, _)| *corpus == number) {
                if let Some(rows) = usize::try_from(*part).ok().and_then(|part| parts.get_mut(part)) {
                    rows.insert(*row);
                }
            }
            let wanted = parts.iter().map(RoaringBitmap::len).sum::<u64>();
            if wanted == 0 {
                continue;
            }
            let k = usize::try_from(wanted).unwrap_or(usize::MAX);
            let only: Bitmaps = parts.into_iter().map(|rows| Some(Arc::new(rows))).collect();
            let exact = Request { k, exact: true, ..query.of_corpus.clone() };
            let found = searcher.search_among(&exact, &only)?;
            let found = found.hits.into_iter().map(|hit| ((number, hit.part, hit.row), hit.distance));
            distances.extend(found);
        }
        Ok(distances)
    }

    fn ranked(&mut self, request: &MatrixRequest, found: Vec<(Place, f64)>) -> Result<Vec<Ranked<Place>>> {
        if !request.use_playbook {
            return Ok(rank(found, Vec::new(), |_| None, request.k));
        }
        let recommended = self.recommended(request)?;
        let new: Vec<Place> = recommended
            .iter()
            .map(|one| one.answer)
            .filter(|answer| found.iter().all(|(known, _)| known != answer))
            .collect();
        let own = self.distances(request, &new)?;
        let ranked = rank(found, recommended, |answer| own.get(answer).copied(), request.k);
        let count = |source| ranked.iter().filter(|one| one.source == source).count();
        self.boosted.add(count(Source::Boosted));
        self.injected.add(count(Source::Injected));
        Ok(ranked)
    }
}

impl Running for Matrix {
    fn run(&mut self, arguments: &[Option<ArrayRef>], rows: usize) -> Result<Produced> {
        let mut requests: Vec<(u32, MatrixRequest)> = Vec::with_capacity(rows);
        for (row, owner) in (0..rows).zip(0_u32..) {
            requests.extend(MatrixRequest::of(arguments, row)?.map(|request| (owner, request)));
        }
        let found = self.search(&requests)?;
        let mut output = Output::default();
        for ((owner, request), found) in requests.iter().zip(found) {
            output.add(*owner, self.ranked(request, found)?);
        }
        let tables = self.corpora.iter().map(|(corpus, searcher)| (corpus.name.as_str(), &searcher.table));
        output.finish(&tables.collect::<Vec<_>>(), self.metadata)
    }
}

/// # Errors
/// 0A000 for another distance: what playbooks do to distances has a meaning from 0 to 2 alone.
fn measured_by_cosine(corpora: &[(NamedCorpus, Searcher)]) -> Result<()> {
    for (corpus, searcher) in corpora {
        if Corpus::of(searcher.table.table().definition())?.metric != Metric::Cosine {
            let what = format!("playbooks over corpus \"{}\", which is not measured by cosine", corpus.name);
            return Err(Error::unsupported(what));
        }
    }
    Ok(())
}
