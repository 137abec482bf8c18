//! The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), with `tls-server-end-point` (RFC 5929) where there is TLS.
//!
//! It reads and makes the texts of the exchange; [`super::auth`] sends them. pgwire's is not used: it wants the salted
//! password, which is worth as much as the password, does not look at the nonce that comes back, and compares in a time
//! that tells where the difference is. Invariant: whoever has no verifier goes through the whole exchange, and cannot
//! be told from one whose password is wrong.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use muster::Verifier;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::error::{Error, Result};

pub(super) const SCRAM_SHA_256: &str = "SCRAM-SHA-256";
pub(super) const SCRAM_SHA_256_PLUS: &str = "SCRAM-SHA-256-PLUS";
const END_POINT: &str = "p=tls-server-end-point";
/// PostgreSQL's number of iterations.
const ITERATIONS: u32 = 4096;

/// What is known before the client has said anything.
pub(super) struct Challenge<'a> {
    /// By what the password is checked; none lets nobody in.
    pub(super) verifier: Option<&'a Verifier>,
    /// Of whom the client says to be.
    pub(super) user: &'a str,
    /// What salts of users without a verifier are made of, so that each has the same one each time.
    pub(super) secret: &'a [u8],
    /// The hash of the certificate, where the channel can be bound to it.
    pub(super) end_point: Option<&'a [u8]>,
}

/// An exchange whose first half is done.
#[derive(Debug)]
pub(super) struct Exchange {
    verifier: Verifier,
    /// Whether the verifier is somebody's.
    known: bool,
    client_first_bare: String,
    server_first: String,
    nonce: String,
    /// What `c=` has to be.
    binding: String,
}

impl Challenge<'_> {
    /// The mechanisms that the client may choose among.
    pub(super) fn mechanisms(&self) -> Vec<String> {
        let plus = self.end_point.map(|_| SCRAM_SHA_256_PLUS.to_string());
        plus.into_iter().chain([SCRAM_SHA_256.to_string()]).collect()
    }

    /// Takes the client's first message, and gives the server's.
    ///
    /// # Errors
    /// 08P01 for what is no such message, 28000 for a channel that is bound otherwise than was offered, 0A000 for extensions.
    pub(super) fn first(&self, mechanism: &str, message: &[u8]) -> Result<(Exchange, String)> {
        let bound = match mechanism {
            SCRAM_SHA_256 => None,
            SCRAM_SHA_256_PLUS if self.end_point.is_some() => self.end_point,
            _ => return Err(fatal("client selected an invalid SASL authentication mechanism")),
        };
        let message = std::str::from_utf8(message).map_err(|_| malformed("a message is not UTF-8"))?;
        let (flag, rest) =
            message.split_once(',').ok_or_else(|| malformed("the first message has no end"))?;
        match (flag, bound) {
            ("n", None) | (END_POINT, Some(_)) => {}
            // It could bind and believes that the server cannot: somebody between them took the offer away.
            ("y", None) if self.end_point.is_none() => {}
            ("y", None) => return Err(Error::ChannelBinding),
            _ => return Err(malformed("the channel binding is not that of the mechanism")),
        }
        let (authorization, bare) =
            rest.split_once(',').ok_or_else(|| malformed("the first message has no user"))?;
        if !authorization.is_empty() {
            return Err(Error::Unsupported { feature: "an authorization identity".to_string() });
        }
        let mut attributes = bare.split(',');
        let user = attributes.next().unwrap_or_default();
        if user.starts_with("m=") {
            return Err(Error::Unsupported { feature: "a mandatory SCRAM extension".to_string() });
        }
        // Whom it names is left aside, as PostgreSQL does: the startup packet has said it.
        user.strip_prefix("n=").ok_or_else(|| malformed("the first message has no user"))?;
        let nonce = attributes.next().and_then(|nonce| nonce.strip_prefix("r="));
        let is_printable =
            |nonce: &&str| !nonce.is_empty() && nonce.bytes().all(|byte| byte.is_ascii_graphic());
        let nonce = nonce.filter(is_printable).ok_or_else(|| malformed("the nonce is none"))?;
        let nonce = format!("{nonce}{}", STANDARD.encode(rand::random::<[u8; 18]>()));

        let verifier = self.verifier.cloned().unwrap_or_else(|| self.nobodys());
        let salt = STANDARD.encode(&verifier.salt);
        let server_first = format!("r={nonce},s={salt},i={}", verifier.iterations);
        let mut binding = format!("{flag},,").into_bytes();
        binding.extend_from_slice(bound.unwrap_or_default());
        let exchange = Exchange {
            verifier,
            known: self.verifier.is_some(),
            client_first_bare: bare.to_string(),
            server_first: server_first.clone(),
            nonce,
            binding: STANDARD.encode(binding),
        };
        Ok((exchange, server_first))
    }

    /// A verifier that no password fits, with a salt that stays the same.
    fn nobodys(&self) -> Verifier {
        let mut salt = keyed(self.secret, self.user.as_bytes()).to_vec();
        salt.truncate(16);
        Verifier { iterations: ITERATIONS, salt, stored_key: rand::random(), server_key: rand::random() }
    }
}

