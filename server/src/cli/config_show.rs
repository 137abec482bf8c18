//! `muster config show`: each setting of a server, its value, and where that comes from.
//!
//! It opens nothing. Invariant: no password and no key is shown, only where one would be read.

use clap::{Args, Subcommand};

use super::error::{Error, Result};
use super::open::DataArg;
use super::settings::{Resolver, ServerArgs, Shown, Source};

/// Arguments of `muster config`.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show each setting, its value and where it comes from; takes the flags of muster serve
    Show(ShowArgs),
}

#[derive(Debug, Args)]
struct ShowArgs {
    #[command(flatten)]
    data: DataArg,
    #[command(flatten)]
    server: ServerArgs,
}

/// What stands for what is not shown.
const HIDDEN: &str = "(not shown)";

/// Shows them.
///
/// # Errors
/// As a start of the server with the same settings, as far as they are at fault.
pub(crate) fn run(args: ConfigArgs) -> Result<()> {
    let What::Show(ShowArgs { data, server }) = args.what;
    let mut file = data.file()?;
    let variables = |name: &str| std::env::var_os(name);
    let path = file.path.clone();
    let mut resolver = Resolver::new(path.as_deref(), &variables);
    data.resolve(&file, &mut resolver)?;
    server.resolve(std::mem::take(&mut file.config.server), &mut resolver)?;
    let of_file = resolver.of_file();
    for (name, default) in [
        ("playbook_max_distance", "0.15"),
        ("embedding_cache.memory", "64MiB"),
        ("embedding_cache.disk", "1GiB"),
    ] {
        if lookup(&file.table, name).is_none() {
            resolver.show(name, default.to_string(), Source::Default);
        }
    }
    for (name, value) in &file.table {
        if !matches!(name.as_str(), "data" | "server") {
            flatten(name, value, &mut |name, value| resolver.show(&name, value, of_file.clone()));
        }
    }
    write(&resolver.into_shown())
}

fn lookup<'a>(table: &'a toml::Table, name: &str) -> Option<&'a toml::Value> {
    match name.split_once('.') {
        Some((first, rest)) => table.get(first)?.as_table().and_then(|table| lookup(table, rest)),
        None => table.get(name),
    }
}

/// The values of a table, each with its whole name.
fn flatten(name: &str, value: &toml::Value, each: &mut dyn FnMut(String, String)) {
    match value {
        toml::Value::Table(table) => {
            for (inner, value) in table {
                flatten(&format!("{name}.{inner}"), value, each);
            }
        }
        value => {
            let text = text(value);
            each(name.to_string(), if is_secret(name, &text) { HIDDEN.to_string() } else { text });
        }
    }
}

fn text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        toml::Value::Datetime(moment) => moment.to_string(),
        toml::Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join(", "),
        toml::Value::Table(_) => String::new(),
    }
}

/// Whether a value may be a secret rather than where one is: by its name, or a URL with a password in it.
fn is_secret(name: &str, value: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let names = ["key", "password", "secret", "token"];
    let named =
        names.iter().any(|word| last.contains(word)) && !last.ends_with("_file") && !last.ends_with("_env");
    let authority = value.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or(rest));
    named || authority.is_some_and(|authority| authority.contains('@'))
}

fn write(shown: &[Shown]) -> Result<()> {
    let width =
        |of: fn(&Shown) -> &str| shown.iter().map(|shown| of(shown).chars().count()).max().unwrap_or(0);
    let (names, values) = (width(|shown| &shown.name), width(|shown| &shown.value));
    let mut text = String::new();
    for Shown { name, value, source } in shown {
        text.push_str(&format!("{name:names$}  {value:values$}  {source}\n"));
    }
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes()).map_err(Error::output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_their_names_and_by_urls() {
        for (name, value, secret) in [
            ("embedders.a.api_key", "abc", true),
            ("embedders.a.api_key_file", "key.txt", false),
            ("embedders.a.api_key_env", "OPENAI_API_KEY", false),
            ("embedders.a.url", "http://127.0.0.1:11434", false),
            ("embedders.a.url", "https://me:pw@host/v1", true),
        ] {
            assert_eq!(is_secret(name, value), secret, "{name}");
        }
    }
}
