//! All settings that there are, one file a kind: their names, types and bounds.
//!
//! To add one: a line here; an effect of its own in [`super::Settings`].

mod client;
mod ours;
mod planner;
mod preset;
mod resources;

use super::definition::Definition;

/// The setting of a name, in whatever case.
pub(super) fn find(name: &str) -> Option<&'static Definition> {
    all().find(|known| known.name.eq_ignore_ascii_case(name))
}

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Definition> {
    let files = [client::SETTINGS, ours::SETTINGS, planner::SETTINGS, preset::SETTINGS, resources::SETTINGS];
    files.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_default_is_a_value_of_its_setting() {
        for known in all() {
            assert_eq!(known.read(known.boot).unwrap(), known.boot, "{}", known.name);
        }
    }
}