impl Exchange {
    /// Takes the client's last message; `None` when it does not know the password, else the server's last.
    ///
    /// # Errors
    /// 08P01 for what is no such message.
    pub(super) fn last(&self, message: &[u8]) -> Result<Option<String>> {
        let message = std::str::from_utf8(message).map_err(|_| malformed("a message is not UTF-8"))?;
        let (without_proof, proof) =
            message.rsplit_once(",p=").ok_or_else(|| malformed("the last message has no proof"))?;
        let mut attributes = without_proof.split(',');
        let binding = attributes.next().and_then(|binding| binding.strip_prefix("c="));
        if binding != Some(self.binding.as_str()) {
            return Err(malformed("the channel is bound otherwise than the first message says"));
        }
        let nonce = attributes.next().and_then(|nonce| nonce.strip_prefix("r="));
        if nonce != Some(self.nonce.as_str()) {
            return Err(malformed("the nonce is not the one that was given"));
        }
        let proof = STANDARD.decode(proof).ok().and_then(|proof| <[u8; 32]>::try_from(proof).ok());
        let proof = proof.ok_or_else(|| malformed("the proof is none"))?;

        let said = format!("{},{},{without_proof}", self.client_first_bare, self.server_first);
        let signature = keyed(&self.verifier.stored_key, said.as_bytes());
        let mut client_key = proof;
        client_key.iter_mut().zip(signature).for_each(|(byte, signature)| *byte ^= signature);
        let fits: bool = Sha256::digest(client_key).as_slice().ct_eq(&self.verifier.stored_key).into();
        let signature = keyed(&self.verifier.server_key, said.as_bytes());
        Ok((fits & self.known).then(|| format!("v={}", STANDARD.encode(signature))))
    }
}

fn keyed(key: &[u8], message: &[u8]) -> [u8; 32] {
    // A key of any length is one; a hash of none would be a fault of the crate, and lets nobody in.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return rand::random() };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn malformed(detail: &str) -> Error {
    fatal(&format!("malformed SCRAM message: {detail}"))
}

fn fatal(message: &str) -> Error {
    Error::ProtocolFatal { message: message.to_string() }
}

#[cfg(test)]
mod tests {
    use postgres_protocol::authentication::sasl::{ChannelBinding, ScramSha256};

    use super::*;

    fn challenge<'a>(verifier: Option<&'a Verifier>, end_point: Option<&'a [u8]>) -> Challenge<'a> {
        Challenge { verifier, user: "ann", secret: b"secret", end_point }
    }

    /// Whether a real client and the exchange believe each other.
    fn agrees(password: &str, verifier: Option<&Verifier>, bound: bool) -> bool {
        let hash: &[u8] = b"the certificate's hash";
        let binding = if bound {
            ChannelBinding::tls_server_end_point(hash.to_vec())
        } else {
            ChannelBinding::unsupported()
        };
        let mechanism = if bound { SCRAM_SHA_256_PLUS } else { SCRAM_SHA_256 };
        let mut client = ScramSha256::new(password.as_bytes(), binding);
        let (exchange, answer) = challenge(verifier, Some(hash)).first(mechanism, client.message()).unwrap();
        client.update(answer.as_bytes()).unwrap();
        match exchange.last(client.message()).unwrap() {
            Some(answer) => {
                client.finish(answer.as_bytes()).unwrap();
                true
            }
            None => false,
        }
    }

