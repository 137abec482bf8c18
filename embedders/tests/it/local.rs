//! A tiny random BERT in a folder, against the same computation written down here in f64.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use muster_embedders::{CacheLimits, EmbedderConfig, Embedders, Provider as Kind};
use muster_engine::{Error, Purpose};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use crate::{embed, embed_for};

const HIDDEN: usize = 32;
const HEADS: usize = 4;
const LAYERS: usize = 2;
const INNER: usize = 64;
const POSITIONS: usize = 12;
const EPSILON: f64 = 1e-12;

const WORDS: [&str; 12] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "forklift", "operator", "weld", "##er", "nurse", "night", "shift",
    ",",
];

/// By name, shape and values.
type Weights = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn weights() -> Weights {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut weights = Weights::new();
    let mut add = |name: String, shape: &[usize], around: f32| {
        let count = shape.iter().product();
        let values = (0..count).map(|_| around + random.random_range(-0.3..0.3)).collect();
        weights.insert(name, (shape.to_vec(), values));
    };
    add("embeddings.word_embeddings.weight".into(), &[WORDS.len(), HIDDEN], 0.0);
    add("embeddings.position_embeddings.weight".into(), &[POSITIONS, HIDDEN], 0.0);
    add("embeddings.token_type_embeddings.weight".into(), &[2, HIDDEN], 0.0);
    add("embeddings.LayerNorm.weight".into(), &[HIDDEN], 1.0);
    add("embeddings.LayerNorm.bias".into(), &[HIDDEN], 0.0);
    for layer in 0..LAYERS {
        let mut linear = |name: &str, to: usize, from: usize| {
            add(format!("encoder.layer.{layer}.{name}.weight"), &[to, from], 0.0);
            add(format!("encoder.layer.{layer}.{name}.bias"), &[to], 0.0);
        };
        linear("attention.self.query", HIDDEN, HIDDEN);
        linear("attention.self.key", HIDDEN, HIDDEN);
        linear("attention.self.value", HIDDEN, HIDDEN);
        linear("attention.output.dense", HIDDEN, HIDDEN);
        linear("intermediate.dense", INNER, HIDDEN);
        linear("output.dense", HIDDEN, INNER);
        for norm in ["attention.output.LayerNorm", "output.LayerNorm"] {
            add(format!("encoder.layer.{layer}.{norm}.weight"), &[HIDDEN], 1.0);
            add(format!("encoder.layer.{layer}.{norm}.bias"), &[HIDDEN], 0.0);
        }
    }
    weights
}

/// The safetensors format: the length of a header, the header, the values.
fn write_safetensors(path: &Path, weights: &Weights) {
    let mut header = serde_json::Map::new();
    let mut values = Vec::new();
    for (name, (shape, numbers)) in weights {
        let start = values.len();
        values.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        header.insert(
            name.clone(),
            json!({"dtype": "F32", "shape": shape, "data_offsets": [start, values.len()]}),
        );
    }
    let mut header = serde_json::to_vec(&header).unwrap();
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    file.extend(values);
    fs::write(path, file).unwrap();
}

fn write_model(folder: &Path, weights: &Weights) {
    write_safetensors(&folder.join("model.safetensors"), weights);
    let config = json!({
        "model_type": "bert", "vocab_size": WORDS.len(), "hidden_size": HIDDEN, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "intermediate_size": INNER, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
        "max_position_embeddings": POSITIONS, "type_vocab_size": 2, "initializer_range": 0.02,
        "layer_norm_eps": EPSILON, "pad_token_id": 0
    });
    fs::write(folder.join("config.json"), config.to_string()).unwrap();
    let special = |id: usize| {
        json!({"id": id, "content": WORDS[id], "single_word": false, "lstrip": false, "rstrip": false,
               "normalized": false, "special": true})
    };
    let vocab: BTreeMap<&str, usize> = WORDS.iter().enumerate().map(|(id, word)| (*word, id)).collect();
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": (0..4).map(special).collect::<Vec<_>>(),
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                       "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": vocab}
    });
    fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).unwrap();
}

/// The same computation, token by token, in f64.
struct Reference<'a>(&'a Weights);

