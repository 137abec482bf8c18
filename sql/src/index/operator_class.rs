//! Operator classes: `vector_cosine_ops` and its kin, which say an index's distance and the type that it is over.

use muster_engine::Metric;
use muster_storage::{IndexDefinition, TableDefinition};

use super::METRIC;
use crate::types::vector::VectorKind;

/// The class of an index of a table.
pub(crate) fn operator_class(table: &TableDefinition, index: &IndexDefinition) -> String {
    let metric = index.properties.get(METRIC).map_or("cosine", String::as_str);
    let field = table.schema.fields().get(index.column);
    let kind = field.and_then(|field| VectorKind::of(field)).unwrap_or(VectorKind::Vector);
    format!("{}_{metric}_ops", kind.name())
}

/// What a class is of; `None` for one that is not there.
pub(crate) fn find_class(name: &str) -> Option<(VectorKind, Metric)> {
    let (kind, metric) = name.strip_suffix("_ops")?.split_once('_')?;
    Some((VectorKind::named(kind)?, metric.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_say_their_type_and_distance() {
        assert_eq!(find_class("vector_ip_ops"), Some((VectorKind::Vector, Metric::InnerProduct)));
        assert_eq!(find_class("halfvec_l2_ops"), Some((VectorKind::Half, Metric::L2)));
        for unknown in ["vector_ops", "sparsevec_l2_ops", "vector_l3_ops", "vector_l2", "l2_ops", ""] {
            assert_eq!(find_class(unknown), None, "{unknown}");
        }
    }
}
