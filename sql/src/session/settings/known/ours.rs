//! Muster's own, and pgvector's, whose names its clients know.

use super::super::definition::{Context, Definition, Effect, Kind, Unit, settings};

settings! {
    "Muster / Searches": {
        "hnsw.ef_search" User, Kind::Integer(Unit::None, 1, 1000), "40", Effect::Own, "Sets the width of a search's beam.";
        "hnsw.iterative_scan" User, Kind::Choice(&["off", "relaxed_order", "strict_order"]), "off", Effect::Kept, "Sets how a filtered search goes on: here it always does, until all rows are found.";
        "hnsw.max_scan_tuples" User, Kind::Integer(Unit::None, 1, 2147483647), "20000", Effect::Kept, "Sets how many rows a filtered search visits in pgvector.";
        "hnsw.scan_mem_multiplier" User, Kind::Real(Unit::None, 1.0, 1000.0), "1", Effect::Kept, "Sets the memory of a filtered search in pgvector.";
        "muster.exact" User, Kind::Flag, "off", Effect::Own, "Compares with every row instead of walking graphs.";
        "muster.playbook_max_distance" User, Kind::Real(Unit::None, 0.0, 2.0), "0.15", Effect::Own, "Sets how far a playbook's query may be from the one that is asked.";
        "muster.result_cache" User, Kind::Flag, "on", Effect::Own, "Answers searches from the result cache.";
    }
}
