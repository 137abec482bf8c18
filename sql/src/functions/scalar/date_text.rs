//! What casts, comparisons and assignments of a text to a date or time run before Arrow's cast: see
//! [`types::date_text`](crate::types::date_text).

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::text::over_texts;
use crate::types::date_text::{Kind, is_without_zone, standard};

#[derive(Debug, PartialEq, Eq, Hash)]
struct DateText {
    kind: Kind,
    /// The zone of moments that name none, where it is not UTC.
    zone: Option<String>,
    signature: Signature,
}

static FUNCTIONS: LazyLock<Vec<(Kind, Arc<ScalarUDF>)>> = LazyLock::new(|| {
    let kinds = [Kind::Date, Kind::Time, Kind::Timestamp, Kind::TimestampTz];
    let function = |kind| {
        let signature =
            Signature::one_of(vec![TypeSignature::Exact(vec![DataType::Utf8])], Volatility::Immutable);
        (kind, Arc::new(ScalarUDF::new_from_impl(DateText { kind, zone: None, signature })))
    };
    kinds.into_iter().map(function).collect()
});

/// The functions, one a kind.
pub(super) fn functions() -> impl Iterator<Item = Arc<ScalarUDF>> {
    FUNCTIONS.iter().map(|(_, function)| function.clone())
}

/// `text` as a value of this type, if that is one of dates or times. What is no date is told of where it is evaluated.
pub(crate) fn read_date(text: Expr, data_type: &DataType) -> Option<Expr> {
    let kind = Kind::of(data_type)?;
    let text = match text {
        Expr::Literal(ScalarValue::Utf8(Some(text)), metadata)
            if standard(&text, kind).is_ok_and(|it| it == text) =>
        {
            Expr::Literal(ScalarValue::Utf8(Some(text)), metadata)
        }
        other => {
            let (_, function) = FUNCTIONS.iter().find(|(known, _)| *known == kind)?;
            function.call(vec![other])
        }
    };
    Some(Expr::Cast(Cast::new(Box::new(text), data_type.clone())))
}

/// A moment's text, with this zone where it names none.
pub(crate) fn zoned_text(text: Expr, zone: &str) -> Expr {
    let signature =
        Signature::one_of(vec![TypeSignature::Exact(vec![DataType::Utf8])], Volatility::Immutable);
    let function = DateText { kind: Kind::TimestampTz, zone: Some(zone.to_string()), signature };
    ScalarUDF::new_from_impl(function).call(vec![text])
}

/// Whether an expression is a text that was read.
pub(crate) fn is_read(expression: &Expr) -> bool {
    let Expr::ScalarFunction(call) = expression else { return false };
    FUNCTIONS.iter().any(|(_, function)| function.name() == call.func.name())
}

impl DateText {
    fn read(&self, text: &str) -> crate::Result<String> {
        let mut read = standard(text, self.kind)?;
        if let Some(zone) = &self.zone
            && is_without_zone(&read)
        {
            read.push(' ');
            read.push_str(zone);
        }
        Ok(read)
    }
}

impl ScalarUDFImpl for DateText {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Date => "muster_date_text",
            Kind::Time => "muster_time_text",
            Kind::Timestamp => "muster_timestamp_text",
            Kind::TimestampTz => "muster_timestamptz_text",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        over_texts(&args, |texts| {
            let read = |text: Option<&str>| text.map(|text| self.read(text)).transpose();
            let texts: StringArray = texts.iter().map(read).collect::<crate::Result<_>>()?;
            Ok(Arc::new(texts) as ArrayRef)
        })
    }
}
