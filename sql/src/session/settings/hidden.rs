//! What `SET LOCAL` hides until the end of the block, which gives it back.

use super::Settings;
use super::assumed::{Assumable, Taken};
use crate::Result;

/// See the module.
#[derive(Clone, Debug)]
pub(in crate::session) enum Hidden {
    /// A setting's value.
    Value(String, Option<String>),
    /// The role that was taken on by a setting.
    Role(Assumable, Option<Taken>),
}

impl Hidden {
    fn name(&self) -> &str {
        match self {
            Self::Value(name, _) => name,
            Self::Role(setting, _) => setting.name(),
        }
    }

    /// Whether both are of one setting.
    pub(in crate::session) fn is_of_same(&self, other: &Self) -> bool {
        self.name().eq_ignore_ascii_case(other.name())
    }
}

impl Settings {
    /// Gives a setting back what SET LOCAL hid.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub(in crate::session) fn bring_back(&mut self, hidden: Hidden) -> Result<()> {
        match hidden {
            Hidden::Value(name, value) => self.set(&name, value.as_deref()),
            Hidden::Role(setting, taken) => {
                self.assumed.bring_back(setting, taken);
                Ok(())
            }
        }
    }
}
