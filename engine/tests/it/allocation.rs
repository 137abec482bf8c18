//! A search through a graph allocates its result and nothing else, once its thread has searched before.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use muster_engine::{Metric, Part, SearchOptions, Strategy, Vectors};
use roaring::RoaringBitmap;

use crate::data::{clustered, find, graph};

/// The system's memory, with a count of what each thread asks for.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_search_allocates_its_result_alone() {
    let all = clustered(3050, 40, 20, 0.5, 40);
    let (values, queries) = all.split_at(3000 * 40);
    let vectors = Vectors::new(values, 40, None).unwrap();
    let most: RoaringBitmap = (0..3000).filter(|row| row % 5 != 0).collect();
    for metric in Metric::ALL {
        let graph = graph(&vectors, metric);
        let options = SearchOptions { metric, k: 10, ef: 64, exact: false };
        for allowed in [None, Some(&most)] {
            let part = Part { vectors, allowed, graph: Some(&graph) };
            // Working memory grows to what the largest search needs.
            queries.chunks_exact(40).for_each(|query| drop(find(part, query, options)));
            for query in queries.chunks_exact(40) {
                let before = ALLOCATIONS.get();
                let (found, stats) = find(part, query, options);
                assert_eq!(ALLOCATIONS.get() - before, 1, "{metric}, filter: {}", allowed.is_some());
                assert_eq!((found.len(), stats.strategy), (10, Strategy::Graph));
            }
        }
    }
}
