//! A provider of embeddings that speaks both protocols over real HTTP, and fails as it is told to.
//!
//! Its vectors are drawn from the text, so that everybody can work out what must come back; they are not of unit length.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

/// What goes wrong with one request.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// An answer of this status, with the header `Retry-After` and this body.
    Status(u16, Option<&'static str>, &'static str),
    /// The answer comes after so long.
    Slow(Duration),
    /// The connection is closed before the answer.
    HangUp,
    /// The connection is closed in the middle of the answer.
    BreakOff,
    /// The body is this, whatever was asked.
    Body(&'static str),
    /// Each vector has so many elements.
    Dimensions(usize),
    /// The last vector is missing.
    OneTooFew,
    /// All elements are zero.
    Zeros,
    /// An element that no f32 can hold.
    TooLarge,
    /// A body of so many bytes.
    Huge(usize),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Value,
}

impl Asked {
    pub(crate) fn texts(&self) -> Vec<String> {
        let texts = self.body["input"].as_array().unwrap();
        texts.iter().map(|text| text.as_str().unwrap().to_string()).collect()
    }
}

#[derive(Default)]
struct Shared {
    faults: Mutex<VecDeque<Fault>>,
    asked: Mutex<Vec<Asked>>,
    connections: Mutex<Vec<TcpStream>>,
    stopped: AtomicBool,
    /// Answers that could not be sent, because nobody was there any more.
    unheard: AtomicU64,
}

/// See the module. It ends when dropped.
pub(crate) struct Provider {
    address: SocketAddr,
    dimensions: usize,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Provider {
    pub(crate) fn start(dimensions: usize) -> Self {
        Self::start_on("127.0.0.1:0".parse().unwrap(), dimensions)
    }

    /// Starts where another one was.
    pub(crate) fn start_on(address: SocketAddr, dimensions: usize) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let serving = shared.clone();
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                serving.connections.lock().unwrap().push(stream.try_clone().unwrap());
                let serving = serving.clone();
                std::thread::spawn(move || while serve(&stream, dimensions, &serving).is_some() {});
            }
        });
        Self { address, dimensions, shared, thread: Some(thread) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What goes wrong with the next requests, in their order.
    pub(crate) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.faults.lock().unwrap().extend(faults);
    }

    /// The requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// The requests so far; they are forgotten.
    pub(crate) fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.shared.asked.lock().unwrap())
    }

    pub(crate) fn unheard(&self) -> u64 {
        self.shared.unheard.load(Ordering::SeqCst)
    }

    /// The vector of a text, of unit length.
    pub(crate) fn unit(&self, text: &str) -> Vec<f32> {
        unit(&vector(text, self.dimensions))
    }

    fn stop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _woken = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        for connection in self.shared.connections.lock().unwrap().drain(..) {
            let _closed = connection.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What the provider gives for a text.
pub(crate) fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for byte in text.bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(17);
    }
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Eighths: exact in every text that a number may become.
        f32::from(i16::try_from((state >> 33) % 161).unwrap() - 80) / 8.0
    };
    let mut vector: Vec<f32> = (0..dimensions).map(|_| next()).collect();
    vector[0] += 21.0;
    vector
}

/// The same vector of unit length.
pub(crate) fn unit(vector: &[f32]) -> Vec<f32> {
    let length = vector.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
    vector.iter().map(|&x| (f64::from(x) / length) as f32).collect()
}

/// Serves one request; `None` when the connection is over.
fn serve(stream: &TcpStream, dimensions: usize, shared: &Shared) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let path = line.split(' ').nth(1)?.to_string();
    assert!(line.starts_with("POST "), "{line}");
    let (mut length, mut authorization) = (0, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|length| *length > 0)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap(),
            "authorization" => authorization = Some(value.trim().to_string()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let asked = Asked { path, authorization, body: serde_json::from_slice(&body).unwrap() };
    let texts = asked.texts();
    let ollama = asked.path.ends_with("/api/embed");
    shared.asked.lock().unwrap().push(asked);
    let fault = shared.faults.lock().unwrap().pop_front().unwrap_or(Fault::None);

    let size = if let Fault::Dimensions(size) = fault { size } else { dimensions };
    let mut vectors: Vec<Vec<f32>> = texts.iter().map(|text| vector(text, size)).collect();
    match fault {
        Fault::OneTooFew => drop(vectors.pop()),
        Fault::Zeros => vectors.iter_mut().for_each(|vector| vector.fill(0.0)),
        _ => {}
    }
    let mut answer = if ollama {
        json!({"model": "m", "embeddings": vectors})
    } else {
        // The last first: who does not look at the index mixes them up.
        let data = vectors.iter().enumerate().rev();
        let data: Vec<Value> = data
            .map(|(index, vector)| json!({"object": "embedding", "index": index, "embedding": vector}))
            .collect();
        json!({"object": "list", "data": data})
    }
    .to_string();
    let (mut status, mut retry) = (200, String::new());
    match fault {
        Fault::Status(code, after, said) => {
            status = code;
            retry = after.map(|after| format!("Retry-After: {after}\r\n")).unwrap_or_default();
            answer = said.to_string();
        }
        Fault::Slow(wait) => std::thread::sleep(wait),
        Fault::HangUp => {
            let _closed = stream.shutdown(Shutdown::Both);
            return None;
        }
        Fault::Body(body) => answer = body.to_string(),
        Fault::TooLarge => {
            answer =
                answer.replacen("[[", "[[1e39,", 1).replacen("\"embedding\":[", "\"embedding\":[1e39,", 1)
        }
        Fault::Huge(bytes) => answer = format!("\"{}\"", "x".repeat(bytes)),
        _ => {}
    }
    let head = format!(
        "HTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\n{retry}Content-Length: {}\r\n\r\n",
        answer.len()
    );
    let mut out = stream;
    if matches!(fault, Fault::BreakOff) {
        let _sent = out.write_all(format!("{head}{}", &answer[..answer.len() / 2]).as_bytes());
        let _closed = stream.shutdown(Shutdown::Both);
        return None;
    }
    // A closed connection takes the first bytes and refuses later ones.
    let sent = out.write_all(head.as_bytes()).and_then(|()| {
        std::thread::sleep(Duration::from_millis(if matches!(fault, Fault::Slow(_)) { 20 } else { 0 }));
        out.write_all(answer.as_bytes())
    });
    if sent.is_err() {
        shared.unheard.fetch_add(1, Ordering::SeqCst);
        return None;
    }
    Some(())
}
