//! Where the shell remembers its lines between runs.

use std::path::PathBuf;

/// Lines that are remembered.
pub(super) const LINES: usize = 5_000;

/// The history file, its folder made: under `XDG_STATE_HOME`, else `~/.local/state`.
///
/// `None` where there is neither or the folder cannot be made: then nothing is remembered, and the
/// shell works all the same.
pub(super) fn file() -> Option<PathBuf> {
    let folder = folder(|name| std::env::var_os(name).map(PathBuf::from))?;
    if let Err(error) = std::fs::create_dir_all(&folder) {
        tracing::warn!("no history will be kept: cannot make {folder:?}: {error}");
        return None;
    }
    Some(folder.join("history"))
}

/// The folder, by environment variables; relative ones are void, as XDG says.
fn folder(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
    let state =
        absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local").join("state")))?;
    Some(state.join("muster"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_folder_comes_before_home_and_relative_paths_are_void() {
        let with = |state: &'static str, home: &'static str| {
            folder(move |name| {
                let value = if name == "HOME" { home } else { state };
                (!value.is_empty()).then(|| PathBuf::from(value))
            })
        };
        assert_eq!(with("/state", "/home/a"), Some("/state/muster".into()));
        assert_eq!(with("", "/home/a"), Some("/home/a/.local/state/muster".into()));
        assert_eq!(with("state", "/home/a"), Some("/home/a/.local/state/muster".into()));
        assert_eq!(with("", ""), None);
    }
}
