//! How a text travels as SMS: its encoding, and the segments that it takes.
//!
//! The alphabet is 3GPP TS 23.038's default one with its extension table, without national tables. Invariant: a segment never ends
//! between the two septets of an extension character, nor between the two units of a surrogate pair.

/// The default alphabet's characters that are not printable ASCII of the same meaning.
const OTHERS: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";

/// The extension table: an escape, then a character.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// A segment's septets: alone, and among several, where a header takes seven.
const SEPTETS: (usize, usize) = (160, 153);

/// A segment's 16-bit units: alone, and among several.
const UNITS: (usize, usize) = (70, 67);

/// The encoding of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Seven bits a character; the extension table's take two.
    Gsm7,
    /// Sixteen bits a character, two of these beyond the basic plane.
    Ucs2 {
        /// The first character that GSM-7 does not have.
        forced_by: char,
    },
}

impl Encoding {
    /// The encoding that a text needs.
    pub(super) fn of(text: &str) -> Self {
        text.chars().find(|c| septets(*c).is_none()).map_or(Self::Gsm7, |forced_by| Self::Ucs2 { forced_by })
    }

    /// How many segments a text takes in this encoding.
    pub(super) fn segments(self, text: &str) -> usize {
        match self {
            Self::Gsm7 => segments(text.chars().map(|c| septets(c).unwrap_or(1)), SEPTETS),
            Self::Ucs2 { .. } => segments(text.chars().map(char::len_utf16), UNITS),
        }
    }
}

/// The septets of a character; `None` for one that GSM-7 does not have.
fn septets(c: char) -> Option<usize> {
    if EXTENSION.contains(c) {
        Some(2)
    } else if (c != '`' && matches!(c, ' '..='~')) || OTHERS.contains(c) {
        Some(1)
    } else {
        None
    }
}

fn segments(sizes: impl Iterator<Item = usize> + Clone, (alone, among): (usize, usize)) -> usize {
    if sizes.clone().sum::<usize>() <= alone {
        return 1;
    }
    let (segments, _) =
        sizes.fold(
            (1, 0),
            |(segments, used), size| {
                if used + size > among { (segments + 1, size) } else { (segments, used + size) }
            },
        );
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (bool, usize) {
        let encoding = Encoding::of(text);
        (encoding == Encoding::Gsm7, encoding.segments(text))
    }

    #[test]
    fn the_alphabet_has_its_characters() {
        let all: Vec<char> = ('\0'..='\u{ffff}').filter(|c| septets(*c).is_some()).collect();
        // 127 of the default alphabet, whose 128th is the escape, and ten of the extension table.
        assert_eq!(all.len(), 137);
        assert!(all.iter().filter(|c| septets(**c) == Some(2)).count() == 10);
        assert_eq!(Encoding::of("fine `"), Encoding::Ucs2 { forced_by: '`' });
        assert_eq!(Encoding::of("it\u{2019}s ç"), Encoding::Ucs2 { forced_by: '\u{2019}' });
    }

    #[test]
    fn a_text_of_gsm7_takes_160_septets_alone_and_153_among_several() {
        assert_eq!(of(&"a".repeat(160)), (true, 1));
        assert_eq!(of(&"a".repeat(161)), (true, 2));
        assert_eq!(of(&"a".repeat(306)), (true, 2));
        assert_eq!(of(&"a".repeat(307)), (true, 3));
        assert_eq!(of(""), (true, 1));
    }

    #[test]
    fn extension_characters_count_double_and_are_not_split() {
        assert_eq!(of(&"€".repeat(80)), (true, 1));
        assert_eq!(of(&"€".repeat(81)), (true, 2));
        // 76 of them leave a septet of the first segment unused: 153 do not fit into two.
        assert_eq!(of(&"€".repeat(152)), (true, 2));
        assert_eq!(of(&"€".repeat(153)), (true, 3));
        assert_eq!(of(&format!("{}{}", "a".repeat(152), "[".repeat(5))), (true, 2));
    }

    #[test]
    fn ucs2_takes_70_units_alone_and_67_among_several_with_pairs_whole() {
        assert_eq!(of(&"ж".repeat(70)), (false, 1));
        assert_eq!(of(&"ж".repeat(71)), (false, 2));
        assert_eq!(of(&"ж".repeat(134)), (false, 2));
        assert_eq!(of(&"ж".repeat(135)), (false, 3));
        assert_eq!(of(&"😀".repeat(35)), (false, 1));
        assert_eq!(of(&"😀".repeat(36)), (false, 2));
        // 33 pairs are 66 units; the 67th stays unused.
        assert_eq!(of(&"😀".repeat(66)), (false, 2));
        assert_eq!(of(&"😀".repeat(67)), (false, 3));
    }
}
