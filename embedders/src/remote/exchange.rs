//! One batch of texts: request, answer, and the attempts that it takes.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, StatusCode};
use muster_engine::Result;

use super::Request;
use super::key::Secret;
use super::protocol::Protocol;
use super::retry::{Failure, backoff};
use super::transport::Client;

/// Characters of a provider's words that are repeated.
const MOST_WORDS: usize = 300;

/// See the module.
pub(super) struct Exchange {
    pub(super) client: Client,
    pub(super) request: Arc<Request>,
    pub(super) key: Option<Secret>,
}

impl Exchange {
    /// One vector a text, after as many attempts as are allowed.
    pub(super) async fn vectors(self, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        let request = self.request.as_ref();
        let body = request.protocol.write(&request.model, &texts).map_err(|reason| request.failed(reason))?;
        let body = Bytes::from(body);
        let mut failures = 0;
        loop {
            let attempt = tokio::time::timeout(request.timeout, self.attempt(body.clone(), texts.len()));
            let failure = match attempt.await {
                Ok(Ok(vectors)) => return Ok(vectors),
                Ok(Err(failure)) => failure,
                Err(_) => Failure::passing(format!("no answer within {:?}", request.timeout)),
            };
            let (reason, after) = match failure {
                Failure::Lasting { reason } => return Err(request.failed(self.shown(&reason))),
                Failure::Passing { reason, after } => (reason, after),
            };
            if failures >= request.retries {
                let tries = match failures {
                    0 => String::new(),
                    more => format!(" ({} attempts)", more + 1),
                };
                return Err(request.failed(format!("{}{tries}", self.shown(&reason))));
            }
            let wait = after.unwrap_or_else(|| backoff(failures, rand::random()));
            tracing::info!(
                embedder = request.name,
                reason = self.shown(&reason),
                ?wait,
                "a request for embeddings is repeated"
            );
            tokio::time::sleep(wait).await;
            failures += 1;
        }
    }

    async fn attempt(&self, body: Bytes, texts: usize) -> Result<Vec<Vec<f32>>, Failure> {
        let request = self.request.as_ref();
        let mut sent = hyper::Request::new(Full::new(body));
        *sent.method_mut() = Method::POST;
        *sent.uri_mut() = request.endpoint.uri().clone();
        let headers = sent.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(value) = self.key.as_ref().and_then(Secret::header) {
            headers.insert(AUTHORIZATION, value);
        }
        let answer = self.client.request(sent).await.map_err(|error| Failure::passing(causes(&error)))?;
        let status = answer.status();
        let after =
            answer.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok()).map(str::to_string);
        let most = request.most_bytes();
        let body = Limited::new(answer.into_body(), most).collect().await;
        let body = match body {
            Ok(body) => body.to_bytes(),
            // How it ends says less than the status that it began with.
            Err(_) if status != StatusCode::OK => Bytes::new(),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                return Err(Failure::lasting(format!("its answer is longer than {most} bytes")));
            }
            Err(error) => {
                return Err(Failure::passing(format!("its answer broke off: {}", causes(error.as_ref()))));
            }
        };
        if status != StatusCode::OK {
            return Err(Failure::of_status(status, &words(&body), after.as_deref()));
        }
        request.read(&body, texts).map_err(Failure::lasting)
    }

    /// A reason without the key, whoever repeated it.
    fn shown(&self, reason: &str) -> String {
        match &self.key {
            Some(key) => key.removed_from(reason),
            None => reason.to_string(),
        }
    }
}

/// What a provider says in an answer that is none, short and on one line.
fn words(body: &[u8]) -> String {
    let said = Protocol::complaint(body).unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    if line.is_empty() {
        return String::new();
    }
    let short: String = line.chars().take(MOST_WORDS).collect();
    let dots = if short.len() < line.len() { "..." } else { "" };
    format!(": {short}{dots}")
}

/// An error with what caused it: hyper's own words say little.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !said.contains(&words) {
            said = format!("{said}: {words}");
        }
        source = cause.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_short_and_on_one_line() {
        assert_eq!(words(b""), "");
        assert_eq!(words(b" a\n b\x07 "), ": a b");
        assert_eq!(words(br#"{"error":{"message":"model \"x\" not found"}}"#), ": model \"x\" not found");
        let long = words("ü".repeat(1000).as_bytes());
        assert!(long.ends_with("...") && long.chars().count() == MOST_WORDS + 5);
    }
}
