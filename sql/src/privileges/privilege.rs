//! What can be granted, and sets of it, as PostgreSQL writes them: a letter each.

use std::fmt;

/// A privilege.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Privilege {
    Insert,
    Select,
    Update,
    Delete,
    Truncate,
    References,
    Trigger,
    Usage,
    Create,
    Temporary,
    Connect,
}

impl Privilege {
    /// All of them, in PostgreSQL's order, with the letter and the word for each.
    const ALL: [(Self, char, &str); 11] = [
        (Self::Insert, 'a', "INSERT"),
        (Self::Select, 'r', "SELECT"),
        (Self::Update, 'w', "UPDATE"),
        (Self::Delete, 'd', "DELETE"),
        (Self::Truncate, 'D', "TRUNCATE"),
        (Self::References, 'x', "REFERENCES"),
        (Self::Trigger, 't', "TRIGGER"),
        (Self::Usage, 'U', "USAGE"),
        (Self::Create, 'C', "CREATE"),
        (Self::Temporary, 'T', "TEMPORARY"),
        (Self::Connect, 'c', "CONNECT"),
    ];

    /// The privilege of that word, in any case.
    pub(crate) fn named(word: &str) -> Option<Self> {
        let word = if word.eq_ignore_ascii_case("TEMP") { "TEMPORARY" } else { word };
        let found = Self::ALL.iter().find(|(_, _, known)| known.eq_ignore_ascii_case(word));
        found.map(|(privilege, _, _)| *privilege)
    }

    /// Its word.
    pub(crate) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(known, _, _)| *known == self).map_or("", |(_, _, word)| word)
    }
}

/// A set of privileges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Privileges(u16);

impl Privileges {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn of(privileges: &[Privilege]) -> Self {
        let (mut bits, mut rest) = (0, privileges);
        while let [first, others @ ..] = rest {
            bits |= 1 << *first as u16;
            rest = others;
        }
        Self(bits)
    }

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What both have.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn has(self, privilege: Privilege) -> bool {
        self.0 & (1 << privilege as u16) != 0
    }

    pub(crate) const fn has_all(self, wanted: Self) -> bool {
        self.0 & wanted.0 == wanted.0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Each of them, in PostgreSQL's order.
    pub(crate) fn iter(self) -> impl Iterator<Item = Privilege> {
        Privilege::ALL.into_iter().map(|(privilege, _, _)| privilege).filter(move |known| self.has(*known))
    }

    /// Reads `arw*d`: the privileges, and of which of them others may be given.
    pub(crate) fn read(letters: &str) -> Option<(Self, Self)> {
        let (mut granted, mut options) = (Self::NONE, Self::NONE);
        let mut last = Self::NONE;
        for letter in letters.chars() {
            if letter == '*' {
                options = options.with(last);
                continue;
            }
            let (known, _, _) = Privilege::ALL.iter().find(|(_, known, _)| *known == letter)?;
            last = Self::of(&[*known]);
            granted = granted.with(last);
        }
        Some((granted, options))
    }

    /// Writes them as [`Self::read`] reads them.
    pub(crate) fn written(self, options: Self) -> String {
        let mut letters = String::new();
        for (privilege, letter, _) in Privilege::ALL {
            if self.has(privilege) {
                letters.push(letter);
                if options.has(privilege) {
                    letters.push('*');
                }
            }
        }
        letters
    }
}

impl From<Privilege> for Privileges {
    fn from(privilege: Privilege) -> Self {
        Self::of(&[privilege])
    }
}

impl fmt::Display for Privileges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written(Self::NONE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_come_back() {
        for letters in ["", "r", "ar*wdDxt", "UC", "CTc", "r*w*U*"] {
            let (granted, options) = Privileges::read(letters).unwrap();
            assert_eq!(granted.written(options), letters);
        }
        assert_eq!(Privileges::read("z"), None);
        assert_eq!(Privilege::named("temp"), Some(Privilege::Temporary));
        assert_eq!(Privilege::named("fly"), None);
    }
}
