//! What a provider answered, checked: as many vectors as texts, of the right length, finite, not zero.
//!
//! Invariant: what passes here can be stored in a vector column and compared by any metric.

/// Checks one vector and brings it to unit length where that is wanted.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn checked(mut vector: Vec<f32>, dimensions: usize, normalize: bool) -> Result<Vec<f32>, String> {
    if vector.len() != dimensions {
        return Err(format!("vectors of {} dimensions came, {dimensions} are configured", vector.len()));
    }
    if let Some(position) = vector.iter().position(|element| !element.is_finite()) {
        return Err(format!("element {position} of a vector is NaN or infinite"));
    }
    // In f64, where no square of an f32 is infinite or lost.
    let length = vector.iter().map(|&element| f64::from(element) * f64::from(element)).sum::<f64>().sqrt();
    if length == 0.0 {
        return Err("a vector of zeros came".to_string());
    }
    if normalize {
        for element in &mut vector {
            *element = (f64::from(*element) / length) as f32;
        }
    }
    Ok(vector)
}

/// As [`checked`], for one vector a text.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn all_checked(
    vectors: Vec<Vec<f32>>,
    texts: usize,
    dimensions: usize,
    normalize: bool,
) -> Result<Vec<Vec<f32>>, String> {
    if vectors.len() != texts {
        return Err(format!("{} vectors came for {texts} texts", vectors.len()));
    }
    vectors.into_iter().map(|vector| checked(vector, dimensions, normalize)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_become_one_whatever_they_were() {
        for scale in [1e-30_f32, 1.0, 1e30] {
            let vector = checked(vec![3.0 * scale, 0.0, -4.0 * scale], 3, true).unwrap();
            assert!((vector[0] - 0.6).abs() < 1e-6 && (vector[2] + 0.8).abs() < 1e-6, "{scale}");
        }
        assert_eq!(checked(vec![3.0, -4.0], 2, false).unwrap(), [3.0, -4.0]);
    }

    #[test]
    fn what_is_no_vector_is_refused() {
        for (vector, said) in [
            (vec![1.0], "1 dimensions came, 2"),
            (vec![1.0, f32::NAN], "element 1"),
            (vec![f32::INFINITY, 1.0], "element 0"),
            (vec![0.0, -0.0], "zeros"),
        ] {
            assert!(checked(vector, 2, true).unwrap_err().contains(said));
        }
        assert!(all_checked(vec![vec![1.0]], 2, 1, true).unwrap_err().contains("1 vectors came for 2 texts"));
    }
}