impl Reference<'_> {
    fn get(&self, name: &str) -> &[f32] {
        &self.0[name].1
    }

    fn row(&self, name: &str, row: usize) -> Vec<f64> {
        self.get(name)[row * HIDDEN..(row + 1) * HIDDEN].iter().map(|&x| f64::from(x)).collect()
    }

    fn linear(&self, name: &str, input: &[f64]) -> Vec<f64> {
        let (weight, bias) = (self.get(&format!("{name}.weight")), self.get(&format!("{name}.bias")));
        let rows = weight.chunks_exact(input.len());
        let sum = |row: &[f32]| -> f64 { row.iter().zip(input).map(|(&w, x)| f64::from(w) * x).sum() };
        rows.zip(bias).map(|(row, &bias)| sum(row) + f64::from(bias)).collect()
    }

    fn norm(&self, name: &str, input: &[f64]) -> Vec<f64> {
        let count = input.len() as f64;
        let mean = input.iter().sum::<f64>() / count;
        let variance = input.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        let (weight, bias) = (self.get(&format!("{name}.weight")), self.get(&format!("{name}.bias")));
        let scaled = input.iter().map(|x| (x - mean) / (variance + EPSILON).sqrt());
        scaled.zip(weight.iter().zip(bias)).map(|(x, (&w, &b))| x * f64::from(w) + f64::from(b)).collect()
    }

    /// The vectors of the tokens.
    fn hidden(&self, ids: &[usize]) -> Vec<Vec<f64>> {
        let mut rows: Vec<Vec<f64>> = (ids.iter().enumerate())
            .map(|(position, &id)| {
                let word = self.row("embeddings.word_embeddings.weight", id);
                let place = self.row("embeddings.position_embeddings.weight", position);
                let kind = self.row("embeddings.token_type_embeddings.weight", 0);
                self.norm("embeddings.LayerNorm", &sum(&sum(&word, &place), &kind))
            })
            .collect();
        for layer in 0..LAYERS {
            let name = |part: &str| format!("encoder.layer.{layer}.{part}");
            let all = |part: &str| -> Vec<Vec<f64>> {
                rows.iter().map(|row| self.linear(&name(&format!("attention.self.{part}")), row)).collect()
            };
            let (queries, keys, values) = (all("query"), all("key"), all("value"));
            let size = HIDDEN / HEADS;
            let attended = queries.iter().map(|query| {
                let mut context = vec![0.0; HIDDEN];
                for head in 0..HEADS {
                    let part = head * size..(head + 1) * size;
                    let scores: Vec<f64> = keys
                        .iter()
                        .map(|key| {
                            let dot: f64 =
                                query[part.clone()].iter().zip(&key[part.clone()]).map(|(a, b)| a * b).sum();
                            (dot / (size as f64).sqrt()).exp()
                        })
                        .collect();
                    let whole: f64 = scores.iter().sum();
                    for (score, value) in scores.iter().zip(&values) {
                        for place in part.clone() {
                            context[place] += score / whole * value[place];
                        }
                    }
                }
                context
            });
            rows = attended
                .zip(&rows)
                .map(|(context, row)| {
                    let out = self.linear(&name("attention.output.dense"), &context);
                    let row = self.norm(&name("attention.output.LayerNorm"), &sum(&out, row));
                    let inner = self.linear(&name("intermediate.dense"), &row).into_iter().map(gelu);
                    let out = self.linear(&name("output.dense"), &inner.collect::<Vec<_>>());
                    self.norm(&name("output.LayerNorm"), &sum(&out, &row))
                })
                .collect();
        }
        rows
    }

    fn mean(&self, ids: &[usize]) -> Vec<f32> {
        let rows = self.hidden(ids);
        let total = rows.iter().fold(vec![0.0; HIDDEN], |total, row| sum(&total, row));
        unit(&total)
    }
}

fn sum(one: &[f64], other: &[f64]) -> Vec<f64> {
    one.iter().zip(other).map(|(a, b)| a + b).collect()
}

fn unit(vector: &[f64]) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    vector.iter().map(|x| (x / length) as f32).collect()
}

fn gelu(x: f64) -> f64 {
    x * 0.5 * (1.0 + erf(x / std::f64::consts::SQRT_2))
}

/// By its series, which is exact enough for what comes here.
fn erf(x: f64) -> f64 {
    let (mut term, mut total) = (x, x);
    for n in 1..200 {
        term *= -x * x / f64::from(n);
        total += term / f64::from(2 * n + 1);
    }
    total * 2.0 / std::f64::consts::PI.sqrt()
}

fn open(folder: &Path, change: impl FnOnce(&mut EmbedderConfig)) -> muster_engine::Result<Embedders> {
    let mut config = EmbedderConfig::new(Kind::Local);
    config.path = Some(folder.to_path_buf());
    change(&mut config);
    Embedders::open(
        [("tiny".to_string(), config)].into(),
        CacheLimits { memory_bytes: 0, disk_bytes: 0 },
        None,
    )
}

fn assert_near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let most = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(most < 1e-5, "{most}");
}

