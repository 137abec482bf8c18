//! Where a provider is: the address of its embedding method, and what may be said of it in a message.

use hyper::Uri;
use hyper::http::uri::Scheme;

use super::protocol::Protocol;

/// See the module. It has no user and no password in it.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    uri: Uri,
}

impl Endpoint {
    /// The address of the method under `url`, which may be the provider's root, its `/v1`, or the method itself.
    ///
    /// # Errors
    /// What is wrong with the URL. It is not repeated, for there may be a password in it.
    pub(super) fn of(url: &str, protocol: Protocol) -> Result<Self, String> {
        let wrong = "url must be as http://host:port or https://host/path";
        let given: Uri = url.parse().map_err(|_| wrong.to_string())?;
        let known = [Some(&Scheme::HTTP), Some(&Scheme::HTTPS)];
        let (Some(authority), true) = (given.authority(), known.contains(&given.scheme())) else {
            return Err(wrong.to_string());
        };
        if authority.as_str().contains('@') {
            return Err("url has a user in it; a key goes to api_key_env or api_key_file".to_string());
        }
        if given.query().is_some() {
            return Err("url has a query in it, which is not supported".to_string());
        }
        let path = protocol.path_under(given.path().trim_end_matches('/'));
        let mut parts = given.into_parts();
        parts.path_and_query = Some(path.parse().map_err(|_| wrong.to_string())?);
        let uri = Uri::from_parts(parts).map_err(|_| wrong.to_string())?;
        Ok(Self { uri })
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(super) fn is_tls(&self) -> bool {
        self.uri.scheme() == Some(&Scheme::HTTPS)
    }

    /// Scheme, host and port.
    pub(super) fn host(&self) -> String {
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        format!("{}://{authority}", self.uri.scheme_str().unwrap_or("http"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_method_is_found_under_what_people_write() {
        for (url, protocol, expected) in [
            ("http://127.0.0.1:11434", Protocol::Ollama, "http://127.0.0.1:11434/api/embed"),
            ("http://127.0.0.1:11434/", Protocol::Ollama, "http://127.0.0.1:11434/api/embed"),
            ("http://h/proxy/api/embed", Protocol::Ollama, "http://h/proxy/api/embed"),
            ("https://api.openai.com", Protocol::OpenAi, "https://api.openai.com/v1/embeddings"),
            ("https://api.openai.com/v1/", Protocol::OpenAi, "https://api.openai.com/v1/embeddings"),
            ("https://h/x/v1/embeddings", Protocol::OpenAi, "https://h/x/v1/embeddings"),
            ("http://[::1]:8080/x", Protocol::OpenAi, "http://[::1]:8080/x/v1/embeddings"),
        ] {
            assert_eq!(Endpoint::of(url, protocol).unwrap().uri().to_string(), expected);
        }
        assert_eq!(Endpoint::of("https://h:1/x", Protocol::OpenAi).unwrap().host(), "https://h:1");
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_repeated() {
        for url in [
            "",
            "localhost",
            "127.0.0.1:11434",
            "ftp://h",
            "http://",
            "http://u:secret@h",
            "http://h?key=secret",
        ] {
            let error = Endpoint::of(url, Protocol::Ollama).unwrap_err();
            assert!(error.starts_with("url ") && !error.contains("secret"), "{url}: {error}");
        }
    }
}
