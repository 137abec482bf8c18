//! A client that writes until the server is gone.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use ::tokio_postgres::{Client, SimpleQueryMessage};
use bytes::Bytes;
use futures::SinkExt;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::connect;
use super::log::{Added, Claim, Fate, Log, Statement};

/// Counters that all writers share.
pub(super) const COUNTERS: usize = 4;
/// Rows that an UPDATE of a writer counts up.
pub(super) const MARKS: usize = 3;
/// Rows of a COPY.
const COPIED: usize = 40;

/// A writer of one round.
pub(super) struct Writer {
    pub(super) round: usize,
    pub(super) number: usize,
    pub(super) log: Arc<Mutex<Log>>,
    /// Statements of rounds before, whose rows it may delete; each with how many there are.
    pub(super) old: Vec<(Statement, usize)>,
    pub(super) random: ChaCha8Rng,
}

/// Why there is no answer.
pub(super) enum Ended {
    /// The server is gone.
    Gone,
    /// It lost against somebody who committed first.
    Conflict,
}

impl From<::tokio_postgres::Error> for Ended {
    fn from(error: ::tokio_postgres::Error) -> Self {
        match error.code().map(|code| code.code()) {
            None => Ended::Gone,
            Some("40001") => Ended::Conflict,
            Some(_) => panic!("the server refused: {error:?}"),
        }
    }
}

pub(super) type Result<T> = std::result::Result<T, Ended>;

pub(super) async fn run(client: &Client, sql: &str) -> Result<Vec<Vec<String>>> {
    let messages = client.simple_query(sql).await?;
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => {
            Some((0..row.len()).map(|column| row.get(column).unwrap_or_default().to_string()).collect())
        }
        _ => None,
    });
    Ok(rows.collect())
}

/// Seals and compacts until the server is gone.
pub(super) async fn vacuum(address: SocketAddr, mut random: ChaCha8Rng) {
    // The kill may come first: nobody waits for this client.
    let Ok(client) = connect(address).await else { return };
    loop {
        match run(&client, "VACUUM").await {
            Ok(_) => {}
            Err(Ended::Gone) => return,
            Err(Ended::Conflict) => panic!("VACUUM is told of a conflict"),
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(0..400))).await;
    }
}

impl Writer {
    /// Writes until the server is gone; says when it begins.
    pub(super) async fn write(mut self, address: SocketAddr, begins: mpsc::Sender<()>) {
        let client = connect(address).await.unwrap();
        begins.send(()).unwrap();
        // Its own statements of this round that were acknowledged and are still there.
        let mut own: BTreeMap<Statement, usize> = BTreeMap::new();
        for number in 0.. {
            let statement = Statement { round: self.round, writer: self.number, number };
            self.log.lock().unwrap().tried += 1;
            let mut keep = |rows| {
                own.insert(statement, rows);
            };
            let done = match self.random.random_range(0..24) {
                0..6 => self.insert(&client, statement, 1).await.map(|()| keep(1)),
                6..9 => self.insert(&client, statement, 3).await.map(|()| keep(3)),
                9 => self.copy(&client, statement).await.map(|()| keep(COPIED)),
                10..14 => self.block(&client, statement).await,
                14..17 => self.count(&client).await,
                17..19 => self.mark(&client).await,
                19..22 => self.delete(&client, &mut own).await,
                _ => self.draw(&client, statement).await,
            };
            match done {
                Ok(()) => self.log.lock().unwrap().acknowledged += 1,
                Err(Ended::Conflict) => {}
                Err(Ended::Gone) => return,
            }
        }
    }

    fn claim(&self, statement: Statement, claim: Claim) {
        self.log.lock().unwrap().claims.insert(statement, claim);
    }

    fn set(&self, statement: Statement, fate: Fate) {
        self.log.lock().unwrap().claims.get_mut(&statement).unwrap().fate = fate;
    }

    /// Inserts rows into the ledger; the tickets that they drew are seen.
    async fn insert_rows(&self, client: &Client, statement: Statement, rows: usize) -> Result<()> {
        let values: Vec<_> = (0..rows)
            .map(|row| format!("('{}', {}, '{statement}')", statement.key(row), self.round))
            .collect();
        let sql =
            format!("INSERT INTO ledger (id, round, note) VALUES {} RETURNING id, ticket", values.join(", "));
        let drawn = run(client, &sql).await?;
        assert_eq!(drawn.len(), rows);
        let seen = drawn.into_iter().map(|row| (row[1].parse().unwrap(), row[0].clone()));
        self.log.lock().unwrap().seen.extend(seen);
        Ok(())
    }

    async fn insert(&self, client: &Client, statement: Statement, rows: usize) -> Result<()> {
        self.claim(statement, Claim { fate: Fate::InFlight, rows, mirrored: false, counter: None });
        self.insert_rows(client, statement, rows).await?;
        self.set(statement, Fate::Acknowledged);
        Ok(())
    }

