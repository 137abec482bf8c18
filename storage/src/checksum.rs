//! XXH3-64 checksums, over whole values and over blocks of files.
//!
//! It detects damage; it does not repair it and is no defence against an attacker. Invariant: every byte of a file
//! belongs to exactly one block, so a mismatch names the place.

use twox_hash::XxHash3_64;

/// Bytes of one checksummed block: small enough to name a place, large enough that a gigabyte needs 32 KiB of sums.
pub(crate) const BLOCK: usize = 256 << 10;

/// The checksum of `bytes`.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// The checksum of `bytes` where it also matters under which key they are stored.
pub(crate) fn keyed_checksum(key: &[u8], bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot_with_seed(checksum(key), bytes)
}

/// Checksums of consecutive blocks, computed while bytes pass by.
#[derive(Debug, Default)]
pub(crate) struct BlockChecksums {
    pending: Vec<u8>,
    sums: Vec<u64>,
}

impl BlockChecksums {
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            // A whole block that arrives at once needs no copy.
            if self.pending.is_empty()
                && let Some((block, rest)) = bytes.split_at_checked(BLOCK)
            {
                self.sums.push(checksum(block));
                bytes = rest;
                continue;
            }
            let (now, rest) = bytes.split_at((BLOCK - self.pending.len()).min(bytes.len()));
            self.pending.extend_from_slice(now);
            bytes = rest;
            if self.pending.len() == BLOCK {
                self.sums.push(checksum(&self.pending));
                self.pending.clear();
            }
        }
    }

    pub(crate) fn finish(mut self) -> Vec<u64> {
        if !self.pending.is_empty() {
            self.sums.push(checksum(&self.pending));
        }
        self.sums
    }
}

/// Checks all blocks; the offset of the first that does not match otherwise.
pub(crate) fn verify_blocks(bytes: &[u8], sums: &[u64]) -> Result<(), u64> {
    let blocks = bytes.chunks(BLOCK);
    if blocks.len() != sums.len() {
        return Err((blocks.len().min(sums.len()) * BLOCK) as u64);
    }
    for (number, (block, sum)) in blocks.zip(sums).enumerate() {
        if checksum(block) != *sum {
            return Err((number * BLOCK) as u64);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_do_not_depend_on_how_bytes_arrive() {
        let bytes: Vec<u8> = (0..3 * BLOCK + 17).map(|i| (i * 31 % 251) as u8).collect();
        let mut whole = BlockChecksums::default();
        whole.update(&bytes);
        let mut pieces = BlockChecksums::default();
        for piece in bytes.chunks(7777) {
            pieces.update(piece);
        }
        let sums = whole.finish();
        assert_eq!(sums.len(), 4);
        assert_eq!(sums, pieces.finish());
        assert_eq!(verify_blocks(&bytes, &sums), Ok(()));
    }

    #[test]
    fn a_flipped_bit_names_its_block() {
        let mut bytes = vec![7; 2 * BLOCK + 1];
        let mut sums = BlockChecksums::default();
        sums.update(&bytes);
        let sums = sums.finish();
        bytes[BLOCK + 3] ^= 1;
        assert_eq!(verify_blocks(&bytes, &sums), Err(BLOCK as u64));
        assert_eq!(verify_blocks(&bytes[..BLOCK], &sums), Err(BLOCK as u64));
    }
}
