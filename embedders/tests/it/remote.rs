//! What is asked of a provider, and what is made of its answers.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use muster_embedders::{CacheCounts, CacheLimits, EmbedderConfig, Embedders, Provider as Kind};
use muster_engine::{Error, Purpose, Vectors};

use crate::provider::{Fault, Provider, unit, vector};
use crate::{DIMENSIONS, config, embed, embed_for, embedder, embedders};

#[test]
fn both_protocols_give_unit_vectors_in_the_texts_order() {
    let provider = Provider::start(DIMENSIONS);
    for (kind, path) in [(Kind::Ollama, "/api/embed"), (Kind::OpenAi, "/v1/embeddings")] {
        let mut config = config(kind, &provider);
        config.model = Some("the-model".to_string());
        let embedder = embedder(config);
        let texts = ["forklift", "welder", "Krankenschwester für Köln", ""];
        let vectors = embed(embedder.as_ref(), &texts).unwrap();
        for (text, vector) in texts.iter().zip(&vectors) {
            assert_eq!(vector, &provider.unit(text), "{text}");
            let length: f64 = vector.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            assert!((length - 1.0).abs() < 1e-6);
        }
        let asked = provider.take_asked();
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].path, path);
        assert_eq!(asked[0].body["model"], "the-model");
        assert_eq!(asked[0].texts(), texts);
        assert_eq!(asked[0].authorization, None);
        if kind == Kind::Ollama {
            assert_eq!(asked[0].body["truncate"], false);
        }
    }
}

#[test]
fn vectors_keep_their_length_where_that_is_wanted() {
    let provider = Provider::start(DIMENSIONS);
    let mut config = config(Kind::Ollama, &provider);
    config.normalize = false;
    let vectors = embed(embedder(config).as_ref(), &["welder"]).unwrap();
    assert_eq!(vectors, [vector("welder", DIMENSIONS)]);
    assert_ne!(vectors[0], unit(&vectors[0]));
}

#[test]
fn texts_go_in_batches_each_once_and_nulls_not_at_all() {
    let provider = Provider::start(DIMENSIONS);
    let mut config = config(Kind::OpenAi, &provider);
    config.batch = 64;
    config.requests = 3;
    let embedder = embedder(config);
    // 1,000 rows of 700 texts, and some NULLs.
    let texts: Vec<String> = (0..1000).map(|row| format!("text {}", row % 700)).collect();
    let texts: Vec<Option<&str>> =
        texts.iter().enumerate().map(|(row, text)| (row % 10 != 9).then_some(text.as_str())).collect();
    let array = embedder.embed_for(Purpose::Document, &texts, &|| true).unwrap();
    let vectors = Vectors::from_array(&array).unwrap();
    for (row, text) in texts.iter().enumerate() {
        assert_eq!(
            vectors.get(row).map(|vector| vector.to_vec()),
            text.map(|text| provider.unit(text)),
            "row {row}"
        );
    }
    let asked = provider.asked();
    let mut sent: Vec<String> = asked.iter().flat_map(|asked| asked.texts()).collect();
    let different: std::collections::BTreeSet<&str> = texts.iter().flatten().copied().collect();
    assert_eq!(asked.len(), different.len().div_ceil(64));
    assert!(asked.iter().all(|asked| asked.texts().len() <= 64));
    sent.sort();
    assert!(sent.iter().eq(different.iter()), "each text once");
}

#[test]
fn documents_and_queries_have_prefixes_of_their_own() {
    let provider = Provider::start(DIMENSIONS);
    let mut config = config(Kind::Ollama, &provider);
    config.document_prefix = "search_document: ".to_string();
    config.query_prefix = "search_query: ".to_string();
    let embedder = embedder(config);
    let document = embed(embedder.as_ref(), &["welder"]).unwrap();
    let query = embed_for(embedder.as_ref(), Purpose::Query, &["welder"]).unwrap();
    assert_eq!(document, [provider.unit("search_document: welder")]);
    assert_eq!(query, [provider.unit("search_query: welder")]);
    // Neither is taken from the cache for the other.
    assert_eq!(embed(embedder.as_ref(), &["welder"]).unwrap(), document);
    assert_eq!(provider.asked().len(), 2);
}

