//! TLS of the server: its certificate, and the certificates that clients must show.
//!
//! It reads files once, before anyone is let in; rustls does the protocol, with ring. Invariant: what cannot be read, or
//! does not belong together, is an error that names the file. No connection falls back to plain text because of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;

use super::error::{Error, Result};

/// Where the certificates are, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsOptions {
    /// The server's certificate, followed by those that lead to its root.
    pub cert: PathBuf,
    /// The private key of that certificate, which other users of the machine must not be able to read.
    pub key: PathBuf,
    /// The roots of the certificates that clients must show; without it none are asked for.
    pub client_ca: Option<PathBuf>,
}

/// What connections need for TLS.
#[derive(Clone)]
pub(super) struct Tls {
    acceptor: TlsAcceptor,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`Error::TlsFile`], which names the file that is not what it should be.
    pub(super) fn load(options: &TlsOptions) -> Result<Self> {
        let TlsOptions { cert, key, client_ca } = options;
        let provider = Arc::new(ring::default_provider());
        let chain = certificates(cert)?;
        let private = private_key(key)?;
        let versions =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let versions = versions.map_err(|error| wrong(cert, error))?;
        let clients = match client_ca {
            None => versions.with_no_client_auth(),
            Some(path) => versions.with_client_cert_verifier(roots(path, provider)?),
        };
        let config = clients.with_single_cert(chain, private).map_err(|error| {
            wrong(key, format!("it does not belong to the certificate {}: {error}", cert.display()))
        })?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    /// The handshake.
    pub(super) async fn accept(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>> {
        Ok(self.acceptor.accept(stream).await?)
    }
}

fn wrong(path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::TlsFile { path: path.to_path_buf(), reason: reason.to_string() }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).map_err(|error| wrong(path, reason(error)))?;
    let chain =
        read.collect::<std::result::Result<Vec<_>, _>>().map_err(|error| wrong(path, reason(error)))?;
    if chain.is_empty() {
        return Err(wrong(path, "there is no certificate in it"));
    }
    Ok(chain)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>> {
    let key = PrivateKeyDer::from_pem_file(path).map_err(|error| match error {
        pem::Error::NoItemsFound => wrong(path, "there is no private key in it"),
        error => wrong(path, reason(error)),
    })?;
    #[cfg(unix)]
    {
        let held = std::fs::metadata(path).map_err(|error| wrong(path, error))?;
        let mode = std::os::unix::fs::PermissionsExt::mode(&held.permissions());
        // PostgreSQL's rule, less its looking at who owns the file: a group may read it.
        if mode & 0o027 != 0 {
            return Err(wrong(
                path,
                format!("others than its owner may use it (mode {:o}): chmod 600", mode & 0o777),
            ));
        }
    }
    Ok(key)
}

fn roots(
    path: &Path,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn tokio_rustls::rustls::server::danger::ClientCertVerifier>> {
    let mut roots = RootCertStore::empty();
    for root in certificates(path)? {
        roots.add(root).map_err(|error| wrong(path, error))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
    verifier.map(|verifier| verifier as _).map_err(|error| wrong(path, error))
}

fn reason(error: pem::Error) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        error => format!("it is no PEM that can be read: {error:?}"),
    }
}
