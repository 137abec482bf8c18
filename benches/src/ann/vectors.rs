//! Vectors in pgvector's binary format: dimensions and an unused field, two bytes each, then the floats, big-endian.

use bytes::{BufMut, Bytes, BytesMut};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A parameter that is encoded before the clock starts.
#[derive(Debug, Clone)]
pub(super) struct Encoded(Bytes);

impl Encoded {
    /// Of a vector of at most 16,000 dimensions.
    pub(super) fn vector(values: &[f32]) -> Self {
        let mut bytes = BytesMut::with_capacity(4 + 4 * values.len());
        bytes.put_u16(values.len() as u16);
        bytes.put_u16(0);
        for value in values {
            bytes.put_f32(*value);
        }
        Self(bytes.freeze())
    }
}

impl ToSql for Encoded {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.put_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        ty.name() == "vector"
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_has_its_dimensions_in_front() {
        let Encoded(bytes) = Encoded::vector(&[1.0, -2.0]);
        assert_eq!(&bytes[..], [0, 2, 0, 0, 0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]);
    }
}
