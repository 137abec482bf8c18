//! `hash-v1`: the same bits for ever, texts that look alike close together, and never a zero vector.

use arrow::array::Array;
use muster_engine::{
    DEFAULT_MODEL, Embedder, Error, HashEmbedder, Metric, Row, Vectors, check_vector, embedder,
};

fn embed(text: &str) -> Vec<f32> {
    let embedder = embedder(DEFAULT_MODEL).unwrap();
    let mut out = vec![0.0; embedder.dimensions()];
    embedder.embed(text, &mut out).unwrap();
    check_vector(&out, 768, Some(Metric::Cosine)).unwrap();
    out
}

fn distance(a: &str, b: &str) -> f32 {
    Metric::Cosine.distance(&embed(a), &embed(b))
}

/// FNV-1a over the bits: a checksum that this test needs no crate for.
fn checksum(values: &[f32]) -> u64 {
    values.iter().flat_map(|x| x.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// If this fails, stored embeddings no longer match new ones: make it another model, not another hash-v1.
#[test]
fn the_bits_of_hash_v1_stay_what_they_are() {
    let texts = [
        ("", 0x1d80_82d0_a8a3_0598),
        ("Forklift Driver", 0xd977_dff5_3618_09e0),
        ("Zoë Müller-Łukasz, ﬁtter № 5 (Ｃｈｉｃａｇｏ), 東京", 0xde6b_c05a_e3ca_3773),
        (
            "A welder and a welder and a welder in Detroit, MI with 12 years of experience.",
            0x382b_73db_3c5c_a3b2,
        ),
    ];
    let long = ("forklift operator ".repeat(50_000), 0x905d_ae08_59bd_55a5);
    for (text, expected) in texts.into_iter().chain([(long.0.as_str(), long.1)]) {
        let found = checksum(&embed(text));
        println!("{found:#018x} {text:.40}");
        assert_eq!(found, expected, "{text:.40}");
    }
}

#[test]
fn spelling_case_and_form_matter_little() {
    assert_eq!(distance("forklift driver", "  FORKLIFT -- Driver! "), 0.0);
    assert_eq!(distance("ﬁtter Ｃｈｉｃａｇｏ", "fitter chicago"), 0.0);
    assert_eq!(distance("Cafe\u{301}", "caf\u{e9}"), 0.0);
    assert!(distance("fork lift driver", "forklift driver") < 0.25);
    assert!(distance("registerd nurse", "registered nurse") < 0.35);
    assert!(distance("fork lift driver", "forklift driver") < distance("fork lift driver", "lift driver"));
    assert!(
        distance("welder in Detroit", "welder of Toledo") < distance("welder in Detroit", "nurse in Reno")
    );
    assert!(distance("forklift driver", "registered nurse") > 0.8);
}

#[test]
fn embeddings_have_unit_length() {
    for text in ["", "a", "the", "welder", &"very long text ".repeat(1000)] {
        let length = embed(text).iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>();
        assert!((length - 1.0).abs() < 1e-6, "{text:.20}: {length}");
    }
}

#[test]
fn texts_without_words_share_one_vector() {
    for text in [" ", "!?", "\u{0}\u{2}\u{3}", "🙂", "\u{301}"] {
        assert_eq!(embed(text), embed(""));
    }
    assert!(distance("", "welder") > 0.8);
}

#[test]
fn batches_keep_order_and_nulls() {
    let embedder = embedder("hash-v1:100").unwrap();
    assert_eq!((embedder.model(), embedder.dimensions()), ("hash-v1:100", 100));
    for count in [0, 1, 5, 500] {
        let texts: Vec<String> = (0..count).map(|i| format!("text number {i}")).collect();
        let texts: Vec<Option<&str>> =
            texts.iter().enumerate().map(|(i, text)| (i % 3 != 1).then_some(text.as_str())).collect();
        let array = embedder.embed_batch(&texts).unwrap();
        assert_eq!((array.len(), array.value_length()), (count, 100));
        let vectors = Vectors::from_array(&array).unwrap();
        for (row, text) in texts.iter().enumerate() {
            let expected = text.map(|text| {
                let mut out = vec![0.0; 100];
                embedder.embed(text, &mut out).unwrap();
                out
            });
            assert_eq!(vectors.get(row), expected.as_deref().map(Row::Single));
        }
    }
}

#[test]
fn model_names_and_sizes() {
    assert_eq!(embedder("hash-v1:768").unwrap().model(), "hash-v1");
    for bad in [
        "",
        "hash",
        "hash-v2",
        "hash-v1:",
        "hash-v1:63",
        "hash-v1:4097",
        "hash-v1:-1",
        "hash-v1 ",
        "hash-v15",
    ] {
        let error = embedder(bad).unwrap_err();
        assert!(matches!(error, Error::UnknownModel { .. }), "{bad}");
        assert!(error.to_string().contains("hash-v1 (768 dimensions)"));
    }
    assert!(matches!(HashEmbedder::new(10), Err(Error::Parameter { value: 10, .. })));
    let embedder = HashEmbedder::new(64).unwrap();
    assert!(matches!(
        embedder.embed("x", &mut [0.0; 65]),
        Err(Error::Dimensions { expected: 64, found: 65 })
    ));
}
