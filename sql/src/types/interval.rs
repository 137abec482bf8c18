//! Interval texts: what of `1 year -2 days +04:05:06` Arrow's parser does not read, the time of day and the plus.

/// The text with its times of day written out in units.
pub(crate) fn in_units(text: &str) -> String {
    let word = |word: &str| time_of_day(word).unwrap_or_else(|| unsigned(word).to_string());
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// A number without the plus that PostgreSQL writes after a negative part.
fn unsigned(word: &str) -> &str {
    word.strip_prefix('+').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(word)
}

fn time_of_day(word: &str) -> Option<String> {
    let (sign, digits) = match word.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", word.strip_prefix('+').unwrap_or(word)),
    };
    let mut parts = digits.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    let whole = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let fraction = seconds.split('.').all(whole) && seconds.matches('.').count() <= 1;
    if parts.next().is_some() || !whole(hours) || !whole(minutes) || !fraction {
        return None;
    }
    Some(format!("{sign}{hours} hours {sign}{minutes} minutes {sign}{seconds} seconds"))
}

#[cfg(test)]
mod tests {
    use super::in_units;

    #[test]
    fn times_of_day_become_units() {
        assert_eq!(in_units("1 year 04:05:06.5"), "1 year 04 hours 05 minutes 06.5 seconds");
        assert_eq!(in_units("-01:30"), "-01 hours -30 minutes -0 seconds");
        assert_eq!(in_units("3 days"), "3 days");
        assert_eq!(in_units("-1 mons +1 day +00:00:01"), "-1 mons 1 day 00 hours 00 minutes 01 seconds");
        assert_eq!(in_units("a:b"), "a:b");
    }
}
