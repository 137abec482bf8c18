//! What a provider does wrong: what is tried again, what is not, and what is said of it.

use std::time::{Duration, Instant};

use muster_embedders::Provider as Kind;
use muster_engine::{Embedder, Error};

use crate::provider::{Fault, Provider};
use crate::{DIMENSIONS, config, embed, embedder};

const KINDS: [Kind; 2] = [Kind::Ollama, Kind::OpenAi];

/// What is said of one request for two texts that goes wrong in these ways.
fn said(provider: &Provider, embedder: &dyn Embedder, faults: impl IntoIterator<Item = Fault>) -> String {
    provider.fail(faults);
    let error = embed(embedder, &["a", "b"]).unwrap_err();
    assert!(matches!(error, Error::Provider { .. }), "{error:?}");
    let said = error.to_string();
    assert!(said.starts_with(&format!("embedder \"x\": {}: ", provider.url())), "{said}");
    said
}

#[test]
fn what_passes_is_tried_again() {
    let provider = Provider::start(DIMENSIONS);
    for kind in KINDS {
        for fault in [
            Fault::Status(500, None, "oops"),
            Fault::Status(503, Some("0"), r#"{"error":"loading"}"#),
            Fault::Status(429, Some("0"), ""),
            Fault::HangUp,
            Fault::BreakOff,
        ] {
            // A new embedder, so that nothing is in the cache.
            let embedder = embedder(config(kind, &provider));
            provider.fail([fault.clone(), fault.clone()]);
            let vectors = embed(embedder.as_ref(), &["a", "b"]).unwrap();
            assert_eq!(vectors, [provider.unit("a"), provider.unit("b")], "{fault:?}");
            assert_eq!(provider.take_asked().len(), 3, "{fault:?}");
        }
    }
}

#[test]
fn retries_end() {
    let provider = Provider::start(DIMENSIONS);
    let mut config = config(Kind::Ollama, &provider);
    config.retries = 2;
    let embedder = embedder(config);
    let down = Fault::Status(502, Some("0"), r#"{"error":"no backend"}"#);
    let said = said(&provider, embedder.as_ref(), [down.clone(), down.clone(), down]);
    assert!(said.contains("it answered 502 Bad Gateway: no backend (3 attempts)"), "{said}");
    assert_eq!(provider.asked().len(), 3);
}

#[test]
fn a_provider_is_waited_for_as_long_as_it_asks() {
    let provider = Provider::start(DIMENSIONS);
    let embedder = embedder(config(Kind::OpenAi, &provider));
    provider.fail([Fault::Status(429, Some("1"), "")]);
    let start = Instant::now();
    embed(embedder.as_ref(), &["a"]).unwrap();
    // Backoff alone would be back after a fifth of that.
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
    let said = said(&provider, embedder.as_ref(), [Fault::Status(503, Some("86400"), "")]);
    assert!(said.contains("asked to wait 86400 s"), "{said}");
    assert_eq!(provider.asked().len(), 3);
}

#[test]
fn what_does_not_pass_is_told_at_once() {
    let provider = Provider::start(DIMENSIONS);
    for kind in KINDS {
        let embedder = embedder(config(kind, &provider));
        for (fault, words) in [
            (
                Fault::Status(404, None, r#"{"error":"model \"x\" not found"}"#),
                "404 Not Found: model \"x\" not found",
            ),
            (Fault::Status(400, None, r#"{"error":{"message":"too long"}}"#), "400 Bad Request: too long"),
            (Fault::Status(301, None, ""), "301 Moved Permanently"),
            (Fault::Body("<html>hello</html>"), "no JSON of the expected form"),
            (Fault::Body("{}"), "no JSON of the expected form"),
            (Fault::Body(""), "no JSON of the expected form"),
            (Fault::Dimensions(3), "vectors of 3 dimensions came, 5 are configured"),
            (Fault::OneTooFew, "1 vectors came for 2 texts"),
            (Fault::Zeros, "a vector of zeros"),
            (Fault::Huge(8 << 20), "its answer is longer than"),
        ] {
            let said = said(&provider, embedder.as_ref(), [fault.clone()]);
            assert!(said.contains(words), "{fault:?}: {said}");
            assert_eq!(provider.take_asked().len(), 1, "{fault:?}");
        }
        let said = said(&provider, embedder.as_ref(), [Fault::TooLarge]);
        assert!(
            said.contains("NaN or infinite") || said.contains("out of range") || said.contains("dimensions"),
            "{said}"
        );
        provider.take_asked();
        // Nothing of all that is in the cache.
        assert_eq!(embed(embedder.as_ref(), &["a", "b"]).unwrap(), [provider.unit("a"), provider.unit("b")]);
        provider.take_asked();
    }
}

#[test]
fn an_answer_that_does_not_come_in_time_is_asked_for_again() {
    let provider = Provider::start(DIMENSIONS);
    let mut config = config(Kind::Ollama, &provider);
    config.timeout = Duration::from_millis(200);
    config.retries = 1;
    let embedder = embedder(config);
    let slow = Fault::Slow(Duration::from_millis(800));
    provider.fail([slow.clone()]);
    embed(embedder.as_ref(), &["c"]).unwrap();
    let said = said(&provider, embedder.as_ref(), [slow.clone(), slow]);
    assert!(said.contains("no answer within 200ms (2 attempts)"), "{said}");
}

#[test]
fn a_provider_that_is_down_is_named_and_one_that_comes_back_is_used() {
    let provider = Provider::start(DIMENSIONS);
    let address = provider.address();
    let mut config = config(Kind::OpenAi, &provider);
    config.retries = 1;
    let embedder = embedder(config);
    embed(embedder.as_ref(), &["a"]).unwrap();
    let url = provider.url();
    drop(provider);
    let error = embed(embedder.as_ref(), &["b"]).unwrap_err().to_string();
    assert!(error.starts_with(&format!("embedder \"x\": {url}: ")) && error.contains("refused"), "{error}");
    // What is in the cache needs nobody.
    embed(embedder.as_ref(), &["a"]).unwrap();
    let provider = Provider::start_on(address, DIMENSIONS);
    assert_eq!(embed(embedder.as_ref(), &["b"]).unwrap(), [provider.unit("b")]);
}
