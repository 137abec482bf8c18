//! `format_type(type, modifier)`: a type as SQL writes it, from `pg_attribute`'s numbers.

use datafusion::error::Result;

use super::super::{library, oid};
use super::Argument::Number;
use super::{Answer, Arguments, Catalog, Entry};

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[("format_type", &[&[Number, Number]], Answer::Text(answer))];

/// What PostgreSQL says of a type that nobody knows.
const UNKNOWN: &str = "???";
/// What `atttypmod` counts beside the length or the precision.
const HEADER: i32 = 4;

fn answer(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let Some(type_oid) = arguments.number(0, row) else { return Ok(None) };
    let modifier = arguments.oid(1, row).unwrap_or(-1);
    i32::try_from(type_oid)
        .map_or_else(|_| Ok(UNKNOWN.to_string()), |type_oid| type_text(type_oid, modifier))
        .map(Some)
}

/// The type's name with what its modifier says.
pub(crate) fn type_text(type_oid: i32, modifier: i32) -> Result<String> {
    if type_oid == 0 {
        return Ok("-".to_string());
    }
    for (vector, name) in [(oid::VECTOR, "vector"), (oid::HALFVEC, "halfvec")] {
        if type_oid == vector {
            return Ok(if modifier > 0 { format!("{name}({modifier})") } else { name.to_string() });
        }
    }
    let known = library::types()?.get(&type_oid);
    if let Some(known) = known
        && known.element != 0
    {
        return Ok(format!("{}[]", type_text(known.element, modifier)?));
    }
    let length = (modifier >= HEADER).then(|| modifier - HEADER);
    let sized = |name: &str, rest: &str, size: Option<i32>| match size {
        Some(size) => format!("{name}({size}){rest}"),
        None => format!("{name}{rest}"),
    };
    let digits = (modifier >= 0).then_some(modifier);
    Ok(match type_oid {
        16 => "boolean".to_string(),
        18 => "\"char\"".to_string(),
        20 => "bigint".to_string(),
        21 => "smallint".to_string(),
        23 => "integer".to_string(),
        700 => "real".to_string(),
        701 => "double precision".to_string(),
        1042 => sized("character", "", length),
        1043 => sized("character varying", "", length),
        1083 => sized("time", " without time zone", digits),
        1114 => sized("timestamp", " without time zone", digits),
        1184 => sized("timestamp", " with time zone", digits),
        1266 => sized("time", " with time zone", digits),
        1560 => sized("bit", "", digits),
        1562 => sized("bit varying", "", digits),
        1700 => match length {
            Some(packed) => format!("numeric({},{})", packed >> 16, packed & 0xffff),
            None => "numeric".to_string(),
        },
        _ => known.map_or_else(|| UNKNOWN.to_string(), |known| known.name.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_as_postgresql_writes_them() {
        for (type_oid, modifier, text) in [
            (25, -1, "text"),
            (1009, -1, "text[]"),
            (16_385, 768, "vector(768)"),
            (16_385, -1, "vector"),
            (16_388, 3, "halfvec(3)"),
            (1700, (10 << 16) + 2 + 4, "numeric(10,2)"),
            (1700, (10 << 16) + 4, "numeric(10,0)"),
            (1700, -1, "numeric"),
            (1231, (10 << 16) + 2 + 4, "numeric(10,2)[]"),
            (1043, 24, "character varying(20)"),
            (1043, -1, "character varying"),
            (1184, -1, "timestamp with time zone"),
            (1114, 3, "timestamp(3) without time zone"),
            (2950, -1, "uuid"),
            (1186, -1, "interval"),
            (26, -1, "oid"),
            (0, -1, "-"),
            (-5, -1, "???"),
            (999_999, -1, "???"),
        ] {
            assert_eq!(type_text(type_oid, modifier).unwrap(), text);
        }
    }
}
