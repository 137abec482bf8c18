//! The load itself: the clients act, the time runs, beats are taken.

use std::cell::{Cell, RefCell};
use std::process::ExitStatus;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tokio::task::JoinHandle;

use super::client::Client;
use super::failure::Failure;
use super::interruption::Interruption;
use super::own_server::OwnServer;
use super::prepare::Prepared;
use super::progress::Progress;
use super::scenario::Scenario;
use super::steps::{Actor, Outcome};
use super::tally::Tally;
use super::usage::{Sample, Span, Watched};
use crate::cli::connect::Target;

/// What is to run.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) target: Target,
    pub(super) concurrency: usize,
    pub(super) duration: Duration,
    pub(super) warmup: Duration,
    pub(super) corpus: String,
    pub(super) seed: u64,
    pub(super) result_cache: bool,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) tally: Tally,
    /// From the first scenario that counts to the end of the last.
    pub(super) seconds: f64,
    pub(super) end: End,
    /// What the load's own server took.
    pub(super) server: Option<Span>,
    /// What this process took.
    pub(super) client: Option<Span>,
}

/// Why the load ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The time was over.
    Time,
    /// Ctrl-C or SIGTERM.
    Interrupted,
    /// The load's own server ended beside it.
    Server(ExitStatus),
}

/// Between two beats.
const BEAT: Duration = Duration::from_secs(1);

/// How long a client waits before it connects again.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a scenario may go on when the time is over.
const GRACE: Duration = Duration::from_secs(30);

/// What the clients share while they act.
struct Stage {
    tally: RefCell<Tally>,
    over: Cell<bool>,
    /// Whether the warm-up is over.
    counting: Cell<bool>,
}

/// Runs all clients until the time is over, Ctrl-C, or the end of the load's own server.
pub(super) async fn run(
    plan: &Plan,
    prepared: Prepared,
    mut server: Option<&mut OwnServer>,
    interruption: &Interruption,
) -> Ran {
    let Prepared { material, clients } = prepared;
    let watched = server.as_ref().map(|server| Watched::new(server.process()));
    let this = Watched::new(std::process::id());
    let stage = Rc::new(Stage {
        tally: RefCell::new(Tally::new()),
        over: Cell::default(),
        counting: Cell::default(),
    });
    let act = |(number, client): (usize, Client)| {
        // Orders are new in each run, so the client's random numbers must be: the tag is mixed in.
        let seed = plan.seed ^ hash(&material.source) ^ (number as u64) << 32;
        let random = ChaCha8Rng::seed_from_u64(seed);
        let actor = Actor { client, random, material: material.clone() };
        let (stage, target) = (stage.clone(), plan.target.clone());
        let (corpus, cache) = (plan.corpus.clone(), plan.result_cache);
        tokio::task::spawn_local(async move {
            act(actor, &stage, &|| Client::connect(&target, &corpus, cache)).await;
        })
    };
    let tasks: Vec<_> = clients.into_iter().enumerate().map(act).collect();
    if !plan.warmup.is_zero() {
        tokio::select! {
            () = tokio::time::sleep(plan.warmup) => {}
            () = interruption.heard(1) => {}
        }
    }
    let started = Instant::now();
    let before = (watched.as_ref().and_then(Watched::sample), this.sample());
    stage.counting.set(true);
    let mut progress = Progress::new();
    let end = loop {
        // No beat is much shorter than others, for few scenarios would make it look like a jump.
        let left = plan.duration.saturating_sub(started.elapsed());
        let last = left < BEAT * 3 / 2;
        tokio::select! {
            () = tokio::time::sleep(if last { left } else { BEAT }) => {}
            () = interruption.heard(1) => break End::Interrupted,
        }
        if let Some(status) = server.as_mut().and_then(|server| server.ended()) {
            break End::Server(status);
        }
        if last {
            break End::Time;
        }
        let sample = watched.as_ref().and_then(Watched::sample);
        let beat = stage.tally.borrow_mut().beat(started.elapsed().as_secs_f64(), sample);
        progress.show(&beat);
    };
    stage.over.set(true);
    if let Some(failure) = leave(tasks, interruption).await {
        stage.tally.borrow_mut().add_failure(failure);
    }
    let seconds = started.elapsed().as_secs_f64();
    let after = (watched.as_ref().and_then(Watched::sample), this.sample());
    let mut tally = stage.tally.replace(Tally::new());
    tally.beat(seconds, after.0);
    progress.end();
    Ran { seconds, end, server: server_span(&tally, before.0), client: span(before.1, after.1), tally }
}

/// The server's last sample is one of a beat: when it has ended there is none after the load.
fn server_span(tally: &Tally, start: Option<Sample>) -> Option<Span> {
    span(start, tally.beats.iter().rev().find_map(|beat| beat.server))
}

fn span(start: Option<Sample>, end: Option<Sample>) -> Option<Span> {
    start.zip(end).map(|(start, end)| Span { start, end })
}

/// Waits until each scenario that runs has ended. Those that do not are left, which is a failure.
async fn leave(tasks: Vec<JoinHandle<()>>, interruption: &Interruption) -> Option<Failure> {
    let deadline = tokio::time::Instant::now() + GRACE;
    let mut left = 0_u32;
    for mut task in tasks {
        let ended = tokio::select! {
            ended = &mut task => ended.is_ok(),
            () = tokio::time::sleep_until(deadline) => false,
            () = interruption.heard(2) => false,
        };
        if !ended {
            task.abort();
            left += 1;
        }
    }
    (left > 0).then(|| Failure::wrong("end", format!("scenarios of {left} clients did not end")))
}

/// Scenario after scenario until it is over.
async fn act(
    mut actor: Actor,
    stage: &Stage,
    connect: &impl AsyncFn() -> std::result::Result<Client, Failure>,
) {
    while !stage.over.get() {
        let scenario = Scenario::draw(&mut actor.random);
        let mut outcome = Outcome::default();
        let counted = stage.counting.get();
        let started = Instant::now();
        let result = actor.play(scenario, &mut outcome).await;
        let took = started.elapsed();
        let disconnected = result.as_ref().is_err_and(|failure| failure.disconnected);
        // What ends after the time is over is a scenario that ran, and was waited for.
        if counted {
            stage.tally.borrow_mut().add(scenario, took, outcome, result);
        } else {
            stage.tally.borrow_mut().add_warming(outcome.recorded, result);
        }
        while disconnected && !stage.over.get() {
            tokio::time::sleep(PAUSE).await;
            match connect().await {
                Ok(client) => {
                    actor.client = client;
                    break;
                }
                Err(failure) => stage.tally.borrow_mut().add_failure(failure),
            }
        }
    }
}

/// A number of a text, the same in every build.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
