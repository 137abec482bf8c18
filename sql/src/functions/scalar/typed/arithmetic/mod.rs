//! Functions of numbers: rounding, remainders, logarithms, angles, buckets.
//!
//! Of a numeric what PostgreSQL gives as numeric is one here, where its digits are known beforehand; roots, powers and
//! logarithms are double precision. SQLSTATEs: 22012 division by zero; 22003 out of range; 2201E logarithms, 2201F roots and powers,
//! 2201G buckets of what has none.

mod buckets;
mod floats;

use arrow::datatypes::i256;

use buckets::{bucket, bucket_of_array};
use floats::{
    divided, finite, in_degrees, logarithm, logarithm_to, one, outside, power, quotient_of_degrees,
    sine_of_degrees, turned, two, within,
};

use super::datum::{Datum, out_of_range, rescaled};
use super::kind::Kind::{Array, Float8, Int4, Int8, Numeric};
use super::overload::{Form, Function, Planned, unexpected};
use super::value::Value;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Rounds to the nearest integer: floats half to even, numerics half away from zero. What a cast to an integer runs.
pub(crate) const NEAREST: &str = "round";

fn first_scale(planned: &Planned<'_>) -> i8 {
    planned.scale(0)
}

fn wider_scale(planned: &Planned<'_>) -> i8 {
    planned.scale(0).max(planned.scale(1))
}

fn none(_: &Planned<'_>) -> i8 {
    0
}

/// The digits that are asked for, where they are written out.
fn wanted_scale(planned: &Planned<'_>) -> i8 {
    match planned.integer(1) {
        Some(digits) => digits.clamp(0, 20) as i8,
        None => planned.scale(0),
    }
}

