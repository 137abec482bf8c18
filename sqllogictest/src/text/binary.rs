//! The wire's binary format as PostgreSQL's text.
//!
//! Source of the layouts: the `*_send` functions of PostgreSQL's `src/backend/utils/adt`, and
//! pgvector's `vector_send`. Everything is big-endian; dates count from 2000-01-01.

use bytes::{Buf, Bytes};
use tokio_postgres::types::{Kind, Type};

use super::{Element, Interval};
use crate::error::{Error, Result};
use muster::VectorKind;

/// Days from 1970-01-01 to PostgreSQL's epoch, 2000-01-01.
const EPOCH_DAYS: i32 = 10_957;
/// The same in microseconds.
const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// `jsonb_send` puts a version before the text; there is one version.
const JSONB_VERSION: u8 = 1;

/// A value that is not NULL, printed.
pub fn value(ty: &Type, raw: &[u8]) -> Result<String> {
    let mut reader = Reader { ty, rest: Bytes::copy_from_slice(raw) };
    let text = reader.value()?;
    if reader.rest.has_remaining() {
        return Err(reader.error("bytes are left over"));
    }
    Ok(text)
}

struct Reader<'a> {
    ty: &'a Type,
    rest: Bytes,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<String> {
        if let Kind::Array(item) = self.ty.kind() {
            return self.array(&item.clone());
        }
        match *self.ty {
            Type::BOOL => match self.u8()? {
                0 => Ok(super::boolean(false)),
                1 => Ok(super::boolean(true)),
                other => Err(self.error(format!("{other} is no boolean"))),
            },
            Type::INT2 => Ok(self.i16()?.to_string()),
            Type::INT4 => Ok(self.i32()?.to_string()),
            Type::INT8 => Ok(self.i64()?.to_string()),
            Type::OID => Ok(self.i32()?.cast_unsigned().to_string()),
            Type::FLOAT4 => Ok(super::float4(f32::from_bits(self.i32()?.cast_unsigned()))),
            Type::FLOAT8 => Ok(super::float8(f64::from_bits(self.i64()?.cast_unsigned()))),
            Type::NUMERIC => self.numeric(),
            Type::TEXT
            | Type::VARCHAR
            | Type::BPCHAR
            | Type::NAME
            | Type::UNKNOWN
            | Type::CHAR
            | Type::JSON => self.text(),
            Type::JSONB => match self.u8()? {
                JSONB_VERSION => self.text(),
                other => Err(self.error(format!("jsonb version {other}"))),
            },
            Type::BYTEA => Ok(super::bytes(&self.take_rest())),
            Type::UUID => {
                let raw = self.take_rest();
                super::uuid(&raw).ok_or_else(|| self.error("not 16 bytes"))
            }
            Type::DATE => {
                let days = self.i32()?.checked_add(EPOCH_DAYS);
                days.and_then(super::date).ok_or_else(|| self.error("out of range"))
            }
            Type::TIME => {
                let micros = self.i64()?;
                super::time_of_day(micros).ok_or_else(|| self.error("out of range"))
            }
            Type::TIMESTAMP | Type::TIMESTAMPTZ => {
                let zoned = *self.ty == Type::TIMESTAMPTZ;
                let micros = self.i64()?.checked_add(EPOCH_MICROS);
                micros
                    .and_then(|micros| super::timestamp(micros, zoned))
                    .ok_or_else(|| self.error("out of range"))
            }
            Type::INTERVAL => {
                let (micros, days, months) = (self.i64()?, self.i32()?, self.i32()?);
                Ok(super::interval(Interval { months, days, micros }))
            }
            _ if self.ty.name() == "vector" => {
                self.vector(|bytes| Ok(f32::from_bits(bytes.i32()?.cast_unsigned())))
            }
            _ if self.ty.name() == "halfvec" => {
                self.vector(|bytes| Ok(VectorKind::half_from_bits(bytes.i16()?.cast_unsigned())))
            }
            _ => Err(self.error("its binary format is not known")),
        }
    }

    fn array(&mut self, item: &Type) -> Result<String> {
        let (dimensions, _has_nulls, _item_oid) = (self.i32()?, self.i32()?, self.i32()?);
        let mut lengths = Vec::new();
        for _ in 0..dimensions {
            let (length, _lower_bound) = (self.i32()?, self.i32()?);
            lengths.push(usize::try_from(length).map_err(|_| self.error("a negative length"))?);
        }
        if lengths.is_empty() { Ok("{}".to_owned()) } else { self.dimension(item, &lengths) }
    }

    fn dimension(&mut self, item: &Type, lengths: &[usize]) -> Result<String> {
        let Some((length, inner)) = lengths.split_first() else {
            return Err(self.error("an array without dimensions"));
        };
        let mut items = Vec::new();
        for _ in 0..*length {
            if !inner.is_empty() {
                items.push(Some(Element::Array(self.dimension(item, inner)?)));
                continue;
            }
            let size = self.i32()?;
            if size < 0 {
                items.push(None);
                continue;
            }
            let raw = self.take(size.unsigned_abs() as usize)?;
            items.push(Some(Element::Value(value(item, &raw)?)));
        }
        Ok(super::array(items))
    }

    fn vector(&mut self, number: impl Fn(&mut Self) -> Result<f32>) -> Result<String> {
        let (dimensions, unused) = (self.i16()?, self.i16()?);
        if unused != 0 {
            return Err(self.error("the reserved field is not zero"));
        }
        let values: Result<Vec<f32>> = (0..dimensions).map(|_| number(self)).collect();
        Ok(super::vector(values?))
    }

    /// Digits of base 10,000: `weight` is the exponent of the first, `scale` counts decimal places.
    fn numeric(&mut self) -> Result<String> {
        let (count, weight) = (self.i16()?, i32::from(self.i16()?));
        let (sign, scale) = (self.i16()?.cast_unsigned(), self.i16()?);
        let digits = (0..count).map(|_| self.i16()).collect::<Result<Vec<i16>>>()?;
        let sign = match sign {
            0x0000 => "",
            0x4000 => "-",
            0xC000 => return Ok("NaN".to_owned()),
            0xD000 => return Ok("Infinity".to_owned()),
            0xF000 => return Ok("-Infinity".to_owned()),
            other => return Err(self.error(format!("sign {other:#06x}"))),
        };
        let digit = |exponent: i32| {
            usize::try_from(weight - exponent).ok().and_then(|index| digits.get(index)).copied().unwrap_or(0)
        };
        let whole: String =
            (0..=weight.max(0)).rev().map(|exponent| format!("{:04}", digit(exponent))).collect();
        let whole = whole.trim_start_matches('0');
        let mut text = format!("{sign}{}", if whole.is_empty() { "0" } else { whole });
        let scale = usize::try_from(scale).map_err(|_| self.error("a negative scale"))?;
        if scale > 0 {
            let groups = i32::try_from(scale.div_ceil(4)).unwrap_or(i32::MAX);
            let mut fraction: String = (1..=groups).map(|place| format!("{:04}", digit(-place))).collect();
            fraction.truncate(scale);
            text.push('.');
            text.push_str(&fraction);
        }
        Ok(text)
    }

    fn text(&mut self) -> Result<String> {
        String::from_utf8(self.take_rest()).map_err(|error| self.error(error.to_string()))
    }

    fn take_rest(&mut self) -> Vec<u8> {
        self.rest.split_to(self.rest.len()).to_vec()
    }

    fn take(&mut self, size: usize) -> Result<Bytes> {
        if size > self.rest.len() { Err(self.error("it ends early")) } else { Ok(self.rest.split_to(size)) }
    }

    fn u8(&mut self) -> Result<u8> {
        self.rest.try_get_u8().map_err(|_| self.error("it ends early"))
    }

    fn i16(&mut self) -> Result<i16> {
        self.rest.try_get_i16().map_err(|_| self.error("it ends early"))
    }

    fn i32(&mut self) -> Result<i32> {
        self.rest.try_get_i32().map_err(|_| self.error("it ends early"))
    }

    fn i64(&mut self) -> Result<i64> {
        self.rest.try_get_i64().map_err(|_| self.error("it ends early"))
    }

    fn error(&self, reason: impl Into<String>) -> Error {
        Error::value(self.ty.name(), reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shorts(values: &[i16]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_be_bytes()).collect()
    }

    #[test]
    fn numerics_keep_their_scale() {
        let text = |values: &[i16]| value(&Type::NUMERIC, &shorts(values)).unwrap();
        assert_eq!(text(&[2, 0, 0, 2, 123, 4500]), "123.45");
        assert_eq!(text(&[1, 0, 0, 2, 7]), "7.00");
        assert_eq!(text(&[0, 0, 0, 0]), "0");
        assert_eq!(text(&[1, 1, 0x4000, 0, 12]), "-120000");
        assert_eq!(text(&[1, -1, 0, 4, 5]), "0.0005");
        assert_eq!(text(&[1, -2, 0, 8, 5]), "0.00000005");
    }

    #[test]
    fn a_short_or_long_value_is_refused() {
        assert!(value(&Type::INT4, &[0, 0, 0]).is_err());
        assert!(value(&Type::INT4, &[0, 0, 0, 0, 0]).is_err());
        assert!(value(&Type::JSONB, b"\x02{}").is_err());
    }

    #[test]
    fn arrays_have_nulls_and_dimensions() {
        let mut raw = Vec::new();
        for part in [1_i32, 1, 23, 2, 1, 4, 7, -1] {
            raw.extend_from_slice(&part.to_be_bytes());
        }
        assert_eq!(value(&Type::INT4_ARRAY, &raw).unwrap(), "{7,NULL}");
    }

    #[test]
    fn the_epoch_is_2000() {
        assert_eq!(value(&Type::DATE, &0_i32.to_be_bytes()).unwrap(), "2000-01-01");
        assert_eq!(value(&Type::TIMESTAMPTZ, &0_i64.to_be_bytes()).unwrap(), "2000-01-01 00:00:00+00");
    }
}
