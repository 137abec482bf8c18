//! Functions of double precision numbers: quotients, powers, logarithms, angles in degrees.

use super::super::datum::Datum;
use super::super::overload::unexpected;
use super::super::value::Value;
use super::by_zero;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

pub(super) fn one(values: &[Value<'_>], function: fn(f64) -> Result<f64>) -> Result<Datum> {
    let [Value::Float(x)] = values else { return Err(unexpected()) };
    if x.is_nan() {
        return Ok(Datum::Float(*x));
    }
    function(*x).map(Datum::Float)
}

pub(super) fn two(values: &[Value<'_>], function: fn(f64, f64) -> Result<f64>) -> Result<Datum> {
    let [Value::Float(x), Value::Float(y)] = values else { return Err(unexpected()) };
    function(*x, *y).map(Datum::Float)
}

pub(super) fn outside() -> Error {
    Error::new(SqlState::NumericValueOutOfRange, "input is out of range")
}

/// A result that is infinite of an argument that is not is an overflow.
pub(super) fn finite(x: f64, result: f64) -> Result<f64> {
    if result.is_infinite() && x.is_finite() {
        return Err(Error::new(SqlState::NumericValueOutOfRange, "value out of range: overflow"));
    }
    if result == 0.0 && x.is_finite() {
        return Err(Error::new(SqlState::NumericValueOutOfRange, "value out of range: underflow"));
    }
    Ok(result)
}

pub(super) fn within(x: f64, result: f64) -> Result<f64> {
    if result.is_nan() && !x.is_nan() { Err(outside()) } else { Ok(result) }
}

pub(super) fn divided(x: f64, y: f64) -> Result<f64> {
    if y == 0.0 && !x.is_nan() {
        return Err(by_zero());
    }
    let result = x / y;
    if result.is_infinite() && x.is_finite() {
        return Err(Error::new(SqlState::NumericValueOutOfRange, "value out of range: overflow"));
    }
    if result == 0.0 && x != 0.0 && y.is_finite() {
        return Err(Error::new(SqlState::NumericValueOutOfRange, "value out of range: underflow"));
    }
    Ok(result)
}

pub(super) fn logarithm(x: f64) -> Result<f64> {
    let refused = |words| Err(Error::new(SqlState::InvalidArgumentForLogarithm, words));
    match x {
        0.0 => refused("cannot take logarithm of zero"),
        x if x < 0.0 => refused("cannot take logarithm of a negative number"),
        x => Ok(x),
    }
}

pub(super) fn logarithm_to(base: f64, x: f64) -> Result<f64> {
    let (base, x) = (logarithm(base)?, logarithm(x)?);
    if base == 1.0 {
        return Err(by_zero());
    }
    // Whole powers come out whole.
    let result = x.ln() / base.ln();
    let nearest = result.round();
    Ok(if base.powf(nearest) == x { nearest } else { result })
}

pub(super) fn power(x: f64, y: f64) -> Result<f64> {
    let refused = |words| Err(Error::new(SqlState::InvalidArgumentForPower, words));
    if x == 0.0 && y < 0.0 {
        return refused("zero raised to a negative power is undefined");
    }
    if x < 0.0 && y.is_finite() && y.fract() != 0.0 {
        return refused("a negative number raised to a non-integer power yields a complex result");
    }
    let result = x.powf(y);
    if result.is_infinite() && x.is_finite() && y.is_finite() {
        return Err(Error::new(SqlState::NumericValueOutOfRange, "value out of range: overflow"));
    }
    if result == 0.0 && x != 0.0 && x.is_finite() && y.is_finite() {
        return Err(Error::new(SqlState::NumericValueOutOfRange, "value out of range: underflow"));
    }
    Ok(result)
}

/// An angle within one turn.
pub(super) fn turned(x: f64) -> Result<f64> {
    if x.is_infinite() { Err(outside()) } else { Ok(x % 360.0) }
}

pub(super) fn sine_of_degrees(degrees: f64) -> f64 {
    let turned = degrees.rem_euclid(360.0);
    let (sign, half) = if turned >= 180.0 { (-1.0, turned - 180.0) } else { (1.0, turned) };
    let quarter = if half > 90.0 { 180.0 - half } else { half };
    let sine = match quarter {
        0.0 => 0.0,
        30.0 => 0.5,
        90.0 => 1.0,
        quarter if quarter <= 45.0 => quarter.to_radians().sin(),
        // So that the cosine of 60 is the sine of 30.
        quarter => (90.0 - quarter).to_radians().cos(),
    };
    sign * sine
}

pub(super) fn quotient_of_degrees(x: f64, y: f64) -> f64 {
    let result = x / y;
    // 45 degrees are 1.
    if (result.abs() - 1.0).abs() < 1e-15 {
        result.signum()
    } else if result == 0.0 {
        0.0
    } else {
        result
    }
}

pub(super) fn in_degrees(radians: f64) -> f64 {
    let degrees = radians.to_degrees();
    let nearest = (degrees / 15.0).round() * 15.0;
    if (degrees - nearest).abs() < 1e-13 { nearest } else { degrees }
}
