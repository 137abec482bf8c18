//! What is kept of a password: SCRAM-SHA-256's keys, by which whoever knows it is recognised and which do not tell it.
//!
//! It is written as PostgreSQL writes it, `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`, so that
//! verifiers can be carried over. postgres-protocol makes it of a password, SASLprep and all.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How every verifier begins.
const MECHANISM: &str = "SCRAM-SHA-256";

/// See the module. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    /// How often the password was hashed.
    pub iterations: u32,
    /// What it was hashed with.
    pub salt: Vec<u8>,
    /// By which a client's proof is checked.
    pub stored_key: [u8; 32],
    /// By which the server proves itself.
    pub server_key: [u8; 32],
}

impl Verifier {
    /// Of a password, with a salt of its own. What SASLprep cannot prepare is taken as it is, as clients do.
    #[must_use]
    pub fn of_password(password: &str) -> Option<Self> {
        postgres_protocol::password::scram_sha_256(password.as_bytes()).parse().ok()
    }
}

impl FromStr for Verifier {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let rest = text.strip_prefix(MECHANISM).and_then(|rest| rest.strip_prefix('$')).ok_or(())?;
        let (hashed, keys) = rest.split_once('$').ok_or(())?;
        let (iterations, salt) = hashed.split_once(':').ok_or(())?;
        let (stored, server) = keys.split_once(':').ok_or(())?;
        let iterations = iterations.parse().ok().filter(|count| *count > 0).ok_or(())?;
        let salt = STANDARD.decode(salt).ok().filter(|salt| !salt.is_empty()).ok_or(())?;
        let key = |text: &str| STANDARD.decode(text).ok().and_then(|key| key.try_into().ok()).ok_or(());
        Ok(Self { iterations, salt, stored_key: key(stored)?, server_key: key(server)? })
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { iterations, salt, stored_key, server_key } = self;
        let (salt, stored, server) =
            (STANDARD.encode(salt), STANDARD.encode(stored_key), STANDARD.encode(server_key));
        write!(f, "{MECHANISM}${iterations}:{salt}${stored}:{server}")
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_is_read_as_it_is_written() {
        let verifier = Verifier::of_password("pencil").unwrap();
        let text = verifier.to_string();
        assert!(text.starts_with("SCRAM-SHA-256$4096:") && !text.contains("pencil"), "{text}");
        assert_eq!(text.parse(), Ok(verifier.clone()));
        assert_ne!(Verifier::of_password("pencil").unwrap(), verifier, "each has a salt of its own");
        assert!(!format!("{verifier:?}").contains('4'));
    }

    #[test]
    fn what_is_none_is_not_read() {
        let text = Verifier::of_password("x").unwrap().to_string();
        for wrong in
            ["", "x", "SCRAM-SHA-256", "SCRAM-SHA-256$0:AAAA$AAAA:AAAA", "md5abc", &text[..text.len() - 4]]
        {
            assert_eq!(wrong.parse::<Verifier>(), Err(()), "{wrong}");
        }
    }
}
