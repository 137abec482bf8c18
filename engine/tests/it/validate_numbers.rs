//! Social Security numbers among the numbers that look like them: none seen where none is, none missed where one is.

use std::collections::HashMap;

use muster_engine::validate::{Submission, Validator, Worker};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use crate::data::rng;

/// How many numbers each of the two properties is tried on.
const COUNT: usize = 100_000;

/// The rules of numbers that a body fails.
fn numbers(body: &str) -> Vec<&'static str> {
    let draft = json!({"to": "a@example.com", "subject": "Shift", "body": body}).to_string();
    let findings = Submission::parse(Validator::Email, &draft).findings(&HashMap::<String, Worker>::new());
    findings.iter().map(|finding| finding.rule.id).filter(|id| id.starts_with("pii.")).collect()
}

fn digits(rng: &mut ChaCha8Rng, count: usize) -> String {
    (0..count).map(|_| char::from(rng.random_range(b'0'..=b'9'))).collect()
}

fn letters(rng: &mut ChaCha8Rng, count: usize) -> String {
    (0..count).map(|_| char::from(rng.random_range(b'A'..=b'Z'))).collect()
}

/// A number of some other kind, as it is written.
fn other_number(rng: &mut ChaCha8Rng) -> String {
    let separator = *["-", " ", ".", ""].choose(rng).unwrap();
    let mut d = |count: usize| digits(rng, count);
    let parts = [d(1), d(2), d(3), d(4), d(5), d(6), d(7), d(8), d(9), d(10), d(12)];
    let [one, two, three, four, five, six, seven, eight, nine, ten, twelve] = &parts;
    let other_three = d(3);
    let s = separator;
    let (day, month, year) =
        (rng.random_range(1..=28), rng.random_range(1..=12), rng.random_range(1950..2030));
    match rng.random_range(0..34) {
        // Phone numbers.
        0 => format!("{three}{s}{other_three}{s}{four}"),
        1 => format!("({three}) {other_three}-{four}"),
        2 => format!("({three}){other_three}-{four}"),
        3 => format!("1{s}{three}{s}{other_three}{s}{four}"),
        4 => format!("{three}-{four}"),
        5 => format!("{three}-{other_three}-{four} x{three}"),
        6 => format!("{three}/{other_three}-{four}"),
        // E.164, plain and grouped.
        7 => format!("+1{three}{other_three}{four}"),
        8 => format!("+{two}{s}{three}{s}{two}{s}{four}"),
        9 => format!("+{three}{s}{two}{s}{four}"),
        10 => format!("+{nine}"),
        11 => format!("+{twelve}"),
        12 => format!("+1 ({three}) {other_three}-{four}"),
        13 => format!("+7 ({three}) {other_three}-{two}-{two}"),
        // ZIP+4.
        14 => format!("{five}-{four}"),
        15 => format!("MI {five}-{four}"),
        16 => format!("{five} {four}"),
        17 => nine.clone(),
        // Order and invoice numbers.
        18 => format!("#{nine}"),
        19 => format!("ORD-{year}-{five}"),
        20 => format!("INV-{three}-{two}-{four}"),
        21 => format!("PO {nine}"),
        22 => format!("order no. {three}-{two}-{four}"),
        23 => format!("{three}-{seven}-{seven}"),
        24 => format!("{}{s}{three}{s}{two}{s}{four}", letters(rng, 2) + one),
        // Tracking numbers.
        25 => format!("1Z{}{}", letters(rng, 3), ten.clone() + three),
        26 => format!("9{three} {four} {four} {four} {four} {two}"),
        27 => format!("tracking number {four}{s}{four}{s}{four}"),
        28 => format!("{}{nine}US", letters(rng, 2)),
        29 => format!("{one}{s}{three}{s}{two}{s}{four}{s}{six}"),
        // Dates and times.
        30 => format!("{month:02}{s}{day:02}{s}{year}"),
        31 => format!("{year}-{month:02}-{day:02}T{:02}:{:02}:{:02}", day % 24, month * 4, day * 2),
        32 => format!("{year}{month:02}{day:02} {eight}"),
        _ => format!("{:03}{s}{year}", day * month),
    }
}

const BEFORE: &[&str] = &[
    "Call ",
    "Please call me at ",
    "Ship to Detroit, MI ",
    "Your shift is ",
    "Tel: ",
    "phone=",
    "(",
    "Ref: ",
    "Hi Maria,\n",
    "see ",
    "",
    "Text us: ",
    "at gate ",
    "Confirmation #",
    "\u{201c}",
];
const AFTER: &[&str] = &[
    "",
    ".",
    ", thanks",
    " or stop by",
    ")",
    "; see you",
    "!\nRegards",
    " tomorrow",
    "?",
    ": ok",
    "\u{201d}",
    " (cell)",
    "\t",
    " - Maria",
];

