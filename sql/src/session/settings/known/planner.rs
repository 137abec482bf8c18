//! PostgreSQL's planner. Plans are made otherwise here, so these are kept and change nothing.

use super::super::definition::{Context, Definition, Effect, Kind, Unit, settings};

settings! {
    "Query Tuning / Genetic Query Optimizer": {
        "geqo" User, Kind::Flag, "on", Effect::Kept, "Enables genetic query optimization.";
        "geqo_effort" User, Kind::Integer(Unit::None, 1, 10), "5", Effect::Kept, "GEQO: effort is used to set the default for other GEQO parameters.";
        "geqo_generations" User, Kind::Integer(Unit::None, 0, 2147483647), "0", Effect::Kept, "GEQO: number of iterations of the algorithm.";
        "geqo_pool_size" User, Kind::Integer(Unit::None, 0, 2147483647), "0", Effect::Kept, "GEQO: number of individuals in the population.";
        "geqo_seed" User, Kind::Real(Unit::None, 0.0, 1.0), "0", Effect::Kept, "GEQO: seed for random path selection.";
        "geqo_selection_bias" User, Kind::Real(Unit::None, 1.5, 2.0), "2", Effect::Kept, "GEQO: selective pressure within the population.";
        "geqo_threshold" User, Kind::Integer(Unit::None, 2, 2147483647), "12", Effect::Kept, "Sets the threshold of FROM items beyond which GEQO is used.";
    }
    "Query Tuning / Other Planner Options": {
        "constraint_exclusion" User, Kind::Choice(&["partition", "on", "off"]), "partition", Effect::Kept, "Enables the planner to use constraints to optimize queries.";
        "cursor_tuple_fraction" User, Kind::Real(Unit::None, 0.0, 1.0), "0.1", Effect::Kept, "Sets the planner's estimate of the fraction of a cursor's rows that will be retrieved.";
        "default_statistics_target" User, Kind::Integer(Unit::None, 1, 10000), "100", Effect::Kept, "Sets the default statistics target.";
        "from_collapse_limit" User, Kind::Integer(Unit::None, 1, 2147483647), "8", Effect::Kept, "Sets the FROM-list size beyond which subqueries are not collapsed.";
        "jit" User, Kind::Flag, "on", Effect::Kept, "Allow JIT compilation.";
        "join_collapse_limit" User, Kind::Integer(Unit::None, 1, 2147483647), "8", Effect::Kept, "Sets the FROM-list size beyond which JOIN constructs are not flattened.";
        "plan_cache_mode" User, Kind::Choice(&["auto", "force_generic_plan", "force_custom_plan"]), "auto", Effect::Kept, "Controls the planner's selection of custom or generic plan.";
        "recursive_worktable_factor" User, Kind::Real(Unit::None, 0.001, 1000000.0), "10", Effect::Kept, "Sets the planner's estimate of the average size of a recursive query's working table.";
    }
    "Query Tuning / Planner Cost Constants": {
        "cpu_index_tuple_cost" User, Kind::Real(Unit::None, 0.0, f64::MAX), "0.005", Effect::Kept, "Sets the planner's estimate of the cost of processing each index entry during an index scan.";
        "cpu_operator_cost" User, Kind::Real(Unit::None, 0.0, f64::MAX), "0.0025", Effect::Kept, "Sets the planner's estimate of the cost of processing each operator or function call.";
        "cpu_tuple_cost" User, Kind::Real(Unit::None, 0.0, f64::MAX), "0.01", Effect::Kept, "Sets the planner's estimate of the cost of processing each tuple (row).";
        "effective_cache_size" User, Kind::Integer(Unit::Blocks, 1, 2147483647), "524288", Effect::Kept, "Sets the planner's assumption about the total size of the data caches.";
        "jit_above_cost" User, Kind::Real(Unit::None, -1.0, f64::MAX), "100000", Effect::Kept, "Perform JIT compilation if query is more expensive.";
        "jit_inline_above_cost" User, Kind::Real(Unit::None, -1.0, f64::MAX), "500000", Effect::Kept, "Perform JIT inlining if query is more expensive.";
        "jit_optimize_above_cost" User, Kind::Real(Unit::None, -1.0, f64::MAX), "500000", Effect::Kept, "Optimize JIT-compiled functions if query is more expensive.";
        "min_parallel_index_scan_size" User, Kind::Integer(Unit::Blocks, 0, 715827882), "64", Effect::Kept, "Sets the minimum amount of index data for a parallel scan.";
        "min_parallel_table_scan_size" User, Kind::Integer(Unit::Blocks, 0, 715827882), "1024", Effect::Kept, "Sets the minimum amount of table data for a parallel scan.";
        "parallel_setup_cost" User, Kind::Real(Unit::None, 0.0, f64::MAX), "1000", Effect::Kept, "Sets the planner's estimate of the cost of starting up worker processes for parallel query.";
        "parallel_tuple_cost" User, Kind::Real(Unit::None, 0.0, f64::MAX), "0.1", Effect::Kept, "Sets the planner's estimate of the cost of passing each tuple (row) from worker to leader backend.";
        "random_page_cost" User, Kind::Real(Unit::None, 0.0, f64::MAX), "4", Effect::Kept, "Sets the planner's estimate of the cost of a nonsequentially fetched disk page.";
        "seq_page_cost" User, Kind::Real(Unit::None, 0.0, f64::MAX), "1", Effect::Kept, "Sets the planner's estimate of the cost of a sequentially fetched disk page.";
    }
    "Query Tuning / Planner Method Configuration": {
        "enable_async_append" User, Kind::Flag, "on", Effect::Kept, "Enables the planner's use of async append plans.";
        "enable_bitmapscan" User, Kind::Flag, "on", Effect::Kept, "Enables the planner's use of bitmap-scan plans.";
        "enable_gathermerge" User, Kind::Flag, "on", Effect::Kept, "Enables the planner's use of gather merge plans.";
        "enable_hashagg" User, Kind::Flag, "on", Effect::Kept, "Enables the planner's use of hashed aggregation plans.";
        "enable_hashjoin" User, Kind::Flag, "on", Effect::Kept, "Enables the planner's use of hash join plans.";
        "enable_incremental_sort" User, Kind::Flag, "on", Effect::Kept, "Enables the planner's use of incremental sort steps.";
        "enable_indexonlyscan" User, Kind::Flag, "on", Effect::Kept, "Enables the planner's use of index-only-scan plans.";
        "enable_indexscan" User, Kind::Flag, "on", Effect::Kept, "Enables the planner's use of index-scan plans.";
        "enable_material" User, Kind::Flag, "on", Effect::Kept, "Enables the planner's use of materialization.";
        "enable_memoize" User, Kind::Flag, "on", Effect::Kept, "Enables the planner's use of memoization.";
        "enable_mergejoin" User, Kind::Flag, "on", Effect::Kept, "Enables the planner's use of merge join plans.";
        "enable_nestloop" User, Kind::Flag, "on", Effect::Kept, "Enables the planner's use of nested-loop join plans.";
        "enable_parallel_append" User, Kind::Flag, "on", Effect::Kept, "Enables the planner's use of parallel append plans.";
        "enable_parallel_hash" User, Kind::Flag, "on", Effect::Kept, "Enables the planner's use of parallel hash plans.";
        "enable_partition_pruning" User, Kind::Flag, "on", Effect::Kept, "Enables plan-time and execution-time partition pruning.";
        "enable_partitionwise_aggregate" User, Kind::Flag, "off", Effect::Kept, "Enables partitionwise aggregation and grouping.";
        "enable_partitionwise_join" User, Kind::Flag, "off", Effect::Kept, "Enables partitionwise join.";
        "enable_seqscan" User, Kind::Flag, "on", Effect::Kept, "Enables the planner's use of sequential-scan plans.";
        "enable_sort" User, Kind::Flag, "on", Effect::Kept, "Enables the planner's use of explicit sort steps.";
        "enable_tidscan" User, Kind::Flag, "on", Effect::Kept, "Enables the planner's use of TID scan plans.";
    }
}