macro_rules! float {
    ($name:literal, $function:expr) => {
        Function::new($name, &[Form::new(&[Float8], Float8, |values| one(values, $function))])
    };
}

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "abs",
        &[
            Form::new(&[Int4], Int4, absolute),
            Form::new(&[Int8], Int8, absolute),
            Form::new(&[Numeric], Numeric, absolute).scaled(first_scale),
            Form::new(&[Float8], Float8, absolute),
        ],
    ),
    Function::new(
        "round",
        &[
            Form::new(&[Float8], Float8, |values| one(values, |x| Ok(x.round_ties_even()))),
            Form::new(&[Numeric], Numeric, |values| digits(values, Rounding::Nearest)).scaled(none),
            Form::new(&[Numeric, Int8], Numeric, |values| digits(values, Rounding::Nearest))
                .scaled(wanted_scale),
        ],
    ),
    Function::new(
        "trunc",
        &[
            Form::new(&[Float8], Float8, |values| one(values, |x| Ok(x.trunc()))),
            Form::new(&[Numeric], Numeric, |values| digits(values, Rounding::Zero)).scaled(none),
            Form::new(&[Numeric, Int8], Numeric, |values| digits(values, Rounding::Zero))
                .scaled(wanted_scale),
        ],
    ),
    Function::new(
        "ceil",
        &[
            Form::new(&[Float8], Float8, |values| one(values, |x| Ok(x.ceil()))),
            Form::new(&[Numeric], Numeric, |values| digits(values, Rounding::Up)).scaled(none),
        ],
    ),
    Function::new(
        "ceiling",
        &[
            Form::new(&[Float8], Float8, |values| one(values, |x| Ok(x.ceil()))),
            Form::new(&[Numeric], Numeric, |values| digits(values, Rounding::Up)).scaled(none),
        ],
    ),
    Function::new(
        "floor",
        &[
            Form::new(&[Float8], Float8, |values| one(values, |x| Ok(x.floor()))),
            Form::new(&[Numeric], Numeric, |values| digits(values, Rounding::Down)).scaled(none),
        ],
    ),
    Function::new(
        "sign",
        &[Form::new(&[Float8], Float8, sign), Form::new(&[Numeric], Numeric, sign).scaled(none)],
    ),
    Function::new(
        "mod",
        &[
            Form::new(&[Int4, Int4], Int4, remainder),
            Form::new(&[Int8, Int8], Int8, remainder),
            Form::new(&[Numeric, Numeric], Numeric, remainder).scaled(wider_scale),
        ],
    ),
    Function::new("div", &[Form::new(&[Numeric, Numeric], Numeric, quotient).scaled(none)]),
    Function::new(
        "gcd",
        &[
            Form::new(&[Int4, Int4], Int4, divisor),
            Form::new(&[Int8, Int8], Int8, divisor),
            Form::new(&[Numeric, Numeric], Numeric, divisor).scaled(wider_scale),
        ],
    ),
    Function::new(
        "lcm",
        &[
            Form::new(&[Int4, Int4], Int4, multiple),
            Form::new(&[Int8, Int8], Int8, multiple),
            Form::new(&[Numeric, Numeric], Numeric, multiple).scaled(wider_scale),
        ],
    ),
    Function::new("factorial", &[Form::new(&[Int8], Numeric, factorial).scaled(none)]),
    Function::new("scale", &[Form::new(&[Numeric], Int4, scale)]),
    Function::new("min_scale", &[Form::new(&[Numeric], Int4, least_scale)]),
    // A column of numerics has one scale.
    Function::new("trim_scale", &[Form::new(&[Numeric], Numeric, |_| Err(Error::unsupported("trim_scale")))]),
    Function::new(
        "width_bucket",
        &[
            Form::new(&[Float8, Float8, Float8, Int4], Int4, bucket),
            Form::new(&[Numeric, Numeric, Numeric, Int4], Int4, bucket),
            Form::new(&[Int8, Array], Int4, bucket_of_array),
            Form::new(&[Float8, Array], Int4, bucket_of_array),
            Form::new(&[super::kind::Kind::TimestampTz, Array], Int4, bucket_of_array),
        ],
    ),
    float!("sqrt", |x| match x {
        x if x < 0.0 =>
            Err(Error::new(SqlState::InvalidArgumentForPower, "cannot take square root of a negative number")),
        x => Ok(x.sqrt()),
    }),
    float!("cbrt", |x| Ok(x.cbrt())),
    float!("exp", |x| finite(x, x.exp())),
    float!("ln", |x| logarithm(x).map(f64::ln)),
    float!("log10", |x| logarithm(x).map(f64::log10)),
    Function::new(
        "log",
        &[
            Form::new(&[Float8], Float8, |values| one(values, |x| logarithm(x).map(f64::log10))),
            Form::new(&[Float8, Float8], Float8, |values| two(values, logarithm_to)),
        ],
    ),
    Function::new("power", &[Form::new(&[Float8, Float8], Float8, |values| two(values, power))]),
    Function::new("pow", &[Form::new(&[Float8, Float8], Float8, |values| two(values, power))]),
    float!("asin", |x| within(x, x.asin())),
    float!("acos", |x| within(x, x.acos())),
    float!("acosh", |x| within(x, x.acosh())),
    float!("atanh", |x| if x.abs() > 1.0 { Err(outside()) } else { Ok(x.atanh()) }),
    float!("sind", |x| turned(x).map(sine_of_degrees)),
    float!("cosd", |x| turned(x).map(|x| sine_of_degrees(90.0 - x))),
    float!("tand", |x| turned(x).map(|x| quotient_of_degrees(sine_of_degrees(x), sine_of_degrees(90.0 - x)))),
    float!("cotd", |x| turned(x).map(|x| quotient_of_degrees(sine_of_degrees(90.0 - x), sine_of_degrees(x)))),
    float!("asind", |x| within(x, in_degrees(x.asin()))),
    float!("acosd", |x| within(x, in_degrees(x.acos()))),
    float!("atand", |x| Ok(in_degrees(x.atan()))),
    Function::new(
        "atan2d",
        &[Form::new(&[Float8, Float8], Float8, |values| two(values, |y, x| Ok(in_degrees(y.atan2(x)))))],
    ),
    Function::new("muster_bit_not", &[Form::new(&[Int4], Int4, bit_not), Form::new(&[Int8], Int8, bit_not)]),
    Function::new(
        DIVIDE,
        &[
            Form::new(&[Float8, Float8], Float8, |values| two(values, divided)),
            Form::new(&[Numeric, Numeric], Numeric, divided_digits).scaled(quotient_scale),
        ],
    ),
];