#[test]
fn no_other_number_is_taken_for_a_social_security_number() {
    let mut rng = rng(20_240_601);
    let mut wrong = Vec::new();
    for _ in 0..COUNT {
        let number = other_number(&mut rng);
        let text = format!("{}{number}{}", BEFORE.choose(&mut rng).unwrap(), AFTER.choose(&mut rng).unwrap());
        if numbers(&text)
            .iter()
            .any(|rule| matches!(*rule, "pii.ssn" | "pii.itin" | "pii.bank_account" | "pii.iban"))
        {
            wrong.push(text);
        }
    }
    assert!(wrong.is_empty(), "{} of {COUNT}: {:?}", wrong.len(), &wrong[..wrong.len().min(20)]);
}

/// A number that is given out, in its three groups.
fn groups(rng: &mut ChaCha8Rng) -> [String; 3] {
    let area = loop {
        let area: u32 = rng.random_range(1..900);
        if area != 666 {
            break area;
        }
    };
    [
        format!("{area:03}"),
        format!("{:02}", rng.random_range(1..100)),
        format!("{:04}", rng.random_range(1..10_000)),
    ]
}

/// The first characters of digits of other scripts and styles.
const ZEROS: &[char] = &[
    '0',
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{e50}',
    '\u{1040}',
    '\u{17e0}',
    '\u{1810}',
    '\u{ff10}',
    '\u{104a0}',
    '\u{1d7ce}',
    '\u{1d7d8}',
    '\u{1d7e2}',
    '\u{1d7ec}',
    '\u{1d7f6}',
    '\u{1fbf0}',
    '\u{1e950}',
];

/// What cannot be seen, or stands on the character before.
const INVISIBLE: &[&str] = &[
    "\u{200b}",
    "\u{200c}",
    "\u{200d}",
    "\u{ad}",
    "\u{2060}",
    "\u{feff}",
    "\u{200e}",
    "\u{202d}",
    "\u{fe0f}",
    "\u{34f}",
    "\u{180e}",
    "\u{e0020}",
    "\u{2063}",
    "\u{fe0f}\u{20e3}",
    "\u{332}",
    "\u{0}",
    "\u{61c}",
];
const HYPHENS: &[&str] = &[
    "-", "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}", "\u{2014}", "\u{2212}", "\u{fe63}", "\u{ff0d}",
    "\u{58a}", "\u{2015}", "\u{207b}",
];
const SPACES: &[&str] =
    &[" ", "\u{a0}", "\u{2007}", "\u{202f}", "\u{3000}", "\u{2009}", "\u{205f}", "\t", "\u{2800}"];
const DOTS: &[&str] = &[".", "\u{2024}", "\u{b7}", "\u{ff0e}", "\u{2022}", "\u{3002}", "\u{30fb}"];

/// A digit as some script writes it.
fn disguised(rng: &mut ChaCha8Rng, digit: char, zero: char) -> String {
    let value = digit.to_digit(10).unwrap();
    let written = match rng.random_range(0..20) {
        0 if value > 0 => char::from_u32(0x2460 + value - 1).unwrap(),
        1 => [
            '\u{2070}', '\u{b9}', '\u{b2}', '\u{b3}', '\u{2074}', '\u{2075}', '\u{2076}', '\u{2077}',
            '\u{2078}', '\u{2079}',
        ][value as usize],
        2 => char::from_u32(0x2080 + value).unwrap(),
        3..=10 => char::from_u32(u32::from(zero) + value).unwrap(),
        _ => digit,
    };
    let mut text = written.to_string();
    if rng.random_range(0..6) == 0 {
        text.push_str(INVISIBLE.choose(rng).unwrap());
    }
    text
}

const PROSE_BEFORE: &[&str] = &[
    "",
    "SSN ",
    "SSN: ",
    "My number is ",
    "Please add ",
    "social security number=",
    "Maria's SSN (",
    "Hi Maria,\n",
    "\u{201c}",
    "ssn#",
    "on file: ",
    "Send 2 forms and ",
    "Shift at 7, ",
    "Soc. Sec. No. ",
    "candidate_ssn:",
    "ssn-",
    "See you in 2025. ",
];
const PROSE_AFTER: &[&str] = &[
    "",
    ".",
    ", thanks",
    ")",
    " is my SSN",
    "\u{201d}",
    "; ok?",
    "!",
    "\nRegards",
    " and 3 more",
    " (SSN)",
    "?",
    ": fine",
    "…",
    " - ok",
];

