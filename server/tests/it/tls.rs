//! TLS, with certificates made for the test: whom the server lets in, whom clients believe, and what stops the start.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use muster_server::wire::{ServeOptions, TlsOptions};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use crate::raw::{Message, Raw, startup};
use crate::server::{Serving, any_port, muster, serving, serving_with, wait};

/// Files of a root, of a server's certificate that it has signed for localhost, and of a client's.
pub(crate) struct Certificates(TempDir);

impl Certificates {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, "a root");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let made = Self(folder);
        made.write("root.pem", &root.pem());
        for (name, host) in [("server", "localhost"), ("client", "ann"), ("other", "localhost")] {
            let key = KeyPair::generate().unwrap();
            let certificate = CertificateParams::new([host.to_string(), "127.0.0.1".to_string()]).unwrap();
            let certificate = certificate.signed_by(&key, &root).unwrap();
            made.write(&format!("{name}.pem"), &certificate.pem());
            made.write(&format!("{name}.key"), &key.serialize_pem());
        }
        made
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_string()
    }

    pub(crate) fn options(&self) -> ServeOptions {
        let tls = TlsOptions { cert: self.path("server.pem"), key: self.path("server.key"), client_ca: None };
        ServeOptions { tls: Some(tls), ..ServeOptions::new(any_port()) }
    }
}

fn with_tls<T: Future<Output = ()>>(required: bool, test: impl FnOnce(Serving, Certificates) -> T) {
    let certificates = Certificates::new();
    let options = ServeOptions { tls_required: required, ..certificates.options() };
    serving_with(options, |server| test(server, certificates));
}

/// psql's answer to a connection string, which comes after the address; `None` where there is no psql.
pub(crate) async fn psql(address: SocketAddr, options: &str, sql: &str) -> Option<Output> {
    let mut command = Command::new("psql");
    let port = address.port();
    command.args(["-X", "-A", "-t", "-c", sql, "-d"]);
    command.arg(format!("host=localhost hostaddr=127.0.0.1 port={port} user=ann dbname=muster {options}"));
    command.env("PGCONNECT_TIMEOUT", "30").env("LC_ALL", "C.UTF-8").env("HOME", "/nonexistent");
    match tokio::task::spawn_blocking(move || command.output()).await.unwrap() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("psql is not installed: this test is skipped");
            None
        }
        Err(error) => panic!("psql could not be run: {error}"),
    }
}

pub(crate) fn told(output: &Output) -> (bool, String) {
    let text = if output.status.success() { &output.stdout } else { &output.stderr };
    (output.status.success(), String::from_utf8_lossy(text).trim().to_string())
}

#[test]
fn psql_encrypts_and_verifies() {
    with_tls(false, |server, certificates| async move {
        let root = certificates.text("root.pem");
        for options in [
            "sslmode=disable".to_string(),
            "sslmode=prefer".to_string(),
            "sslmode=require".to_string(),
            format!("sslmode=verify-full sslrootcert={root}"),
        ] {
            let Some(output) = psql(server.address, &options, "SELECT 41 + 1").await else { return };
            assert_eq!(told(&output), (true, "42".to_string()), "{options}");
        }
        // Nobody who is not the host that the client means is believed.
        let stranger = certificates.text("other.pem");
        let stranger = format!("sslmode=verify-full sslrootcert={stranger}");
        let (worked, complaint) = told(&psql(server.address, &stranger, "SELECT 1").await.unwrap());
        assert!(!worked && complaint.contains("certificate verify failed"), "{complaint}");
        // More than one record of TLS, both ways.
        let long = "SELECT length('LONG'), repeat('x', 200000) || ' '".replace("LONG", &"y".repeat(100_000));
        let (worked, answer) = told(&psql(server.address, "sslmode=require", &long).await.unwrap());
        assert!(worked && answer.starts_with("100000|xxx") && answer.len() == 200_007, "{}", answer.len());
    });
}

#[test]
fn the_command_line_verifies_as_its_url_says() {
    with_tls(true, |server, certificates| async move {
        let (root, stranger) = (certificates.text("root.pem"), certificates.text("other.pem"));
        let port = server.address.port();
        // An empty corpus is told of after the connection was made.
        for (options, expected) in [
            ("sslmode=require".to_string(), "finds 0 rows"),
            (format!("sslmode=verify-full&sslrootcert={root}"), "finds 0 rows"),
            (format!("sslmode=verify-full&sslrootcert={stranger}"), "invalid peer certificate"),
            ("sslmode=disable".to_string(), "encrypted connections only"),
            ("sslmode=verify-ca".to_string(), "sslmode=verify-ca is not supported"),
        ] {
            let mut command = muster();
            let url = format!("postgres://ann@localhost:{port}/muster?{options}");
            command.args(["bench", "multitier", "--duration", "1s", "--concurrency", "1", "--url", &url]);
            let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
            let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && complaint.contains(expected), "{options}: {complaint}");
        }
    });
}

#[test]
fn where_tls_is_required_nobody_else_comes_in() {
    with_tls(true, |server, _certificates| async move {
        let mut raw = Raw::open(server.address).await;
        raw.send(&[startup(&[("user", "ann"), ("database", "muster")])]).await;
        let refused = raw.answer().await.unwrap();
        assert_eq!((refused.sqlstate().as_str(), refused.field(b'S').unwrap().as_str()), ("28000", "FATAL"));
        assert!(raw.answer().await.is_none());
        let Some(output) = psql(server.address, "sslmode=require", "SELECT 1").await else { return };
        assert_eq!(told(&output), (true, "1".to_string()));
        let (worked, complaint) = told(&psql(server.address, "sslmode=disable", "SELECT 1").await.unwrap());
        assert!(!worked && complaint.contains("encrypted connections only"), "{complaint}");
    });
}