/// The digits behind the point that a quotient of numerics has at least.
const QUOTIENT_SCALE: i8 = 16;

fn quotient_scale(planned: &Planned<'_>) -> i8 {
    wider_scale(planned).max(QUOTIENT_SCALE)
}

/// What `/` of two floats or numerics is in plans.
pub(crate) const DIVIDE: &str = "muster_divide";

fn by_zero() -> Error {
    Error::new(SqlState::DivisionByZero, "division by zero")
}

fn divided_digits(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Decimal(x, of_x), Value::Decimal(y, of_y)] = values else { return Err(unexpected()) };
    if *y == 0 {
        return Err(by_zero());
    }
    let scale = (*of_x).max(*of_y).max(QUOTIENT_SCALE);
    let digits = i32::from(scale) - i32::from(*of_x) + i32::from(*of_y);
    let divide = || {
        let unit = i256::from_i128(10).checked_pow(u32::try_from(digits).ok()?)?;
        let (x, y) = (i256::from_i128(*x).checked_mul(unit)?, i256::from_i128(*y));
        let (whole, rest) = (x.checked_div(y)?, x.checked_rem(y)?);
        // Half away from zero.
        let up = rest.wrapping_abs() >= y.wrapping_abs().checked_sub(rest.wrapping_abs())?;
        let away = if x.is_negative() == y.is_negative() { i256::ONE } else { i256::MINUS_ONE };
        let rounded = if up { whole.checked_add(away)? } else { whole };
        rounded.to_i128()
    };
    divide()
        .map(|quotient| Datum::Decimal(quotient, scale))
        .ok_or_else(|| Error::new(SqlState::NumericValueOutOfRange, "value overflows numeric format"))
}

fn absolute(values: &[Value<'_>]) -> Result<Datum> {
    Ok(match values {
        [Value::Int(x)] => Datum::Int(x.checked_abs().ok_or_else(|| out_of_range("bigint"))?),
        [Value::Float(x)] => Datum::Float(x.abs()),
        [Value::Decimal(x, scale)] => Datum::Decimal(x.checked_abs().ok_or_else(unexpected)?, *scale),
        _ => return Err(unexpected()),
    })
}

fn bit_not(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Int(x)] = values else { return Err(unexpected()) };
    Ok(Datum::Int(!x))
}

