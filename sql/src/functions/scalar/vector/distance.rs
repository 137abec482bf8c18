//! `l2_distance`, `cosine_distance`, `l1_distance`, `inner_product` and `vector_negative_inner_product`, which the
//! operators `<->`, `<=>`, `<+>` and `<#>` are.
//!
//! Arguments: two vectors of equal dimensions. Result: `double precision`, NULL where either is NULL. The cosine
//! distance of a zero vector is NaN. 22000 for different dimensions.

use std::sync::{Arc, LazyLock};

use arrow::array::Float64Array;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use muster_engine::{Metric, QueryDistance};

use super::arguments::{self, Argument};

/// What is computed of two vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Distance {
    /// `<->`
    L2,
    /// `<#>`
    NegativeInnerProduct,
    /// `<=>`
    Cosine,
    /// `<+>`
    L1,
    /// A similarity, and the one that has no operator.
    InnerProduct,
}

impl Distance {
    pub(super) const ALL: [Self; 5] =
        [Self::L2, Self::NegativeInnerProduct, Self::Cosine, Self::L1, Self::InnerProduct];

    /// The distance that an operator gives.
    pub(crate) fn of_operator(operator: &str) -> Option<Self> {
        match operator {
            "<->" => Some(Self::L2),
            "<#>" => Some(Self::NegativeInnerProduct),
            "<=>" => Some(Self::Cosine),
            "<+>" => Some(Self::L1),
            _ => None,
        }
    }

    /// The function's name.
    pub(crate) const fn function_name(self) -> &'static str {
        match self {
            Self::L2 => "l2_distance",
            Self::NegativeInnerProduct => "vector_negative_inner_product",
            Self::Cosine => "cosine_distance",
            Self::L1 => "l1_distance",
            Self::InnerProduct => "inner_product",
        }
    }

    const fn metric(self) -> Metric {
        match self {
            Self::L2 => Metric::L2,
            Self::NegativeInnerProduct | Self::InnerProduct => Metric::InnerProduct,
            Self::Cosine => Metric::Cosine,
            Self::L1 => Metric::L1,
        }
    }

    fn between(self, query: &QueryDistance<'_>, row: &[f32]) -> f64 {
        let distance = query.to_f64(row);
        if self == Self::InnerProduct { -distance } else { distance }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct DistanceFunction {
    distance: Distance,
    signature: Signature,
}

/// The function that computes a distance.
pub(crate) fn distance(distance: Distance) -> Arc<ScalarUDF> {
    static FUNCTIONS: LazyLock<[Arc<ScalarUDF>; 5]> = LazyLock::new(|| {
        Distance::ALL.map(|distance| {
            let signature = Signature::variadic_any(Volatility::Immutable);
            Arc::new(ScalarUDF::new_from_impl(DistanceFunction { distance, signature }))
        })
    });
    let [l2, negative, cosine, l1, inner] = &*FUNCTIONS;
    match distance {
        Distance::L2 => l2.clone(),
        Distance::NegativeInnerProduct => negative.clone(),
        Distance::Cosine => cosine.clone(),
        Distance::L1 => l1.clone(),
        Distance::InnerProduct => inner.clone(),
    }
}

/// All of them.
pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    Distance::ALL.map(distance).to_vec()
}

impl ScalarUDFImpl for DistanceFunction {
    fn name(&self) -> &str {
        self.distance.function_name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        arguments::kind(self.name(), &args, 2)?;
        Ok(Arc::new(Field::new(self.name(), DataType::Float64, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let kind = arguments::called_with(&args);
        let (left, right) = (Argument::new(&args, 0, kind)?, Argument::new(&args, 1, kind)?);
        // All distances are symmetric: what depends on one vector alone is computed once for a constant.
        let (one, other) = if left.is_constant() { (&left, &right) } else { (&right, &left) };
        let metric = self.distance.metric();
        let constant = one.get(0).filter(|_| one.is_constant()).map(|one| QueryDistance::new(metric, one));
        let mut distances = Vec::with_capacity(args.number_rows);
        for row in 0..arguments::rows_of(&args) {
            let (Some(one), Some(other)) = (one.get(row), other.get(row)) else {
                distances.push(None);
                continue;
            };
            if one.len() != other.len() {
                let (left, right) = (left.get(row), right.get(row));
                let length = |vector: Option<&[f32]>| vector.map_or(0, <[f32]>::len);
                return Err(arguments::different_dimensions(kind, length(left), length(right)).into());
            }
            let query = constant.unwrap_or_else(|| QueryDistance::new(metric, one));
            distances.push(Some(self.distance.between(&query, other)));
        }
        arguments::result(&args, Arc::new(Float64Array::from(distances)))
    }
}