#[test]
fn the_cache_outlives_the_process_and_is_keyed_by_model() {
    let provider = Provider::start(DIMENSIONS);
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("embeddings");
    let open = |model: &str| {
        let mut config = config(Kind::Ollama, &provider);
        config.model = Some(model.to_string());
        Embedders::open([("x".to_string(), config)].into(), CacheLimits::default(), Some(&folder)).unwrap()
    };
    let texts = ["a", "b", "a"];
    let first = open("one");
    let vectors = embed(first.get("x").unwrap().as_ref(), &texts).unwrap();
    assert_eq!(embed(first.get("x").unwrap().as_ref(), &texts).unwrap(), vectors);
    assert_eq!(first.cache_counts(), CacheCounts { memory_hits: 2, disk_hits: 0, misses: 2 });
    drop(first);
    let again = open("one");
    assert_eq!(embed(again.get("x").unwrap().as_ref(), &texts).unwrap(), vectors);
    assert_eq!(again.cache_counts(), CacheCounts { memory_hits: 0, disk_hits: 2, misses: 0 });
    assert_eq!(provider.asked().len(), 1);
    drop(again);
    let other = open("two");
    embed(other.get("x").unwrap().as_ref(), &texts).unwrap();
    assert_eq!(other.cache_counts().misses, 2);
    assert_eq!(provider.asked().len(), 2);
}

#[test]
fn the_key_is_sent_and_not_shown() {
    let provider = Provider::start(DIMENSIONS);
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(Kind::OpenAi, &provider);
    config.api_key_file = Some(dir.path().join("key"));
    let embedders = embedders(config);
    let embedder = embedders.get("x").unwrap();
    let error = embed(embedder.as_ref(), &["a"]).unwrap_err();
    assert!(error.to_string().contains("which has the key, cannot be read"), "{error}");
    assert!(provider.asked().is_empty());
    std::fs::write(dir.path().join("key"), "sk-secret\n").unwrap();
    embed(embedder.as_ref(), &["a"]).unwrap();
    assert_eq!(provider.asked()[0].authorization.as_deref(), Some("Bearer sk-secret"));
    provider.fail([Fault::Status(401, None, r#"{"error":{"message":"Incorrect API key sk-secret"}}"#)]);
    let error = embed(embedder.as_ref(), &["b"]).unwrap_err().to_string();
    assert!(error.contains("401") && error.contains("Incorrect API key ***"), "{error}");
    assert!(!format!("{embedders:?}").contains("secret"));
}

#[test]
fn waiting_ends_when_it_is_told_to_and_the_provider_sees_it() {
    let provider = Provider::start(DIMENSIONS);
    let embedder = embedder(config(Kind::Ollama, &provider));
    provider.fail([Fault::Slow(Duration::from_millis(1500))]);
    let asked = AtomicU32::new(0);
    let start = Instant::now();
    let error = embedder
        .embed_for(Purpose::Document, &[Some("a")], &|| asked.fetch_add(1, Ordering::SeqCst) < 10)
        .unwrap_err();
    assert!(matches!(error, Error::Interrupted));
    assert!(start.elapsed() < Duration::from_millis(1400), "{:?}", start.elapsed());
    while provider.unheard() == 0 {
        assert!(start.elapsed() < Duration::from_secs(60), "the connection stays");
        std::thread::sleep(Duration::from_millis(20));
    }
    // It is as good as new.
    embed(embedder.as_ref(), &["a"]).unwrap();
}

#[test]
fn a_fingerprint_tells_what_decides_the_vectors() {
    let provider = Provider::start(DIMENSIONS);
    let fingerprint = |change: &dyn Fn(&mut EmbedderConfig)| {
        let mut config = config(Kind::Ollama, &provider);
        change(&mut config);
        embedder(config).fingerprint().unwrap().unwrap()
    };
    let plain = fingerprint(&|_| {});
    assert_eq!(
        plain,
        "ollama model=\"x\" dimensions=5 normalize=true document_prefix=\"\" query_prefix=\"\""
    );
    assert_eq!(plain, fingerprint(&|config| config.url = Some("http://elsewhere:1".to_string())));
    assert_eq!(plain, fingerprint(&|config| config.batch = 1));
    let changes: [&dyn Fn(&mut EmbedderConfig); 6] = [
        &|config| config.provider = Kind::OpenAi,
        &|config| config.model = Some("y".to_string()),
        &|config| config.dimensions = Some(6),
        &|config| config.normalize = false,
        &|config| config.document_prefix = "d: ".to_string(),
        &|config| config.query_prefix = "q: ".to_string(),
    ];
    for change in changes {
        assert_ne!(plain, fingerprint(change));
    }
    assert!(provider.asked().is_empty());
}

#[test]
fn names_are_found_or_told() {
    let provider = Provider::start(DIMENSIONS);
    let embedders = embedders(config(Kind::Ollama, &provider));
    assert!(embedders.get("x").unwrap().waits());
    assert!(!embedders.get("hash-v1").unwrap().waits());
    let error = embedders.get("y").unwrap_err().to_string();
    assert_eq!(
        error,
        "unknown embedding model \"y\"; known are hash-v1 (768 dimensions), hash-v1:<dimensions> (64 to 4096), x"
    );
}
