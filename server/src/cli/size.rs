//! Sizes in arguments: `512MiB`, `2GiB`, `1000000`.

/// The bytes that a text says: a whole number, and KiB, MiB or GiB (kB, MB and GB are the same, as PostgreSQL has it).
///
/// # Errors
///
/// A sentence for the one who typed it.
pub(crate) fn parse(text: &str) -> Result<usize, String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: usize = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err(format!("\"{unit}\" is no unit of size: write B, KiB, MiB or GiB")),
    };
    let number: usize = number.parse().map_err(|_| "write a size such as 512MiB".to_string())?;
    number.checked_mul(factor).ok_or_else(|| "that is more than this machine can count".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_and_without_units() {
        for (text, bytes) in
            [("512MiB", 512 << 20), ("2 GB", 2 << 30), ("1000", 1000), ("16k", 16 << 10), ("0", 0)]
        {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "1.5GiB", "12 apples", "99999999999999999999", "99999999999GiB"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