#[test]
fn no_social_security_number_is_missed_however_it_is_written() {
    let mut rng = rng(20_240_602);
    let mut missed = Vec::new();
    for _ in 0..COUNT {
        let separators = *[HYPHENS, HYPHENS, SPACES, DOTS].choose(&mut rng).unwrap();
        let zero = *ZEROS.choose(&mut rng).unwrap();
        let mut number = String::new();
        for (position, group) in groups(&mut rng).iter().enumerate() {
            if position > 0 {
                number.push_str(separators.choose(&mut rng).unwrap());
                if rng.random_range(0..8) == 0 {
                    number.push_str(INVISIBLE.choose(&mut rng).unwrap());
                }
            }
            for digit in group.chars() {
                number.push_str(&disguised(&mut rng, digit, zero));
            }
        }
        let text = format!(
            "{}{number}{}",
            PROSE_BEFORE.choose(&mut rng).unwrap(),
            PROSE_AFTER.choose(&mut rng).unwrap()
        );
        if !numbers(&text).contains(&"pii.ssn") {
            missed.push(text);
        }
    }
    assert!(missed.is_empty(), "{} of {COUNT}: {:?}", missed.len(), &missed[..missed.len().min(20)]);
}

#[test]
fn nine_bare_digits_beside_a_cue_are_not_missed() {
    let mut rng = rng(20_240_603);
    let cues = [
        ("SSN ", ""),
        ("SSN: ", "."),
        ("ssn=", ""),
        ("my social security number is ", ", thanks"),
        ("", " is my SSN"),
        ("", " (ssn)"),
        ("Social Security No. ", ""),
        ("SSN for Maria Lopez, worker 7: ", ""),
        ("Seguro Social: ", ""),
        ("S.S.N. ", ""),
        ("ＳＳＮ ", ""),
    ];
    for _ in 0..COUNT / 10 {
        let zero = *ZEROS.choose(&mut rng).unwrap();
        let number: String =
            groups(&mut rng).concat().chars().map(|digit| disguised(&mut rng, digit, zero)).collect();
        let (before, after) = cues.choose(&mut rng).unwrap();
        let text = format!("{before}{number}{after}");
        assert!(numbers(&text).contains(&"pii.ssn"), "{text}");
    }
}

#[test]
fn no_text_whatever_makes_it_panic() {
    let mut rng = rng(20_240_604);
    let pieces = [
        "{{",
        "}}",
        "[",
        "]",
        "<<",
        ">>",
        "%",
        "%(",
        "$",
        "${",
        "}",
        "1",
        "4111",
        "123-45-6789",
        "GB82",
        "+",
        "(",
        ")",
        " ",
        "\n",
        "é",
        "😀",
        "\u{200b}",
        "٣",
        "SSN",
        "STOP",
        "stop",
        "per hour",
        ".",
        "-",
        "\u{20e3}",
        "@",
        "\"",
        "WEST",
        "021000021",
        "account",
        "k",
        ",",
    ];
    for _ in 0..COUNT / 5 {
        let count = rng.random_range(0..40);
        let text: String = (0..count).map(|_| *pieces.choose(&mut rng).unwrap()).collect();
        let draft = json!({"to": text, "subject": text, "body": text, "kind": text, "_context": {"candidate_id": text}}).to_string();
        let proposal = json!({
            "fills": [{"candidate_id": text, "name": text}],
            "_context": {"target_count": 1, "city": text, "state": text, "role": text, "client": text},
        });
        let worker = Worker {
            name: text.clone(),
            status: text.clone(),
            city: Some(text.clone()),
            ..Worker::default()
        };
        let workers = HashMap::from([(text.clone(), worker)]);
        for validator in [Validator::Email, Validator::Sms] {
            Submission::parse(validator, &draft).findings(&workers);
        }
        Submission::parse(Validator::Fill, &proposal.to_string()).findings(&workers);
        Submission::parse(Validator::Fill, &text).findings(&workers);
    }
}

#[test]
fn no_digits_behind_a_plus_make_it_panic() {
    let mut rng = rng(20_240_605);
    let workers = HashMap::<String, Worker>::new();
    for _ in 0..COUNT / 20 {
        let count = rng.random_range(8..=15);
        let draft = json!({"to": format!("+{}", digits(&mut rng, count)), "body": "STOP"}).to_string();
        let findings = Submission::parse(Validator::Sms, &draft).findings(&workers);
        assert!(findings.iter().all(|finding| finding.rule.id.starts_with("to.")), "{findings:?}");
    }
}

#[test]
fn long_texts_take_no_more_than_their_length() {
    // Where a rule looked at all of a text for each number in it, these would not end.
    let workers = HashMap::<String, Worker>::new();
    for piece in [
        "123456789 ",
        "1-",
        "4111 ",
        "GB82",
        "[A",
        "{{",
        "a1.",
        "$1 ",
        "%",
        "stop ",
        "SSN ",
        "é1",
        "123-45-6789-",
    ] {
        let text = piece.repeat(1_000_000 / piece.len());
        let draft = json!({"to": text, "subject": text, "body": text}).to_string();
        assert!(!Submission::parse(Validator::Sms, &draft).findings(&workers).is_empty());
    }
}
