//! Patterns of dates and times, `YYYY-MM-DD HH24:MI:SS`, cut into their parts: what `to_char`, `to_date` and `to_timestamp` share.

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Field {
        field: Field,
        /// As it is written, which tells the letters' case.
        written: &'static str,
        /// `FM`: no zeros and blanks that fill up.
        fill: bool,
        /// `TH` or `th` behind it.
        ordinal: Option<bool>,
    },
    Literal(char),
    /// Between double quotes.
    Quoted(char),
}

/// What a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Era,
    Meridiem,
    Century,
    DayName,
    DayAbbreviation,
    DayOfYear,
    IsoDayOfYear,
    Day,
    DayOfWeek,
    IsoDayOfWeek,
    Fraction(u8),
    Hour24,
    Hour12,
    Julian,
    Minute,
    Month,
    MonthName,
    MonthAbbreviation,
    Milliseconds,
    Offset,
    OffsetHours,
    OffsetMinutes,
    Quarter,
    Roman,
    SecondsOfDay,
    Second,
    Zone,
    Microseconds,
    Week,
    IsoWeek,
    YearComma,
    /// So many of the year's last digits.
    Year(u8),
    IsoYear(u8),
}

use Field::*;

/// Longer words before those that they begin with.
const WORDS: &[(&str, Field)] = &[
    ("A.D.", Era),
    ("a.d.", Era),
    ("B.C.", Era),
    ("b.c.", Era),
    ("A.M.", Meridiem),
    ("a.m.", Meridiem),
    ("P.M.", Meridiem),
    ("p.m.", Meridiem),
    ("AD", Era),
    ("ad", Era),
    ("BC", Era),
    ("bc", Era),
    ("AM", Meridiem),
    ("am", Meridiem),
    ("PM", Meridiem),
    ("pm", Meridiem),
    ("CC", Century),
    ("DAY", DayName),
    ("Day", DayName),
    ("day", DayName),
    ("DDD", DayOfYear),
    ("DD", Day),
    ("DY", DayAbbreviation),
    ("Dy", DayAbbreviation),
    ("dy", DayAbbreviation),
    ("D", DayOfWeek),
    ("FF1", Fraction(1)),
    ("FF2", Fraction(2)),
    ("FF3", Fraction(3)),
    ("FF4", Fraction(4)),
    ("FF5", Fraction(5)),
    ("FF6", Fraction(6)),
    ("HH24", Hour24),
    ("HH12", Hour12),
    ("HH", Hour12),
    ("IDDD", IsoDayOfYear),
    ("ID", IsoDayOfWeek),
    ("IW", IsoWeek),
    ("IYYY", IsoYear(4)),
    ("IYY", IsoYear(3)),
    ("IY", IsoYear(2)),
    ("I", IsoYear(1)),
    ("J", Julian),
    ("MI", Minute),
    ("MM", Month),
    ("MONTH", MonthName),
    ("Month", MonthName),
    ("month", MonthName),
    ("MON", MonthAbbreviation),
    ("Mon", MonthAbbreviation),
    ("mon", MonthAbbreviation),
    ("MS", Milliseconds),
    ("OF", Offset),
    ("Q", Quarter),
    ("RM", Roman),
    ("rm", Roman),
    ("SSSSS", SecondsOfDay),
    ("SSSS", SecondsOfDay),
    ("SS", Second),
    ("TZH", OffsetHours),
    ("TZM", OffsetMinutes),
    ("TZ", Zone),
    ("tz", Zone),
    ("US", Microseconds),
    ("WW", Week),
    ("W", Week),
    ("Y,YYY", YearComma),
    ("YYYY", Year(4)),
    ("YYY", Year(3)),
    ("YY", Year(2)),
    ("Y", Year(1)),
];

/// The word that a pattern begins with, in capitals or without.
fn word(rest: &str) -> Option<(&'static str, Field)> {
    let exact = WORDS.iter().find(|(word, _)| rest.starts_with(word));
    // Only of those with capitals alone is the case of no meaning: `yyyy`, `Hh24`.
    let folded = WORDS.iter().find(|(word, field)| {
        let cased = matches!(
            field,
            Era | Meridiem | DayName | DayAbbreviation | MonthName | MonthAbbreviation | Roman | Zone
        );
        !cased && rest.starts_with(&word.to_lowercase())
    });
    let longer = match (exact, folded) {
        (Some(exact), Some(folded)) if folded.0.len() > exact.0.len() => Some(folded),
        (Some(exact), _) => Some(exact),
        (None, folded) => folded,
    };
    longer.copied()
}

/// The parts of a pattern.
pub(super) fn parts(pattern: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    let mut fill = false;
    loop {
        // Prefixes, of which TM and FX change nothing here.
        let prefix = ["FM", "fm", "FX", "fx", "TM", "tm"].into_iter().find(|it| rest.starts_with(it));
        if let Some(prefix) = prefix {
            fill |= prefix.eq_ignore_ascii_case("fm");
            // TM, too, leaves the blanks out.
            fill |= prefix.eq_ignore_ascii_case("tm");
            rest = rest.get(2..).unwrap_or_default();
            continue;
        }
        if let Some((written, field)) = word(rest) {
            rest = rest.get(written.len()..).unwrap_or_default();
            let ordinal = if rest.starts_with("TH") {
                Some(true)
            } else if rest.starts_with("th") {
                Some(false)
            } else {
                None
            };
            if ordinal.is_some() {
                rest = rest.get(2..).unwrap_or_default();
            }
            if rest.starts_with("SP") {
                rest = rest.get(2..).unwrap_or_default();
            }
            parts.push(Part::Field { field, written, fill, ordinal });
            fill = false;
            continue;
        }
        fill = false;
        let mut characters = rest.chars();
        match characters.next() {
            None => break,
            Some('"') => {
                loop {
                    match characters.next() {
                        None | Some('"') => break,
                        Some('\\') => {
                            if let Some(escaped) = characters.next() {
                                parts.push(Part::Quoted(escaped));
                            }
                        }
                        Some(other) => parts.push(Part::Quoted(other)),
                    }
                }
                rest = characters.as_str();
            }
            Some('\\') if characters.as_str().starts_with('"') => {
                characters.next();
                parts.push(Part::Literal('"'));
                rest = characters.as_str();
            }
            Some(other) => {
                parts.push(Part::Literal(other));
                rest = characters.as_str();
            }
        }
    }
    parts
}

/// `st`, `nd`, `rd` or `th` for a number in digits.
pub(super) fn ordinal(digits: &str, upper: bool) -> &'static str {
    let mut from_end = digits.chars().rev();
    let (last, before) = (from_end.next(), from_end.next());
    let lower = match (before, last) {
        (Some('1'), _) => "th",
        (_, Some('1')) => "st",
        (_, Some('2')) => "nd",
        (_, Some('3')) => "rd",
        _ => "th",
    };
    match (upper, lower) {
        (false, lower) => lower,
        (true, "st") => "ST",
        (true, "nd") => "ND",
        (true, "rd") => "RD",
        (true, _) => "TH",
    }
}

/// The months' and days' names.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
/// The months in Roman numbers.
pub(super) const ROMAN: [&str; 12] =
    ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];
