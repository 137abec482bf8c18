//! The database under a case file, and the server in front of it where the engine wants one.
//!
//! Each file gets a database of its own: in memory, or, for files in `cases/storage/`, in a
//! temporary folder, where [`Host::reopen`] closes and opens it again.
//! Invariant: at most one open database and one server a host.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use muster::Database;
use muster_server::wire::{ServeOptions, Server};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};

/// Where a file's database lives.
#[derive(Debug)]
pub enum Place {
    /// In memory; gone with the file.
    Memory,
    /// In a folder, removed when the host is dropped.
    Folder(TempDir),
}

/// One file's database, shared by its connections.
#[derive(Debug)]
pub struct Host {
    place: Place,
    served: bool,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    db: Database,
    server: Option<Serving>,
}

#[derive(Debug)]
struct Serving {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<muster_server::wire::Result<()>>,
}

impl Host {
    /// Opens the database and, when `served`, a server on a free port of the loopback interface.
    pub async fn start(place: Place, served: bool) -> Result<Host> {
        let running = Running::start(&place, served).await?;
        Ok(Host { place, served, running: Some(running) })
    }

    /// The open database.
    pub fn database(&self) -> Result<&Database> {
        Ok(&self.running()?.db)
    }

    /// Where the server listens.
    pub fn address(&self) -> Result<SocketAddr> {
        let server = self.running()?.server.as_ref();
        server.map(|server| server.address).ok_or_else(|| Error::runner("this engine has no server"))
    }

    /// Closes the database and opens it again. The callers' connections are gone after it.
    pub async fn reopen(&mut self) -> Result<()> {
        if matches!(self.place, Place::Memory) {
            return Err(Error::record("`-- reopen` is for files in cases/storage/"));
        }
        self.stop().await?;
        self.running = Some(Running::start(&self.place, self.served).await?);
        Ok(())
    }

    /// Stops the server and closes the database. An error of the server is the file's failure.
    pub async fn stop(&mut self) -> Result<()> {
        match self.running.take() {
            Some(running) => running.stop().await,
            None => Ok(()),
        }
    }

    fn running(&self) -> Result<&Running> {
        self.running.as_ref().ok_or_else(|| Error::runner("the database is closed"))
    }
}

impl Running {
    async fn start(place: &Place, served: bool) -> Result<Running> {
        let db = match place {
            Place::Memory => Database::in_memory()?,
            Place::Folder(folder) => Database::open(PathBuf::from(folder.path()))?,
        };
        let server = if served { Some(Serving::start(db.clone()).await?) } else { None };
        Ok(Running { db, server })
    }

    async fn stop(self) -> Result<()> {
        let Some(Serving { stop, task, .. }) = self.server else { return Ok(()) };
        // The receiver is gone only when the server ended by itself; its result tells why.
        let _ended_before = stop.send(()).is_err();
        task.await
            .map_err(|error| Error::runner(format!("the server's task failed: {error}")))?
            .map_err(|error| Error::runner(format!("the server failed: {error}")))
    }
}

impl Serving {
    async fn start(db: Database) -> Result<Serving> {
        let options = ServeOptions::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let server = Server::bind(db, options).await.map_err(|error| Error::runner(error.to_string()))?;
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(server.run(async move {
            // Either a message or the sender's end: both mean stop.
            let _ = stopped.await;
        }));
        Ok(Serving { address, stop, task })
    }
}
