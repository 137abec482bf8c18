//! The settings of `muster serve`.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use muster::Options;

use super::{Resolver, ServerSection};
use crate::cli::error::{Error, Result};
use crate::cli::logging::LogFormat;
use crate::cli::size;
use crate::http::HttpOptions;
use crate::wire::{Auth, ServeOptions, TlsOptions};

/// Next to PostgreSQL's own port, so that both can run on one machine.
pub(crate) const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5433);

const MOST_CONNECTIONS: i64 = 100_000;

/// The flags. Each may also be in the environment (MUSTER_LISTEN for --listen) and in `[server]` of the file of --config.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ServerArgs {
    /// Address and port; one that is no loopback address needs a role with a password; 127.0.0.1:5433 unless given
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// How clients show who they are: automatic, as it is unless given, asks for passwords (SCRAM-SHA-256) unless the address is
    /// a loopback address and no role has one
    #[arg(long, value_enum)]
    auth: Option<AuthArg>,
    /// A file with a password for the role postgres, which gets it unless it has one
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// How many clients may be connected at once, 500 unless given; the last three places are for superusers
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MOST_CONNECTIONS))]
    max_connections: Option<u32>,
    /// Offer TLS with this certificate, in PEM, followed by those that lead to its root
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM, which a group may read and nobody else
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Clients must show a certificate that one of these, in PEM, has signed; nobody comes in without TLS then
    #[arg(long, value_name = "FILE")]
    tls_client_ca: Option<PathBuf>,
    /// Turn away sessions without TLS
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    tls_required: Option<bool>,
    /// A folder whose files COPY may read; may be given several times; none unless given
    #[arg(long, value_name = "DIR")]
    copy_dir: Vec<PathBuf>,
    /// Memory for sorting, grouping and joining, such as 512MiB; what needs more is spilled to the disk; half of
    /// the machine's unless given
    #[arg(long, value_name = "SIZE", value_parser = Size::parse)]
    memory_limit: Option<Size>,
    /// Memory for decoded columns, such as 512MiB; 64MiB unless given. Single rows of what does not fit are read from files
    #[arg(long, value_name = "SIZE", value_parser = Size::parse)]
    cache_size: Option<Size>,
    /// A folder, for this database alone, that statements spill to; `temp` in the database's folder unless given
    #[arg(long, value_name = "DIR")]
    temp_dir: Option<PathBuf>,
    /// Address and port for /metrics, /healthz and /readyz over HTTP; one that is no loopback address needs --http-token-file; off
    /// unless given
    #[arg(long, value_name = "ADDRESS:PORT")]
    http_listen: Option<SocketAddr>,
    /// A file with a token that /metrics is to be asked with (Authorization: Bearer ...)
    #[arg(long, value_name = "FILE")]
    http_token_file: Option<PathBuf>,
    /// Log statements that take at least so long: milliseconds, or a time such as 2s; none unless given
    #[arg(long, value_name = "MS", value_parser = Time::parse)]
    log_min_duration: Option<Time>,
    /// How the log is written, to standard error; text unless given. What is logged says MUSTER_LOG: warn unless set
    #[arg(long, value_enum)]
    log_format: Option<LogFormat>,
}

/// What a server is started with.
#[derive(Clone)]
pub(crate) struct ServerSettings {
    pub(crate) serve: ServeOptions,
    pub(crate) http: Option<HttpOptions>,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) log_format: LogFormat,
    copy_dirs: Vec<PathBuf>,
    memory_limit: Option<usize>,
    cache_bytes: Option<usize>,
    temp_dir: Option<PathBuf>,
    log_min_duration: Option<Duration>,
}

/// See `--auth`.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum AuthArg {
    #[default]
    Automatic,
    Trust,
    Scram,
}

impl From<AuthArg> for Auth {
    fn from(arg: AuthArg) -> Self {
        match arg {
            AuthArg::Automatic => Self::Automatic,
            AuthArg::Trust => Self::Trust,
            AuthArg::Scram => Self::Scram,
        }
    }
}

impl fmt::Display for AuthArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&word(self))
    }
}

/// A number of bytes, told as it was written.
#[derive(Clone, Debug)]
struct Size {
    bytes: usize,
    written: String,
}

