//! Reaching a server as a client: what a URL or an address says, with a password and TLS.
//!
//! tokio-postgres speaks the protocol, rustls does TLS. As with libpq, `sslmode=require` encrypts and believes any
//! certificate; `sslmode=verify-full` with `sslrootcert` believes only one for that host that the root has signed.
//! Invariant: what is asked of TLS and cannot be had is refused, never left out.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    self, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme, client,
};

use super::error::{Error, Result};
use super::serve::reachable;

/// Where libpq's clients look for a password that is not in the URL.
const PASSWORD: &str = "PGPASSWORD";

/// The stream of an encrypted connection.
type Encrypted = <MakeRustlsConnect as tokio_postgres::tls::MakeTlsConnect<Socket>>::Stream;

/// A server, and how it is reached.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) config: Config,
    tls: MakeRustlsConnect,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Target {
    /// What a URL says, as `postgres://user:password@host:port/database?sslmode=require`.
    ///
    /// # Errors
    /// [`Error::Usage`] for a URL that is none, [`Error::File`] for a root that cannot be read.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let usage = |reason: String| Error::Usage {
            message: format!("--url: {reason}; write postgres://user@host:port/database"),
        };
        let (url, verification) = verification(url).map_err(usage)?;
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            usage(format!("{error}{}", cause.unwrap_or_default()))
        })?;
        if verification.is_some() {
            config.ssl_mode(SslMode::Require);
        }
        Self::new(config, verification.as_deref())
    }

    /// The server that has a database of this machine open.
    pub(crate) fn local(address: SocketAddr) -> Result<Self> {
        let mut config = Config::new();
        let address = reachable(address);
        config.host(address.ip().to_string()).port(address.port()).user("postgres").dbname("muster");
        config.application_name("muster");
        Self::new(config, None)
    }

    fn new(mut config: Config, root: Option<&Path>) -> Result<Self> {
        if let (None, Ok(password)) = (config.get_password(), std::env::var(PASSWORD)) {
            config.password(password);
        }
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match root {
            Some(path) => verifier_by(path, provider.clone())?,
            None => Arc::new(AnyCertificate(provider.clone())),
        };
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let versions = versions.map_err(|error| Error::Usage { message: error.to_string() })?;
        let client = versions.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        Ok(Self { config, tls: MakeRustlsConnect::new(client) })
    }

    /// A session, and what drives it.
    ///
    /// # Errors
    /// When there is none to be had.
    pub(crate) async fn connect(
        &self,
    ) -> std::result::Result<(Client, Connection<Socket, Encrypted>), tokio_postgres::Error> {
        self.config.connect(self.tls.clone()).await
    }
}

/// Takes `sslmode=verify-full` and `sslrootcert=FILE`, which tokio-postgres does not know, out of a URL.
fn verification(url: &str) -> std::result::Result<(String, Option<PathBuf>), String> {
    let Some((before, options)) = url.split_once('?') else { return Ok((url.to_owned(), None)) };
    let (mut others, mut full, mut root) = (Vec::new(), false, None);
    for option in options.split('&') {
        match option.split_once('=') {
            Some(("sslmode", "verify-full")) => full = true,
            Some(("sslmode", mode @ ("verify-ca" | "allow"))) => {
                return Err(format!(
                    "sslmode={mode} is not supported (disable, prefer, require and verify-full are)"
                ));
            }
            Some(("sslrootcert", path)) => root = Some(PathBuf::from(path)),
            Some((name @ ("sslcert" | "sslkey"), _)) => return Err(format!("{name} is not supported")),
            _ => others.push(option),
        }
    }
    match (full, &root) {
        (true, None) => return Err("sslmode=verify-full needs sslrootcert=FILE".to_owned()),
        (false, Some(_)) => return Err("sslrootcert needs sslmode=verify-full".to_owned()),
        _ => {}
    }
    Ok((format!("{before}?{}", others.join("&")), root))
}

fn verifier_by(path: &Path, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    let wrong = |reason: String| Error::Usage { message: format!("sslrootcert {path:?}: {reason}") };
    let mut roots = RootCertStore::empty();
    let read = CertificateDer::pem_file_iter(path).map_err(|error| wrong(format!("{error:?}")))?;
    for root in read {
        let root = root.map_err(|error| wrong(format!("{error:?}")))?;
        roots.add(root).map_err(|error| wrong(error.to_string()))?;
    }
    let verifier = client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    verifier.map(|verifier| verifier as _).map_err(|error| wrong(error.to_string()))
}

/// Believes any certificate, as `sslmode=require` of libpq does: nobody who only listens learns anything.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_how_certificates_are_verified() {
        let url = "postgres://ann@h/muster";
        assert_eq!(verification(url).unwrap(), (url.to_owned(), None));
        let (rest, root) =
            verification(&format!("{url}?sslmode=verify-full&sslrootcert=/ca.pem&options=x")).unwrap();
        assert_eq!(
            (rest.as_str(), root),
            ("postgres://ann@h/muster?options=x", Some(PathBuf::from("/ca.pem")))
        );
        for wrong in
            ["sslmode=verify-full", "sslrootcert=f", "sslmode=verify-ca", "sslcert=f", "sslmode=allow"]
        {
            assert!(verification(&format!("{url}?{wrong}")).is_err(), "{wrong}");
        }
        assert!(Target::parse(&format!("{url}?sslmode=require&application_name=b")).is_ok());
        assert!(matches!(Target::parse(&format!("{url}?sslmode=much")), Err(Error::Usage { .. })));
    }
}
