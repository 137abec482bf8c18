//! TLS of the server: its certificate, and the certificates that clients must show.
//!
//! It reads files once, before anyone is let in; rustls does the protocol, with ring. Invariant: what cannot be read, or
//! does not belong together, is an error that names the file. No connection falls back to plain text because of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256, Sha384, Sha512};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;
use x509_cert::Certificate;
use x509_cert::der::oid::db::rfc5912;
use x509_cert::der::{Decode, oid::ObjectIdentifier};

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
    /// What SCRAM binds to the channel; none when the certificate's signature knows no hash.
    end_point: Option<Arc<[u8]>>,
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
        let end_point = chain.first().map(|first| end_point(cert, first)).transpose()?.flatten();
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
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), end_point })
    }

    /// The handshake.
    pub(super) async fn accept(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>> {
        Ok(self.acceptor.accept(stream).await?)
    }

    /// The hash of the certificate that `tls-server-end-point` binds to (RFC 5929).
    pub(super) fn end_point(&self) -> Option<Arc<[u8]>> {
        self.end_point.clone()
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
        // PostgreSQL's rule for keys of root's, whoever owns the file: a group may read it.
        if mode & 0o027 != 0 {
            return Err(wrong(
                path,
                format!(
                    "others than its owner and group may use it, or its group write it (mode {:o}): chmod 600",
                    mode & 0o777
                ),
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

/// The certificate's hash by the function that its signature uses, and by SHA-256 where that is MD5 or SHA-1.
fn end_point(path: &Path, certificate: &CertificateDer<'_>) -> Result<Option<Arc<[u8]>>> {
    let parsed = Certificate::from_der(certificate).map_err(|error| wrong(path, error))?;
    const SHA_256: [ObjectIdentifier; 4] = [
        rfc5912::MD_5_WITH_RSA_ENCRYPTION,
        rfc5912::SHA_1_WITH_RSA_ENCRYPTION,
        rfc5912::SHA_256_WITH_RSA_ENCRYPTION,
        rfc5912::ECDSA_WITH_SHA_256,
    ];
    const SHA_384: [ObjectIdentifier; 2] =
        [rfc5912::SHA_384_WITH_RSA_ENCRYPTION, rfc5912::ECDSA_WITH_SHA_384];
    const SHA_512: [ObjectIdentifier; 2] =
        [rfc5912::SHA_512_WITH_RSA_ENCRYPTION, rfc5912::ECDSA_WITH_SHA_512];
    // Ed25519 and RSA-PSS name no hash that all clients agree on: binding is not offered then.
    let hash = match parsed.signature_algorithm.oid {
        oid if SHA_256.contains(&oid) => Sha256::digest(certificate).to_vec(),
        oid if SHA_384.contains(&oid) => Sha384::digest(certificate).to_vec(),
        oid if SHA_512.contains(&oid) => Sha512::digest(certificate).to_vec(),
        _ => return Ok(None),
    };
    Ok(Some(hash.into()))
}