    async fn copy(&self, client: &Client, statement: Statement) -> Result<()> {
        self.claim(statement, Claim { fate: Fate::InFlight, rows: COPIED, mirrored: false, counter: None });
        let lines: String =
            (0..COPIED).map(|row| format!("{}\t{}\t{statement}\n", statement.key(row), self.round)).collect();
        let sink = client.copy_in("COPY ledger (id, round, note) FROM STDIN").await?;
        let mut sink = std::pin::pin!(sink);
        // In two messages, so that the server is killed between them now and then.
        let (first, second) = lines.split_at(lines.len() / 2);
        for part in [first, second] {
            sink.send(Bytes::from(part.to_string())).await?;
        }
        assert_eq!(sink.finish().await?, COPIED as u64);
        self.set(statement, Fate::Acknowledged);
        Ok(())
    }

    /// Puts the same keys into two tables, and may count up, in one transaction; every fourth is rolled back.
    async fn block(&mut self, client: &Client, statement: Statement) -> Result<()> {
        let rows = self.random.random_range(1..4);
        let counter = self.random.random_bool(0.5).then(|| self.random.random_range(0..COUNTERS));
        let commits = self.random.random_bool(0.75);
        self.claim(statement, Claim { fate: Fate::Undone, rows, mirrored: true, counter });
        let done = self.in_block(client, statement, rows, counter, commits).await;
        if let Err(Ended::Conflict) = done {
            self.set(statement, Fate::Undone);
            run(client, "ROLLBACK").await?;
        }
        done
    }

    async fn in_block(
        &self,
        client: &Client,
        statement: Statement,
        rows: usize,
        counter: Option<usize>,
        commits: bool,
    ) -> Result<()> {
        run(client, "BEGIN").await?;
        self.insert_rows(client, statement, rows).await?;
        for row in 0..rows {
            let key = statement.key(row);
            run(client, &format!("INSERT INTO mirror VALUES ('{key}', {})", self.round)).await?;
        }
        if let Some(counter) = counter {
            run(client, &format!("UPDATE counters SET n = n + 1 WHERE id = {counter}")).await?;
        }
        if !commits {
            run(client, "ROLLBACK").await?;
            return Ok(());
        }
        self.set(statement, Fate::InFlight);
        run(client, "COMMIT").await?;
        self.set(statement, Fate::Acknowledged);
        Ok(())
    }

    /// Counts one of the shared counters up, which nobody may undo.
    async fn count(&mut self, client: &Client) -> Result<()> {
        let counter = self.random.random_range(0..COUNTERS);
        let added =
            |change: fn(&mut Added)| change(self.log.lock().unwrap().counters.entry(counter).or_default());
        added(|added| added.in_flight += 1);
        let sql = format!(
            "INSERT INTO counters VALUES ({counter}, 1) ON CONFLICT (id) DO UPDATE SET n = counters.n + excluded.n"
        );
        run(client, &sql).await?;
        added(|added| (added.in_flight, added.acknowledged) = (added.in_flight - 1, added.acknowledged + 1));
        Ok(())
    }

    /// Counts all marks of the writer up, by one UPDATE.
    async fn mark(&self, client: &Client) -> Result<()> {
        let added =
            |change: fn(&mut Added)| change(self.log.lock().unwrap().marks.entry(self.number).or_default());
        added(|added| added.in_flight += 1);
        run(client, &format!("UPDATE marks SET n = n + 1 WHERE writer = {}", self.number)).await?;
        added(|added| (added.in_flight, added.acknowledged) = (added.in_flight - 1, added.acknowledged + 1));
        Ok(())
    }

    /// Deletes the rows of a statement, of this round or of one before.
    async fn delete(&mut self, client: &Client, own: &mut BTreeMap<Statement, usize>) -> Result<()> {
        let own_ones: Vec<_> = own.iter().map(|(statement, rows)| (*statement, *rows)).collect();
        let of_own = self.old.is_empty() || self.random.random_bool(0.5);
        let chosen = match of_own {
            true => own_ones.choose(&mut self.random).copied(),
            false => self.old.pop(),
        };
        let Some((statement, rows)) = chosen else { return Ok(()) };
        own.remove(&statement);
        self.log.lock().unwrap().deleted.insert(statement, Fate::InFlight);
        let keys: Vec<_> = (0..rows).map(|row| format!("'{}'", statement.key(row))).collect();
        run(client, &format!("DELETE FROM ledger WHERE id IN ({})", keys.join(", "))).await?;
        self.log.lock().unwrap().deleted.insert(statement, Fate::Acknowledged);
        Ok(())
    }

    /// Draws from the sequence, by a statement of its own or in a block that is rolled back: what was seen is gone for good.
    async fn draw(&mut self, client: &Client, statement: Statement) -> Result<()> {
        let rolls_back = self.random.random_bool(0.5);
        if rolls_back {
            run(client, "BEGIN").await?;
        }
        let drawn = run(client, "SELECT nextval('tickets')").await?;
        self.log.lock().unwrap().seen.push((drawn[0][0].parse().unwrap(), format!("drawn by {statement}")));
        if rolls_back {
            run(client, "ROLLBACK").await?;
        }
        Ok(())
    }
}

/// The random numbers of one writer.
pub(super) fn of_its_own(random: &mut ChaCha8Rng) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(random.random())
}
