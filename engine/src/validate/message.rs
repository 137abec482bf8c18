//! The form of a message: the length of a subject, the length and segments of a text message, and how to stop it.

use super::gsm7::Encoding;
use super::rule::{SMS_LENGTH, SMS_OPT_OUT, SMS_SEGMENTS, SUBJECT_LENGTH};
use super::{Finding, text};

/// The length of a line that RFC 5322 asks for.
const SUBJECT: usize = 78;

/// The characters of one GSM-7 segment.
const SMS: usize = 160;

/// Words that tell how to end messages, in lower case, directly before or behind the word `stop`.
const BEFORE_STOP: &[&str] = &["reply", "text", "txt", "send", "respond", "answer", "type", "write", "with"];
const AFTER_STOP: &[&str] =
    &["to opt", "to end", "to stop", "to unsubscribe", "to cancel", "to quit", "2 end", "= end", "=end"];

/// Adds a finding for a subject that mail programs will cut off.
pub(super) fn subject(subject: &str, findings: &mut Vec<Finding>) {
    let length = subject.chars().count();
    if length > SUBJECT {
        findings.push(
            SUBJECT_LENGTH.fails("subject", format!("has {length} characters; over {SUBJECT} are cut off")),
        );
    }
}

/// Adds what is wrong with the text of a text message.
pub(super) fn sms(body: &str, normalised: &str, findings: &mut Vec<Finding>) {
    let length = body.chars().count();
    if length > SMS {
        let reason = format!("has {length} characters, {} more than the {SMS} of one message", length - SMS);
        findings.push(SMS_LENGTH.fails("body", reason));
    }
    let encoding = Encoding::of(body);
    let segments = encoding.segments(body);
    if segments > 1 {
        let encoding = match encoding {
            Encoding::Gsm7 => "GSM-7".to_string(),
            Encoding::Ucs2 { forced_by } => {
                let code = u32::from(forced_by);
                format!("UCS-2, because of the character {} (U+{code:04X})", shown(forced_by))
            }
        };
        findings.push(SMS_SEGMENTS.fails("body", format!("takes {segments} segments in {encoding}")));
    }
    if !tells_how_to_stop(normalised) {
        findings
            .push(SMS_OPT_OUT.fails("body", "does not say how to opt out; add \"Reply STOP to opt out\""));
    }
}

/// A character in quotation marks; of those that cannot be seen, nothing.
fn shown(c: char) -> String {
    let is_invisible = text::is_blank(c.encode_utf8(&mut [0; 4]));
    if is_invisible { "that cannot be seen".to_string() } else { format!("'{c}'") }
}

/// Whether STOP stands there in capitals, or in any case in a phrase about opting out: a bus stop is none.
fn tells_how_to_stop(body: &str) -> bool {
    let is_word = |text: &str, start: usize, end: usize| {
        let (before, after) = (text.get(..start), text.get(end..));
        !before.is_some_and(|before| before.ends_with(char::is_alphanumeric))
            && !after.is_some_and(|after| after.starts_with(char::is_alphanumeric))
    };
    if body.match_indices("STOP").any(|(start, stop)| is_word(body, start, start + stop.len())) {
        return true;
    }
    let lower = body.to_lowercase();
    lower.match_indices("stop").any(|(start, stop)| {
        let end = start + stop.len();
        let before = lower.get(..start).unwrap_or_default().trim_end_matches([' ', '"', '\'']);
        let after = lower.get(end..).unwrap_or_default().trim_start_matches([' ', '"', '\'', ',']);
        let ends_with = |word: &&str| {
            before.strip_suffix(*word).is_some_and(|before| !before.ends_with(char::is_alphanumeric))
        };
        is_word(&lower, start, end)
            && (BEFORE_STOP.iter().any(ends_with) || AFTER_STOP.iter().any(|words| after.starts_with(words)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(body: &str) -> Vec<&'static str> {
        let mut findings = Vec::new();
        sms(body, body, &mut findings);
        findings.iter().map(|finding| finding.rule.id).collect()
    }

    #[test]
    fn opting_out_is_told_by_stop() {
        for body in [
            "Reply STOP to opt out",
            "STOP=end",
            "text stop to end",
            "reply \"stop\"",
            "Stop to unsubscribe",
            "Txt STOP.",
        ] {
            assert!(rules(body).is_empty(), "{body}");
        }
        for body in
            ["meet at the bus stop", "non-stop work", "STOPPED", "unstoppable", "stop by at 7", "call us"]
        {
            assert_eq!(rules(body), ["sms.opt_out"], "{body}");
        }
    }

    #[test]
    fn a_text_message_has_160_characters_and_one_segment() {
        let body = |c: &str, count: usize| format!("STOP {}", c.repeat(count));
        assert!(rules(&body("a", 155)).is_empty());
        assert_eq!(rules(&body("a", 156)), ["sms.length", "sms.segments"]);
        assert!(rules(&body("{", 77)).is_empty());
        assert_eq!(rules(&body("{", 78)), ["sms.segments"]);
        assert!(rules(&body("é", 155)).is_empty() && rules(&body("ж", 65)).is_empty());
        assert_eq!(rules(&body("ж", 66)), ["sms.segments"]);
    }

    #[test]
    fn the_character_that_costs_the_segments_is_named() {
        let mut findings = Vec::new();
        sms(&format!("STOP it\u{2019}s{}", "a".repeat(70)), "STOP", &mut findings);
        assert_eq!(
            findings[0].reason,
            "takes 2 segments in UCS-2, because of the character '\u{2019}' (U+2019)"
        );
        findings.clear();
        sms(&format!("STOP\u{200b}{}", "a".repeat(70)), "STOP", &mut findings);
        assert_eq!(
            findings[0].reason,
            "takes 2 segments in UCS-2, because of the character that cannot be seen (U+200B)"
        );
    }

    #[test]
    fn a_subject_has_78_characters() {
        let mut findings = Vec::new();
        subject(&"é".repeat(78), &mut findings);
        assert!(findings.is_empty());
        subject(&"é".repeat(79), &mut findings);
        assert_eq!(findings[0].rule.id, "subject.length");
    }
}
