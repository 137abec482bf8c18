//! `kill -9` at random moments: what was acknowledged is there, nothing is there twice, nothing is half there.
//!
//! - `rounds`: a server under many writing clients, over one folder that goes on growing; `writer`: what each of them
//!   does; `log`: what they know of it; `ledger`: what must be in the database after it.
//! - `load`: one bulk load; `upkeep`: bulk loads, indexes, VACUUM and backups at the same time.
//!
//! The moments are drawn from a seed that is printed; a failure names its round.

mod ledger;
mod load;
mod log;
mod rounds;
mod upkeep;
mod writer;

use std::net::SocketAddr;

use ::tokio_postgres::{Client, NoTls};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn random() -> ChaCha8Rng {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    ChaCha8Rng::seed_from_u64(seed)
}

async fn connect(address: SocketAddr) -> Result<Client, ::tokio_postgres::Error> {
    let config = format!("host={} port={} user=ann dbname=muster", address.ip(), address.port());
    let (client, connection) = ::tokio_postgres::connect(&config, NoTls).await?;
    tokio::spawn(async { drop(connection.await) });
    Ok(client)
}