#[test]
fn without_a_certificate_encryption_is_declined() {
    serving(|server| async move {
        let Some(output) = psql(server.address, "sslmode=require", "SELECT 1").await else { return };
        let (worked, complaint) = told(&output);
        assert!(!worked && complaint.contains("server does not support SSL"), "{complaint}");
    });
}

#[test]
fn what_is_sent_before_the_handshake_is_not_taken_for_encrypted() {
    with_tls(false, |server, _certificates| async move {
        let mut raw = Raw::open(server.address).await;
        let start = startup(&[("user", "ann"), ("database", "muster")]);
        raw.send(&[Message::untyped(80_877_103).done(), start]).await;
        assert_eq!(raw.stream.read_u8().await.unwrap(), b'S');
        assert_eq!(raw.answer().await.unwrap().sqlstate(), "08P01");
        assert!(raw.answer().await.is_none());
        // What is no handshake ends the connection, and GSSAPI is declined beside TLS.
        let mut raw = Raw::open(server.address).await;
        raw.send(&[Message::untyped(80_877_104).done()]).await;
        assert_eq!(raw.stream.read_u8().await.unwrap(), b'N');
        raw.send(&[Message::untyped(80_877_103).done()]).await;
        assert_eq!(raw.stream.read_u8().await.unwrap(), b'S');
        raw.send(&[startup(&[("user", "ann"), ("database", "muster")])]).await;
        let mut rest = Vec::new();
        raw.stream.read_to_end(&mut rest).await.unwrap_or_default();
        assert!(!rest.contains(&b'Z'), "{rest:?}");
        assert_eq!(Raw::connect(server.address).await.rows("SELECT 1").await, [["1"]]);
    });
}

#[test]
fn clients_show_a_certificate_where_a_root_of_theirs_is_given() {
    let certificates = Certificates::new();
    let mut options = certificates.options();
    options.tls.as_mut().unwrap().client_ca = Some(certificates.path("root.pem"));
    serving_with(options, |server| async move {
        let shown = |name: &str| {
            let (cert, key) =
                (certificates.text(&format!("{name}.pem")), certificates.text(&format!("{name}.key")));
            format!("sslmode=require sslcert={cert} sslkey={key}")
        };
        let Some(output) = psql(server.address, &shown("client"), "SELECT 1").await else { return };
        assert_eq!(told(&output), (true, "1".to_string()));
        let strangers = Certificates::new();
        let (cert, key) = (strangers.text("client.pem"), strangers.text("client.key"));
        for options in [
            "sslmode=require".to_string(),
            format!("sslmode=require sslcert={cert} sslkey={key}"),
            "sslmode=disable".to_string(),
        ] {
            let (worked, complaint) = told(&psql(server.address, &options, "SELECT 1").await.unwrap());
            assert!(!worked, "{options}: {complaint}");
        }
    });
}

/// What `muster serve` complains of when it does not start.
pub(crate) fn complaint(data: &Path, arguments: &[&str]) -> String {
    let mut server = muster();
    server.arg("serve").arg("--data").arg(data).args(arguments);
    if !arguments.contains(&"--listen") {
        server.args(["--listen", "127.0.0.1:0"]);
    }
    let mut server = server.spawn().unwrap();
    assert!(!wait(&mut server).success(), "{arguments:?}");
    let mut complaint = String::new();
    std::io::Read::read_to_string(&mut server.stderr.take().unwrap(), &mut complaint).unwrap();
    complaint
}

#[test]
fn what_cannot_be_used_for_tls_stops_the_start_and_is_named() {
    let certificates = Certificates::new();
    let folder = tempfile::tempdir().unwrap();
    certificates.write("garbage.pem", "no certificate at all");
    certificates.write("cut.pem", &fs::read_to_string(certificates.path("server.pem")).unwrap()[..120]);
    let wrong = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    certificates.write("wrong.pem", wrong);
    certificates.write("open.key", &fs::read_to_string(certificates.path("server.key")).unwrap());
    fs::set_permissions(certificates.path("open.key"), fs::Permissions::from_mode(0o644)).unwrap();
    for (cert, key, ca, named) in [
        ("missing.pem", "server.key", None, "missing.pem"),
        ("garbage.pem", "server.key", None, "garbage.pem"),
        ("cut.pem", "server.key", None, "cut.pem"),
        ("wrong.pem", "server.key", None, "wrong.pem"),
        ("server.pem", "missing.key", None, "missing.key"),
        ("server.pem", "garbage.pem", None, "garbage.pem"),
        ("server.pem", "other.key", None, "other.key"),
        ("server.pem", "open.key", None, "open.key"),
        ("server.pem", "server.key", Some("missing.pem"), "missing.pem"),
        ("server.pem", "server.key", Some("garbage.pem"), "garbage.pem"),
        ("server.pem", "server.key", Some("wrong.pem"), "wrong.pem"),
    ] {
        let (cert, key) = (certificates.text(cert), certificates.text(key));
        let ca = ca.map(|name| certificates.text(name));
        let mut arguments = vec!["--tls-cert", &cert, "--tls-key", &key];
        arguments.extend(ca.iter().flat_map(|ca| ["--tls-client-ca", ca.as_str()]));
        let complaint = complaint(folder.path(), &arguments);
        assert!(complaint.contains(named) && complaint.contains("TLS"), "{arguments:?}: {complaint}");
    }
    let complaint = complaint(folder.path(), &["--tls-required"]);
    assert!(complaint.contains("tls_cert"), "{complaint}");
}
