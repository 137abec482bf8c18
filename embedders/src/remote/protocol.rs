//! What Ollama and OpenAI want to read, and how they answer.
//!
//! It sends nothing and checks no vector but for its place.

use std::fmt;

use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Ollama,
    OpenAi,
}

#[derive(Serialize)]
struct OllamaRequest<'a> {
    model: &'a str,
    input: &'a [String],
    /// A text that is too long for the model is refused, not cut.
    truncate: bool,
}

#[derive(Deserialize)]
struct OllamaAnswer {
    embeddings: Vec<Vec<f32>>,
}

#[derive(Serialize)]
struct OpenAiRequest<'a> {
    model: &'a str,
    input: &'a [String],
    encoding_format: &'static str,
}

#[derive(Deserialize)]
struct OpenAiAnswer {
    data: Vec<OpenAiVector>,
}

#[derive(Deserialize)]
struct OpenAiVector {
    index: usize,
    embedding: Vec<f32>,
}

impl Protocol {
    /// The method's path under a provider's.
    pub(super) fn path_under(self, path: &str) -> String {
        let method = match self {
            Self::Ollama if path.ends_with("/api/embed") => "",
            Self::Ollama => "/api/embed",
            Self::OpenAi if path.ends_with("/embeddings") => "",
            Self::OpenAi if path.ends_with("/v1") => "/embeddings",
            Self::OpenAi => "/v1/embeddings",
        };
        format!("{path}{method}")
    }

    /// The body of a request.
    ///
    /// # Errors
    /// What JSON cannot say; there is no such text.
    pub(super) fn write(self, model: &str, input: &[String]) -> Result<Vec<u8>, String> {
        let written = match self {
            Self::Ollama => serde_json::to_vec(&OllamaRequest { model, input, truncate: false }),
            Self::OpenAi => serde_json::to_vec(&OpenAiRequest { model, input, encoding_format: "float" }),
        };
        written.map_err(|error| error.to_string())
    }

    /// The vectors of an answer, in the texts' order.
    ///
    /// # Errors
    /// What is wrong with the answer.
    pub(super) fn read(self, body: &[u8], texts: usize) -> Result<Vec<Vec<f32>>, String> {
        let wrong = |error: serde_json::Error| format!("its answer is no JSON of the expected form: {error}");
        match self {
            Self::Ollama => Ok(serde_json::from_slice::<OllamaAnswer>(body).map_err(wrong)?.embeddings),
            Self::OpenAi => ordered(serde_json::from_slice::<OpenAiAnswer>(body).map_err(wrong)?.data, texts),
        }
    }

    /// What an answer says went wrong: both have it as `error`, a text or an object with a message.
    pub(super) fn complaint(body: &[u8]) -> Option<String> {
        let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
        let error = answer.get("error")?;
        error.as_str().or_else(|| error.get("message")?.as_str()).map(str::to_string)
    }
}

/// Vectors by their index.
fn ordered(data: Vec<OpenAiVector>, texts: usize) -> Result<Vec<Vec<f32>>, String> {
    if data.len() != texts {
        return Err(format!("{} vectors came for {texts} texts", data.len()));
    }
    let mut vectors = vec![None; texts];
    for OpenAiVector { index, embedding } in data {
        let place = vectors
            .get_mut(index)
            .ok_or_else(|| format!("a vector of text {index} came for {texts} texts"))?;
        if place.replace(embedding).is_some() {
            return Err(format!("two vectors of text {index} came"));
        }
    }
    Ok(vectors.into_iter().flatten().collect())
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ollama => "ollama",
            Self::OpenAi => "openai",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_as_the_providers_document_them() {
        let texts = ["a \"b\"".to_string(), "ß".to_string()];
        let written = |protocol: Protocol| String::from_utf8(protocol.write("m", &texts).unwrap()).unwrap();
        assert_eq!(written(Protocol::Ollama), r#"{"model":"m","input":["a \"b\"","ß"],"truncate":false}"#);
        assert_eq!(
            written(Protocol::OpenAi),
            r#"{"model":"m","input":["a \"b\"","ß"],"encoding_format":"float"}"#
        );
    }

    #[test]
    fn vectors_come_in_the_order_of_their_index() {
        let read = |body: &str| Protocol::OpenAi.read(body.as_bytes(), 2);
        let body = r#"{"data":[{"index":1,"embedding":[2]},{"index":0,"embedding":[1.5],"object":"embedding"}],"usage":{}}"#;
        assert_eq!(read(body).unwrap(), [[1.5], [2.0]]);
        for (body, said) in [
            (
                r#"{"data":[{"index":0,"embedding":[2]},{"index":0,"embedding":[1]}]}"#,
                "two vectors of text 0",
            ),
            (r#"{"data":[{"index":0,"embedding":[2]},{"index":2,"embedding":[1]}]}"#, "a vector of text 2"),
            (r#"{"data":[{"index":0,"embedding":[2]}]}"#, "1 vectors came for 2 texts"),
            (r#"{"data":[{"embedding":[2]},{"embedding":[1]}]}"#, "missing field `index`"),
            (r#"{"data":[{"index":0,"embedding":[null]}]}"#, "no JSON of the expected form"),
            ("<html>", "no JSON of the expected form"),
            ("", "no JSON of the expected form"),
        ] {
            assert!(read(body).unwrap_err().contains(said), "{body}");
        }
    }

    #[test]
    fn complaints_are_found() {
        let complaint = |body: &str| Protocol::complaint(body.as_bytes());
        assert_eq!(complaint(r#"{"error":"no such model"}"#).unwrap(), "no such model");
        assert_eq!(complaint(r#"{"error":{"message":"wrong key","code":1}}"#).unwrap(), "wrong key");
        assert_eq!(complaint("{}"), None);
        assert_eq!(complaint("oops"), None);
    }
}
