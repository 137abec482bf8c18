//! What is searched, what for, and the exact answers: the same for every system.
//!
//! Vectors and queries are of unit length, little-endian f32, also in the files that peers read. The distance is
//! cosine distance.

use std::collections::HashSet;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use muster_engine::{Metric, Vectors};

use super::args::{Dataset, K};
use crate::data::{self, DataSet};
use crate::measure;

/// Distances that differ by less are equal: sums of hundreds of f32 differ so between orders of summation.
const TOLERANCE: f64 = 1e-6;
/// Candidates of an f32 scan, of which the nearest are found in f64.
const CANDIDATES: usize = 3 * K;

/// See the module.
#[derive(Debug)]
pub struct Problem {
    /// A short name, for files.
    pub name: &'static str,
    /// A line that says what it is.
    pub title: String,
    /// The vectors and queries.
    pub data: DataSet,
    /// Of each query, the distance of its K-th neighbour.
    limits: Vec<f64>,
}

impl Problem {
    /// Makes or reads vectors and queries, and searches exactly.
    ///
    /// # Errors
    /// When the titles are missing.
    pub fn load(dataset: Dataset, rows: usize) -> Result<Self> {
        let (name, mut data) = match dataset {
            // As many rows a cluster as the default has: neighbours come from a query's own.
            Dataset::Synthetic => ("synthetic", data::clustered(rows, 768, (rows / 100).max(1), 0.5)),
            Dataset::Titles => ("titles", data::titles()?),
        };
        for vector in data.base.chunks_exact_mut(data.dimensions) {
            normalize(vector);
        }
        for vector in data.queries.chunks_exact_mut(data.dimensions) {
            normalize(vector);
        }
        let mut problem = Self { name, title: data.name.clone(), data, limits: Vec::new() };
        problem.limits = problem.exact_limits()?;
        Ok(problem)
    }

    fn exact_limits(&self) -> Result<Vec<f64>> {
        let truth = measure::truth(&self.data, Metric::Cosine, CANDIDATES, None)?;
        let mut limits = Vec::with_capacity(truth.len());
        for (query, hits) in truth.iter().enumerate() {
            let mut distances: Vec<f64> =
                hits.iter().filter_map(|hit| self.distance(query, i64::from(hit.row))).collect();
            distances.sort_by(f64::total_cmp);
            limits.push(*distances.get(K - 1).context("fewer vectors than neighbours")?);
        }
        Ok(limits)
    }

    /// Elements of a vector.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.data.dimensions
    }

    /// How many vectors there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.data.base.len() / self.data.dimensions
    }

    /// The queries, in order.
    pub fn queries(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.data.queries.chunks_exact(self.data.dimensions)
    }

    /// The vectors, as the engine takes them.
    ///
    /// # Errors
    /// The engine's.
    pub fn vectors(&self) -> Result<Vectors<'_>> {
        measure::vectors(&self.data)
    }

    /// The share of the K true neighbours of a query that an answer has. Of equally distant rows any will do; a row
    /// that is given twice counts once, one that does not exist not at all.
    #[must_use]
    pub fn recall(&self, query: usize, answer: &[i64]) -> f64 {
        let Some(limit) = self.limits.get(query) else { return 0.0 };
        let distinct: HashSet<i64> = answer.iter().take(K).copied().collect();
        let near = distinct
            .into_iter()
            .filter_map(|id| self.distance(query, id))
            .filter(|distance| *distance <= limit + TOLERANCE)
            .count();
        near as f64 / K as f64
    }

    /// The cosine distance of a query and a vector, in f64.
    fn distance(&self, query: usize, id: i64) -> Option<f64> {
        let a = row(&self.data.queries, self.data.dimensions, query)?;
        let b = row(&self.data.base, self.data.dimensions, usize::try_from(id).ok()?)?;
        let dot = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        Some(1.0 - dot(a, b) / (dot(a, a) * dot(b, b)).sqrt())
    }

    /// Writes vectors and queries for programs in other languages.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn write(&self, folder: &Path) -> Result<Files> {
        let files = Files { base: folder.join("base.f32"), queries: folder.join("queries.f32") };
        write_floats(&files.base, &self.data.base)?;
        write_floats(&files.queries, &self.data.queries)?;
        Ok(files)
    }
}

/// Where vectors and queries were written.
#[derive(Debug, Clone)]
pub struct Files {
    /// The vectors.
    pub base: PathBuf,
    /// The queries.
    pub queries: PathBuf,
}

fn row(values: &[f32], dimensions: usize, at: usize) -> Option<&[f32]> {
    let start = at.checked_mul(dimensions)?;
    values.get(start..start.checked_add(dimensions)?)
}

fn normalize(vector: &mut [f32]) {
    let norm = vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    if norm > 0.0 {
        for value in vector {
            *value = (f64::from(*value) / norm) as f32;
        }
    }
}

fn write_floats(path: &Path, values: &[f32]) -> Result<()> {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    for value in values {
        file.write_all(&value.to_le_bytes())?;
    }
    file.flush().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recall_counts_true_neighbours_once() {
        let problem = Problem::load(Dataset::Synthetic, 400).unwrap();
        let query = problem.queries().next().unwrap().to_vec();
        let mut by_distance: Vec<i64> = (0..400).collect();
        let cosine = |id: i64| -> f32 {
            let row = &problem.data.base[id as usize * 768..(id as usize + 1) * 768];
            1.0 - row.iter().zip(&query).map(|(a, b)| a * b).sum::<f32>()
        };
        by_distance.sort_by(|a, b| cosine(*a).total_cmp(&cosine(*b)));
        assert_eq!(problem.recall(0, &by_distance[..10]), 1.0);
        assert_eq!(problem.recall(0, &by_distance[5..15]), 0.5);
        assert_eq!(problem.recall(0, &[by_distance[0]; 10]), 0.1);
        assert_eq!(problem.recall(0, &[-1, 400]), 0.0);
    }
}