/// Texts and their tokens.
fn texts() -> [(&'static str, Vec<usize>); 4] {
    [
        ("Forklift operator, night shift", vec![2, 4, 5, 11, 9, 10, 3]),
        ("welder", vec![2, 6, 7, 3]),
        ("", vec![2, 3]),
        // Longer than the model takes: cut, its end mark kept.
        ("nurse nurse nurse nurse nurse nurse nurse nurse nurse nurse nurse nurse shift xyz", {
            let mut ids = vec![2];
            ids.resize(POSITIONS - 1, 8);
            ids.push(3);
            ids
        }),
    ]
}

#[test]
fn a_model_in_a_folder_gives_the_mean_of_its_tokens() {
    let dir = tempfile::tempdir().unwrap();
    let weights = weights();
    write_model(dir.path(), &weights);
    let embedders = open(dir.path(), |config| config.query_prefix = "welder ".to_string()).unwrap();
    let embedder = embedders.get("tiny").unwrap();
    assert_eq!((embedder.dimensions(), embedder.waits()), (HIDDEN, true));
    let texts = texts();
    let inputs: Vec<&str> = texts.iter().map(|(text, _)| *text).collect();
    // All at once, which pads them, and one by one.
    let together = embed(embedder.as_ref(), &inputs).unwrap();
    for ((text, ids), vector) in texts.iter().zip(&together) {
        let expected = Reference(&weights).mean(ids);
        assert_near(vector, &expected);
        assert_near(&embed(embedder.as_ref(), &[text]).unwrap()[0], &expected);
    }
    let query = embed_for(embedder.as_ref(), Purpose::Query, &["nurse"]).unwrap();
    assert_near(&query[0], &Reference(&weights).mean(&[2, 6, 7, 8, 3]));
    let stopped = embedder.embed_for(Purpose::Document, &[Some("nurse")], &|| false);
    assert!(matches!(stopped, Err(Error::Interrupted)));
}

#[test]
fn pooling_and_length_are_as_the_folder_says() {
    let dir = tempfile::tempdir().unwrap();
    let weights = weights();
    write_model(dir.path(), &weights);
    let mean = open(dir.path(), |_| {}).unwrap().get("tiny").unwrap().fingerprint().unwrap();
    fs::create_dir(dir.path().join("1_Pooling")).unwrap();
    let pooling = dir.path().join("1_Pooling/config.json");
    fs::write(&pooling, r#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#).unwrap();
    fs::write(dir.path().join("sentence_bert_config.json"), r#"{"max_seq_length": 4}"#).unwrap();
    let embedders = open(dir.path(), |config| config.normalize = false).unwrap();
    let embedder = embedders.get("tiny").unwrap();
    assert_ne!(embedder.fingerprint().unwrap(), mean);
    let vectors = embed(embedder.as_ref(), &["night shift nurse forklift", "nurse"]).unwrap();
    for (vector, ids) in vectors.iter().zip([&[2, 9, 10, 3][..], &[2, 8, 3]]) {
        let expected: Vec<f32> = Reference(&weights).hidden(ids)[0].iter().map(|&x| x as f32).collect();
        assert_near(vector, &expected);
    }
    for (text, said) in [
        (r#"{"pooling_mode_max_tokens": true}"#, "pooling by max is not supported"),
        (r#"{"pooling_mode_max_tokens": true, "pooling_mode_cls_token": true}"#, "pooling by cls and max"),
        ("{}", "chooses no pooling"),
        ("[", "is not as expected"),
    ] {
        fs::write(&pooling, text).unwrap();
        assert!(open(dir.path(), |_| {}).unwrap_err().to_string().contains(said), "{text}");
    }
}

#[test]
fn a_folder_that_is_no_model_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let said = |change: fn(&mut EmbedderConfig)| {
        let error = open(dir.path(), change).unwrap_err();
        assert!(matches!(error, Error::Configuration { .. }), "{error:?}");
        error.to_string()
    };
    assert!(said(|_| {}).contains("there is no config.json"));
    let mut weights = weights();
    write_model(dir.path(), &weights);
    assert!(
        said(|config| config.dimensions = Some(384))
            .contains("the model has 32 dimensions, 384 are configured")
    );
    fs::write(dir.path().join("modules.json"), r#"[{"type": "sentence_transformers.models.Dense"}]"#)
        .unwrap();
    assert!(said(|_| {}).contains("the module sentence_transformers.models.Dense is not supported"));
    fs::remove_file(dir.path().join("modules.json")).unwrap();
    let config = fs::read_to_string(dir.path().join("config.json")).unwrap();
    fs::write(dir.path().join("config.json"), config.replace("\"bert\"", "\"t5\"")).unwrap();
    assert!(said(|_| {}).contains("a model of type \"t5\" is not supported"));
    fs::write(dir.path().join("config.json"), config).unwrap();
    // The weights are looked at when somebody embeds; what is mended then is used.
    let embedders = open(dir.path(), |_| {}).unwrap();
    let embedder = embedders.get("tiny").unwrap();
    let taken = weights.remove("encoder.layer.1.output.dense.bias").unwrap();
    write_safetensors(&dir.path().join("model.safetensors"), &weights);
    let error = embed(embedder.as_ref(), &["nurse"]).unwrap_err().to_string();
    assert!(error.contains("model.safetensors") && error.contains("encoder.layer.1"), "{error}");
    fs::write(dir.path().join("model.safetensors"), [9; 100]).unwrap();
    embed(embedder.as_ref(), &["nurse"]).unwrap_err();
    weights.insert("encoder.layer.1.output.dense.bias".to_string(), taken);
    write_safetensors(&dir.path().join("model.safetensors"), &weights);
    assert_near(&embed(embedder.as_ref(), &["nurse"]).unwrap()[0], &Reference(&weights).mean(&[2, 8, 3]));
}