fn sign(values: &[Value<'_>]) -> Result<Datum> {
    Ok(match values {
        [Value::Float(x)] if x.is_nan() || *x == 0.0 => Datum::Float(*x),
        [Value::Float(x)] => Datum::Float(x.signum()),
        [Value::Decimal(x, _)] => Datum::Decimal(x.signum(), 0),
        _ => return Err(unexpected()),
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rounding {
    Nearest,
    Zero,
    Up,
    Down,
}

fn digits(values: &[Value<'_>], rounding: Rounding) -> Result<Datum> {
    let (value, scale, wanted) = match values {
        [Value::Decimal(value, scale)] => (*value, *scale, 0),
        [Value::Decimal(value, scale), Value::Int(digits)] => (*value, *scale, *digits),
        _ => return Err(unexpected()),
    };
    // More digits than there are change nothing; fewer than none are powers of ten.
    let dropped = i64::from(scale).saturating_sub(wanted);
    let Ok(dropped) = u32::try_from(dropped) else { return Ok(Datum::Decimal(value, scale)) };
    let Some(unit) = 10_i128.checked_pow(dropped) else { return Ok(Datum::Decimal(0, 0)) };
    let (whole, rest) = (value.div_euclid(unit), value.rem_euclid(unit));
    let up = match rounding {
        Rounding::Up => rest != 0,
        Rounding::Down => false,
        Rounding::Zero => rest != 0 && value < 0,
        Rounding::Nearest if value < 0 => rest > unit - rest,
        Rounding::Nearest => rest >= unit - rest,
    };
    let whole = if up { whole + 1 } else { whole };
    let scale = i8::try_from(wanted).unwrap_or(if wanted < 0 { i8::MIN } else { i8::MAX });
    if scale < 0 {
        let whole = rescaled(whole, scale, 0);
        return whole
            .map(|whole| Datum::Decimal(whole, 0))
            .ok_or_else(|| Error::new(SqlState::NumericValueOutOfRange, "value overflows numeric format"));
    }
    Ok(Datum::Decimal(whole, scale))
}

/// Two numerics of one scale.
fn aligned(values: &[Value<'_>]) -> Result<(i128, i128, i8)> {
    let [Value::Decimal(x, of_x), Value::Decimal(y, of_y)] = values else { return Err(unexpected()) };
    let scale = *of_x.max(of_y);
    match (rescaled(*x, *of_x, scale), rescaled(*y, *of_y, scale)) {
        (Some(x), Some(y)) => Ok((x, y, scale)),
        _ => Err(Error::new(SqlState::NumericValueOutOfRange, "value overflows numeric format")),
    }
}

fn remainder(values: &[Value<'_>]) -> Result<Datum> {
    if let [Value::Int(x), Value::Int(y)] = values {
        return match y {
            0 => Err(by_zero()),
            y => Ok(Datum::Int(x.checked_rem(*y).unwrap_or(0))),
        };
    }
    let (x, y, scale) = aligned(values)?;
    if y == 0 {
        return Err(by_zero());
    }
    Ok(Datum::Decimal(x.checked_rem(y).unwrap_or(0), scale))
}

fn quotient(values: &[Value<'_>]) -> Result<Datum> {
    let (x, y, _) = aligned(values)?;
    if y == 0 {
        return Err(by_zero());
    }
    x.checked_div(y).map(|whole| Datum::Decimal(whole, 0)).ok_or_else(|| out_of_range("numeric"))
}

fn common_divisor(mut x: u128, mut y: u128) -> u128 {
    while y != 0 {
        (x, y) = (y, x % y);
    }
    x
}

fn divisor(values: &[Value<'_>]) -> Result<Datum> {
    if let [Value::Int(x), Value::Int(y)] = values {
        let common = common_divisor(u128::from(x.unsigned_abs()), u128::from(y.unsigned_abs()));
        return i64::try_from(common).map(Datum::Int).map_err(|_| out_of_range("bigint"));
    }
    let (x, y, scale) = aligned(values)?;
    let common = common_divisor(x.unsigned_abs(), y.unsigned_abs());
    i128::try_from(common).map(|common| Datum::Decimal(common, scale)).map_err(|_| out_of_range("numeric"))
}

fn multiple(values: &[Value<'_>]) -> Result<Datum> {
    let (x, y, scale) = match values {
        [Value::Int(x), Value::Int(y)] => (i128::from(*x), i128::from(*y), None),
        _ => aligned(values).map(|(x, y, scale)| (x, y, Some(scale)))?,
    };
    let common = common_divisor(x.unsigned_abs(), y.unsigned_abs());
    let multiple = match common {
        0 => Some(0),
        common => (x.unsigned_abs() / common).checked_mul(y.unsigned_abs()),
    };
    let multiple = multiple.and_then(|multiple| i128::try_from(multiple).ok());
    match (multiple, scale) {
        (Some(multiple), Some(scale)) => Ok(Datum::Decimal(multiple, scale)),
        (Some(multiple), None) => i64::try_from(multiple).map(Datum::Int).map_err(|_| out_of_range("bigint")),
        (None, _) => Err(out_of_range("numeric")),
    }
}

fn factorial(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Int(x)] = values else { return Err(unexpected()) };
    if *x < 0 {
        let message = "factorial of a negative number is undefined";
        return Err(Error::new(SqlState::NumericValueOutOfRange, message));
    }
    // Larger ones have more than 38 digits.
    let product = (*x <= 33).then(|| (1..=i128::from(*x)).product::<i128>());
    product
        .map(|product| Datum::Decimal(product, 0))
        .ok_or_else(|| Error::new(SqlState::NumericValueOutOfRange, "value overflows numeric format"))
}

fn scale(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Decimal(_, scale)] = values else { return Err(unexpected()) };
    Ok(Datum::Int(i64::from(*scale)))
}

fn least_scale(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Decimal(value, scale)] = values else { return Err(unexpected()) };
    let (mut value, mut scale) = (*value, *scale);
    while scale > 0 && value % 10 == 0 {
        value /= 10;
        scale -= 1;
    }
    Ok(Datum::Int(i64::from(scale)))
}
