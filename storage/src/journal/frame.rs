//! A value in the journal: its checksum, then its bytes.
//!
//! redb has checksums of its own, over pages; this one also covers the key, so a value cannot turn up under another.
//! Invariant: [`open`] returns exactly what [`seal`] was given.

use crate::checksum::keyed_checksum;

const SUM: usize = 8;

/// The value to store under this key.
pub(crate) fn seal(table: &str, key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(SUM + bytes.len());
    value.extend_from_slice(&sum(table, key, bytes).to_le_bytes());
    value.extend_from_slice(bytes);
    value
}

/// The bytes of a stored value, or `None` when they are not those that were stored under this key.
pub(crate) fn open<'a>(table: &str, key: &[u8], value: &'a [u8]) -> Option<&'a [u8]> {
    let (stored, bytes) = value.split_first_chunk::<SUM>()?;
    (u64::from_le_bytes(*stored) == sum(table, key, bytes)).then_some(bytes)
}

fn sum(table: &str, key: &[u8], bytes: &[u8]) -> u64 {
    keyed_checksum(&[table.as_bytes(), &[0], key].concat(), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_under_its_own_key_only() {
        let value = seal("journal", b"key", b"bytes");
        assert_eq!(open("journal", b"key", &value), Some(b"bytes".as_slice()));
        assert_eq!(open("journal", b"kez", &value), None);
        assert_eq!(open("segments", b"key", &value), None);
        for position in 0..value.len() {
            let mut damaged = value.clone();
            damaged[position] ^= 0x10;
            assert_eq!(open("journal", b"key", &damaged), None);
        }
        assert_eq!(open("journal", b"key", &value[..4]), None);
    }
}