    #[test]
    fn whoever_knows_the_password_comes_in_and_nobody_else() {
        let verifier = Verifier::of_password("pencil").unwrap();
        for bound in [false, true] {
            assert!(agrees("pencil", Some(&verifier), bound));
            assert!(!agrees("Pencil", Some(&verifier), bound));
            assert!(!agrees("pencil", None, bound));
        }
        // SASLprep: a no-break space is a space, a soft hyphen nothing.
        let verifier = Verifier::of_password("a\u{a0}b\u{ad}").unwrap();
        assert!(agrees("a b", Some(&verifier), false));
        assert!(agrees("\u{1F512}", Some(&Verifier::of_password("\u{1F512}").unwrap()), false));
    }

    #[test]
    fn nobodys_salt_stays_the_same() {
        let salt = |user: &str| {
            let challenge = Challenge { verifier: None, user, secret: b"secret", end_point: None };
            let (_, first) = challenge.first(SCRAM_SHA_256, b"n,,n=,r=abc").unwrap();
            first.split_once(",s=").unwrap().1.to_string()
        };
        assert_eq!(salt("ann"), salt("ann"));
        assert_ne!(salt("ann"), salt("ben"));
    }

    #[test]
    fn the_example_of_rfc_7677_fits() {
        let stored = "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=";
        let server = "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
        let verifier: Verifier =
            format!("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==${stored}:{server}").parse().unwrap();
        let exchange = Exchange {
            verifier,
            known: true,
            client_first_bare: "n=user,r=rOprNGfwEbeRWgbNEkqO".to_string(),
            server_first:
                "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
                    .to_string(),
            nonce: "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".to_string(),
            binding: "biws".to_string(),
        };
        let last = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                    p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        let answer = exchange.last(last.as_bytes()).unwrap().unwrap();
        assert_eq!(answer, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn what_is_malformed_or_taken_away_is_refused() {
        let verifier = Verifier::of_password("x").unwrap();
        let hash: &[u8] = b"hash";
        let state = |mechanism: &str, end_point, message: &[u8]| {
            challenge(Some(&verifier), end_point).first(mechanism, message).map(drop).unwrap_err().sqlstate()
        };
        for message in
            ["", "n", "n,", "n,,", "n,,n=", "n,,r=a", "n,,n=,x=a", "n,,n=,r=", "n,,n=,r=a\u{1}", "z,,n=,r=a"]
        {
            assert_eq!(state(SCRAM_SHA_256, None, message.as_bytes()), "08P01", "{message:?}");
        }
        assert_eq!(state(SCRAM_SHA_256, None, b"\xff\xfe"), "08P01");
        assert_eq!(state("PLAIN", None, b"n,,n=,r=a"), "08P01");
        assert_eq!(state(SCRAM_SHA_256_PLUS, None, b"p=tls-server-end-point,,n=,r=a"), "08P01");
        assert_eq!(state(SCRAM_SHA_256_PLUS, Some(hash), b"n,,n=,r=a"), "08P01");
        assert_eq!(state(SCRAM_SHA_256, Some(hash), b"y,,n=,r=a"), "28000");
        assert_eq!(state(SCRAM_SHA_256, None, b"n,a=ben,n=,r=a"), "0A000");
        assert_eq!(state(SCRAM_SHA_256, None, b"n,,m=x,n=,r=a"), "0A000");

        let (exchange, _) = challenge(Some(&verifier), None).first(SCRAM_SHA_256, b"n,,n=,r=abc").unwrap();
        let nonce = exchange.nonce.clone();
        let proof = STANDARD.encode([0; 32]);
        for message in [
            String::new(),
            format!("c=biws,r={nonce}"),
            format!("c=eSws,r={nonce},p={proof}"),
            format!("c=biws,r=abc,p={proof}"),
            format!("r={nonce},c=biws,p={proof}"),
            format!("c=biws,r={nonce},p=AAAA"),
            format!("c=biws,r={nonce},p=!"),
        ] {
            assert_eq!(exchange.last(message.as_bytes()).unwrap_err().sqlstate(), "08P01", "{message}");
        }
        assert_eq!(exchange.last(format!("c=biws,r={nonce},p={proof}").as_bytes()).unwrap(), None);
    }
}
