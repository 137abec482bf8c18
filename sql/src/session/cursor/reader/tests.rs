use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array};
use arrow::datatypes::Int64Type;
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryConsumer, MemoryPool};
use futures::FutureExt;

use super::*;

/// The numbers from 1 to 10 in batches of 3.
fn reader(scroll: bool, bytes: usize) -> Reader {
    let numbers: Vec<i64> = (1..=10).collect();
    let batches: Vec<Result<RecordBatch>> = numbers
        .chunks(3)
        .map(|chunk| {
            let column = Arc::new(Int64Array::from(chunk.to_vec())) as ArrayRef;
            Ok(RecordBatch::try_from_iter([("n", column)]).unwrap())
        })
        .collect();
    let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(bytes));
    let memory = MemoryConsumer::new("cursor").register(&pool);
    Reader::new(futures::stream::iter(batches).boxed(), scroll, memory)
}

fn fetch(reader: &mut Reader, direction: Direction) -> std::result::Result<Vec<i64>, &'static str> {
    let work = async {
        let mut rows = Vec::new();
        let mut span = reader.begin(direction).await?;
        while let Some((batch, left)) = reader.advance(span).await? {
            rows.extend(batch.column(0).as_primitive::<Int64Type>().values());
            span = left;
        }
        Ok(rows)
    };
    work.now_or_never().unwrap().map_err(|error: Error| error.sqlstate())
}

#[test]
fn a_cursor_goes_forward_and_forgets() {
    use Direction::{Absolute, Backward, Forward, Relative};
    let mut reader = reader(false, 0);
    assert_eq!(fetch(&mut reader, Forward(2)), Ok(vec![1, 2]));
    assert_eq!(fetch(&mut reader, Forward(3)), Ok(vec![3, 4, 5]));
    assert_eq!(fetch(&mut reader, Relative(2)), Ok(vec![7]));
    assert_eq!(fetch(&mut reader, Backward(1)), Err("55000"));
    assert_eq!(fetch(&mut reader, Absolute(3)), Err("55000"));
    assert_eq!(fetch(&mut reader, Relative(0)), Err("55000"));
    assert_eq!(fetch(&mut reader, Absolute(9)), Ok(vec![9]));
    assert!(reader.kept.len() <= 1);
    assert_eq!(fetch(&mut reader, Forward(u64::MAX)), Ok(vec![10]));
    assert_eq!(fetch(&mut reader, Forward(1)), Ok(vec![]));
    assert_eq!(fetch(&mut reader, Relative(0)), Ok(vec![]));
}

#[test]
fn a_cursor_that_scrolls_goes_anywhere() {
    use Direction::{Absolute, Backward, Forward, Relative};
    let mut reader = reader(true, 1 << 20);
    for (direction, rows) in [
        (Backward(1), vec![]),
        (Forward(4), vec![1, 2, 3, 4]),
        (Backward(2), vec![3, 2]),
        (Relative(0), vec![2]),
        (Relative(-1), vec![1]),
        (Backward(1), vec![]),
        (Forward(1), vec![1]),
        (Absolute(-2), vec![9]),
        (Forward(u64::MAX), vec![10]),
        (Backward(1), vec![10]),
        (Backward(u64::MAX), vec![9, 8, 7, 6, 5, 4, 3, 2, 1]),
        (Absolute(-1), vec![10]),
        (Absolute(-11), vec![]),
        (Forward(1), vec![1]),
        (Absolute(11), vec![]),
        (Backward(1), vec![10]),
        (Absolute(0), vec![]),
        (Forward(1), vec![1]),
        (Relative(-5), vec![]),
        (Forward(1), vec![1]),
    ] {
        assert_eq!(fetch(&mut reader, direction), Ok(rows), "{direction:?}");
    }
}

#[test]
fn what_scrolling_keeps_is_within_the_memory() {
    let mut reader = reader(true, 100);
    assert_eq!(fetch(&mut reader, Direction::Forward(u64::MAX)), Err("53200"));
}

#[test]
fn what_is_held_is_read_forward_after_it_was_read_whole() {
    let mut reader = reader(false, 1 << 20);
    assert_eq!(fetch(&mut reader, Direction::Forward(2)), Ok(vec![1, 2]));
    reader.read_all().now_or_never().unwrap().unwrap();
    assert_eq!(fetch(&mut reader, Direction::Forward(2)), Ok(vec![3, 4]));
    assert_eq!(fetch(&mut reader, Direction::Absolute(10)), Ok(vec![10]));
    assert_eq!(reader.memory.size(), 0);
}
