//! Whether an email can be sent to an address: RFC 5322's `addr-spec` with RFC 5321's lengths, and a domain with a dot.

use email_address::{EmailAddress, Options};

use super::Finding;
use super::rule::TO_MALFORMED;

/// The most octets of an address: RFC 5321's path of 256, less its angle brackets (RFC 3696, erratum 1690).
const LONGEST: usize = 254;

/// Adds what is wrong with an address.
pub(super) fn check(to: &str, findings: &mut Vec<Finding>) {
    if let Some(reason) = malformed(to.trim_matches(' ')) {
        findings.push(TO_MALFORMED.fails("to", reason));
    }
}

fn malformed(to: &str) -> Option<String> {
    if to.len() > LONGEST {
        return Some(format!("is longer than the {LONGEST} characters that an email address may have"));
    }
    let options = Options::default().with_required_tld().without_domain_literal().without_display_text();
    let error = EmailAddress::parse_with_options(to, options).err()?;
    let what = match error {
        email_address::Error::MissingSeparator => "it has no @",
        email_address::Error::LocalPartEmpty => "nothing is before the @",
        email_address::Error::LocalPartTooLong => "more than 64 characters are before the @",
        email_address::Error::DomainEmpty => "nothing is behind the @",
        email_address::Error::DomainTooLong => "the domain is too long",
        email_address::Error::DomainTooFew | email_address::Error::DomainInvalidSeparator => {
            "the domain must be of two names or more, joined by single dots"
        }
        email_address::Error::SubDomainEmpty => "the domain has two dots in a row, or one at its end",
        email_address::Error::SubDomainTooLong => "a part of the domain is longer than 63 characters",
        email_address::Error::UnsupportedDisplayName | email_address::Error::MissingDisplayName => {
            "only the address may stand there, without a name"
        }
        _ => "it has a character that may not be there",
    };
    Some(format!("is not an email address: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_is_none() {
        for to in [
            "maria@example.com",
            "m.lopez+shift@mail.example.co.uk",
            "o'brien@example.com",
            "\"a b\"@example.com",
            "jürgen@bücher.example",
            " maria@example.com ",
        ] {
            assert_eq!(malformed(to.trim_matches(' ')), None, "{to}");
        }
        for to in [
            "maria",
            "maria@",
            "@example.com",
            "maria@example",
            "maria@@example.com",
            "maria lopez@example.com",
            "maria@example..com",
            "maria@.example.com",
            "maria@example.com.",
            ".maria@example.com",
            "maria.@example.com",
            "a..b@example.com",
            "Maria <maria@example.com>",
            "maria@[127.0.0.1]",
            "maria@example.com\n",
            "maria@exa mple.com",
            "maria@example.com,x@y.zz",
            "maria\u{200b}@example.com",
            "maria@-example.com",
            "maria@example-.com",
        ] {
            assert!(malformed(to).is_some(), "{to}");
        }
    }

    #[test]
    fn the_lengths_of_rfc_5321_hold() {
        let address = |local: usize, label: usize| {
            format!("{}@{}.{}.{}.com", "a".repeat(local), "b".repeat(63), "c".repeat(63), "d".repeat(label))
        };
        assert_eq!(malformed(&address(64, 57)), None);
        assert_eq!(address(64, 57).len(), LONGEST);
        assert!(malformed(&address(64, 58)).is_some());
        assert!(malformed(&format!("{}@example.com", "a".repeat(65))).is_some());
        assert!(malformed(&format!("a@{}.com", "b".repeat(64))).is_some());
    }
}