impl Size {
    fn parse(text: &str) -> std::result::Result<Self, String> {
        Ok(Self { bytes: size::parse(text)?, written: text.to_string() })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// A time, in milliseconds unless a unit is written.
#[derive(Clone, Debug)]
struct Time {
    /// `None` for one that never passes.
    time: Option<Duration>,
    written: String,
}

impl Time {
    fn parse(text: &str) -> std::result::Result<Self, String> {
        let time = match text.trim() {
            "off" => None,
            text => Some(match text.parse() {
                Ok(milliseconds) => Duration::from_millis(milliseconds),
                Err(_) => muster::parse_duration(text).map_err(|_| {
                    "write milliseconds, a time such as 250ms, 2s or 1min, or off".to_string()
                })?,
            }),
        };
        Ok(Self { time, written: text.to_string() })
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// A choice as it is written.
pub(crate) fn word<T: ValueEnum>(choice: &T) -> String {
    choice.to_possible_value().map(|value| value.get_name().to_string()).unwrap_or_default()
}

/// Reads a choice.
fn choice<T: ValueEnum>(text: &str) -> std::result::Result<T, String> {
    T::from_str(text, false).map_err(|_| {
        let words: Vec<String> = T::value_variants().iter().map(word).collect();
        format!("\"{text}\" is none of {}", words.join(", "))
    })
}

fn parsed<T: std::str::FromStr>(what: &'static str) -> impl Fn(&str) -> std::result::Result<T, String> {
    move |text| text.parse().map_err(|_| format!("\"{text}\" is no {what}"))
}

fn flag(text: &str) -> std::result::Result<bool, String> {
    match text {
        "true" | "on" | "yes" | "1" => Ok(true),
        "false" | "off" | "no" | "0" => Ok(false),
        other => Err(format!("\"{other}\" is neither true nor false")),
    }
}

fn connections(text: &str) -> std::result::Result<u32, String> {
    let number: i64 = parsed("number")(text)?;
    let number = Some(number).filter(|number| (1..=MOST_CONNECTIONS).contains(number));
    let number = number.and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| format!("\"{text}\" is not from 1 to {MOST_CONNECTIONS}"))
}

impl ServerArgs {
    /// What the flags, the environment and the file say.
    ///
    /// # Errors
    /// What cannot be read; settings that cannot be together.
    pub(crate) fn resolve(self, file: ServerSection, of: &mut Resolver<'_>) -> Result<ServerSettings> {
        let address = "address with a port";
        let listen =
            of.value("listen", self.listen, file.listen, &DEFAULT_LISTEN.to_string(), parsed(address))?;
        let auth = of.value("auth", self.auth, file.auth, "automatic", choice)?;
        let password_file = of.path("password_file", self.password_file, file.password_file, "none")?;
        let most =
            of.value("max_connections", self.max_connections, file.max_connections, "500", connections)?;
        let cert = of.path("tls_cert", self.tls_cert, file.tls_cert, "none")?;
        let key = of.path("tls_key", self.tls_key, file.tls_key, "none")?;
        let client_ca = of.path("tls_client_ca", self.tls_client_ca, file.tls_client_ca, "none")?;
        let tls_required = of.value("tls_required", self.tls_required, file.tls_required, "false", flag)?;
        let copy_dirs = of.paths("copy_dir", self.copy_dir, file.copy_dir, "none")?;
        let half = "half of the machine's memory";
        let memory_limit =
            of.value("memory_limit", self.memory_limit, file.memory_limit, half, Size::parse)?;
        let cache_size = of.value("cache_size", self.cache_size, file.cache_size, "64MiB", Size::parse)?;
        let own = "temp in the database's folder";
        let temp_dir = of.path("temp_dir", self.temp_dir, file.temp_dir, own)?;
        let http_listen =
            of.value("http_listen", self.http_listen, file.http_listen, "off", parsed(address))?;
        let token_file = of.path("http_token_file", self.http_token_file, file.http_token_file, "none")?;
        let (slow, slow_in_file) = (self.log_min_duration, file.log_min_duration);
        let slow = of.value("log_min_duration", slow, slow_in_file, "none", Time::parse)?;
        let log_format = of.value("log_format", self.log_format, file.log_format, "text", choice)?;
        let tls = match (cert, key) {
            (Some(cert), Some(key)) => Some(TlsOptions { cert, key, client_ca }),
            (None, None) if client_ca.is_none() && tls_required != Some(true) => None,
            (None, None) => return Err(usage("tls_client_ca and tls_required need tls_cert and tls_key")),
            (Some(_), None) => return Err(usage("tls_cert needs tls_key")),
            (None, Some(_)) => return Err(usage("tls_key needs tls_cert")),
        };
        let http = match (http_listen, token_file) {
            (Some(listen), file) => {
                Some(HttpOptions { listen, token: file.as_deref().map(token).transpose()? })
            }
            (None, None) => None,
            (None, Some(_)) => return Err(usage("http_token_file needs http_listen")),
        };
        let default = ServeOptions::new(listen.unwrap_or(DEFAULT_LISTEN));
        let serve = ServeOptions {
            auth: auth.unwrap_or_default().into(),
            max_connections: most.map_or(default.max_connections, |most| most as usize),
            tls,
            tls_required: tls_required.unwrap_or_default(),
            ..default
        };
        Ok(ServerSettings {
            serve,
            http,
            password_file,
            log_format: log_format.unwrap_or_default(),
            copy_dirs,
            memory_limit: memory_limit.map(|size| size.bytes),
            cache_bytes: cache_size.map(|size| size.bytes),
            temp_dir,
            log_min_duration: slow.and_then(|slow| slow.time),
        })
    }
}

impl ServerSettings {
    /// How the database is opened.
    pub(crate) fn options(&self) -> Options {
        Options {
            copy_dirs: Some(self.copy_dirs.clone()),
            memory_limit: self.memory_limit,
            cache_bytes: self.cache_bytes,
            temp_dir: self.temp_dir.clone(),
            log_min_duration: self.log_min_duration,
            ..Options::default()
        }
    }
}

fn usage(message: &str) -> Error {
    Error::Usage { message: message.to_string() }
}

/// The token in a file, which may end with a line's end.
fn token(path: &Path) -> Result<String> {
    let failed = |source| Error::File { action: "read", path: path.to_path_buf(), source };
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let token = text.trim_end_matches(['\r', '\n']);
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::Usage { message: format!("there is no token of plain characters in {path:?}") });
    }
    Ok(token.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str) -> Result<ServerSettings> {
        let file = toml::from_str(text).map_err(|error| usage(&error.to_string()))?;
        let nothing = |_: &str| None;
        ServerArgs::default().resolve(file, &mut Resolver::new(Some(Path::new("/etc/m.toml")), &nothing))
    }

    #[test]
    fn a_file_says_all_that_flags_say() {
        let settings = resolve(
            "listen = \"127.0.0.1:7\"\nauth = \"trust\"\nmax_connections = 20\ncopy_dir = [\"/srv\"]\nmemory_limit = \"1GiB\"\n\
             cache_size = 1000\ntemp_dir = \"t\"\nhttp_listen = \"127.0.0.1:8\"\nlog_min_duration = \"2s\"\nlog_format = \"json\"\n\
             tls_cert = \"c\"\ntls_key = \"k\"\ntls_required = true\npassword_file = \"p\"",
        )
        .unwrap();
        assert_eq!(settings.serve.listen, "127.0.0.1:7".parse().unwrap());
        assert_eq!((settings.serve.auth, settings.serve.max_connections), (Auth::Trust, 20));
        assert!(settings.serve.tls_required && settings.serve.tls.is_some() && settings.http.is_some());
        let options = settings.options();
        assert_eq!((options.memory_limit, options.cache_bytes), (Some(1 << 30), Some(1000)));
        assert_eq!(options.log_min_duration, Some(Duration::from_secs(2)));
        assert_eq!(options.temp_dir, Some(PathBuf::from("/etc/t")));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (text, word) in [
            ("lisen = \"127.0.0.1:7\"", "unknown field `lisen`"),
            ("listen = 5433", "is no address with a port"),
            ("max_connections = 0", "is not from 1 to 100000"),
            ("auth = \"none\"", "is none of automatic, trust, scram"),
            ("tls_cert = \"c\"", "tls_cert needs tls_key"),
            ("tls_required = true", "need tls_cert and tls_key"),
            ("tls_required = \"maybe\"", "neither true nor false"),
            ("http_token_file = \"t\"", "http_token_file needs http_listen"),
            ("http_listen = \"127.0.0.1:8\"\nhttp_token_file = \"nowhere\"", "cannot read"),
            ("log_min_duration = \"soon\"", "write milliseconds"),
            ("memory_limit = [\"1\"]", "not a list"),
            ("copy_dir = \"\"", "it is empty"),
        ] {
            let said = resolve(text).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(said.contains(word), "{text}: {said}");
        }
    }
}
