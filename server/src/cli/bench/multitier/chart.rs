//! Charts as SVG: bars on a logarithmic scale, lines over time on a linear one.
//!
//! Colours are the page's: a chart names classes.

use std::fmt::Write;

use super::tally::Beat;

/// In pixels: outer size, and the space around the plot for its labels.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 16.0;
const BOTTOM: f64 = 28.0;
const TOP: f64 = 24.0;

/// Where the plot ends, and how wide it is.
const END: f64 = WIDTH - RIGHT;
const PLOT: f64 = END - LEFT;

/// Points of a line: more are not told apart.
const POINTS: usize = 600;

/// Something that is shown: what it is called, its class.
pub(super) type Named<'a> = (&'a str, &'a str);

/// A line: its name and class, and what it shows of each beat.
pub(super) type Line<'a> = (Named<'a>, fn(&Beat) -> Option<f64>);

/// Groups of bars side by side, one bar for each of `named`, by a logarithmic scale.
pub(super) fn bars(groups: &[(&str, Vec<f64>)], named: &[Named<'_>], unit: &str) -> String {
    let values = groups.iter().flat_map(|(_, values)| values).copied();
    let scale = Scale::logarithmic(values);
    let mut chart = scale.grid(unit);
    let each = PLOT / groups.len().max(1) as f64;
    let width = each * 0.8 / named.len().max(1) as f64;
    for (place, (group, values)) in groups.iter().enumerate() {
        let start = LEFT + each * place as f64;
        for (number, ((name, class), value)) in named.iter().zip(values).enumerate() {
            let (x, y) = (start + each * 0.1 + width * number as f64, scale.y(*value));
            let _infallible = write!(
                chart,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{group}, {name}: \
                 {value:.2} {unit}</title></rect>",
                width * 0.85,
                (HEIGHT - BOTTOM - y).max(0.5)
            );
        }
        let _infallible = write!(
            chart,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{group}</text>",
            start + each / 2.0,
            HEIGHT - 8.0
        );
    }
    svg(&chart, named)
}

/// Lines over time.
pub(super) fn lines(beats: &[Beat], unit: &str, of: &[Line<'_>]) -> String {
    let values = of.iter().flat_map(|(_, value)| beats.iter().filter_map(value));
    let scale = Scale::linear(values);
    let end = beats.last().map_or(1.0, |beat| beat.at).max(f64::EPSILON);
    let mut chart = scale.grid(unit);
    let step = beats.len().div_ceil(POINTS).max(1);
    for ((_, class), value) in of {
        let _infallible = write!(chart, "<polyline class=\"{class}\" points=\"");
        for beat in beats.iter().step_by(step) {
            if let Some(value) = value(beat) {
                let x = LEFT + PLOT * beat.at / end;
                let _infallible = write!(chart, "{x:.1},{:.1} ", scale.y(value));
            }
        }
        chart.push_str("\"/>");
    }
    let bottom = HEIGHT - 8.0;
    let _infallible = write!(
        chart,
        "<text x=\"{LEFT}\" y=\"{bottom:.1}\">0 s</text><text x=\"{END}\" y=\"{bottom:.1}\" text-anchor=\"end\">{end:.0} s\
         </text>"
    );
    let names: Vec<Named<'_>> =
        of.iter().map(|(named, _)| *named).filter(|(name, _)| !name.is_empty()).collect();
    svg(&chart, &names)
}

/// The chart with its legend, above the plot.
fn svg(chart: &str, named: &[Named<'_>]) -> String {
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">{chart}");
    for (number, (name, class)) in named.iter().enumerate() {
        let x = END - 90.0 * (named.len() - number) as f64;
        let _infallible = write!(
            svg,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"2\" width=\"10\" height=\"10\"/><text x=\"{:.1}\" y=\"11\">{name}</text>",
            x + 14.0
        );
    }
    svg + "</svg>"
}

/// Where values are.
#[derive(Debug, PartialEq)]
enum Scale {
    /// From 0 to a round number that is not less than the most.
    Linear { top: f64 },
    /// Between two powers of ten that hold all, by their exponents.
    Logarithmic { low: i32, high: i32 },
}

impl Scale {
    fn linear(values: impl Iterator<Item = f64>) -> Self {
        let most = values.fold(1e-3, f64::max);
        let unit = 10_f64.powf(most.log10().floor());
        let round = [1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0].into_iter().find(|round| round * unit >= most);
        Self::Linear { top: round.unwrap_or(10.0) * unit }
    }

    /// What is not above zero, as of what never ran, is left out.
    fn logarithmic(values: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for value in values.filter(|value| *value > 0.0) {
            (least, most) = (least.min(value), most.max(value));
        }
        if most == 0.0 {
            return Self::Logarithmic { low: 0, high: 1 };
        }
        let low = least.log10().floor() as i32;
        Self::Logarithmic { low, high: (most.log10().ceil() as i32).max(low + 1) }
    }

    fn y(&self, value: f64) -> f64 {
        let share = match self {
            Self::Linear { top } => value / top,
            Self::Logarithmic { .. } if value <= 0.0 => 0.0,
            Self::Logarithmic { low, high } => (value.log10() - f64::from(*low)) / f64::from(high - low),
        };
        HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * share.clamp(0.0, 1.0)
    }

    /// Values with a line of their own.
    fn marks(&self) -> Vec<f64> {
        match self {
            Self::Linear { top } => (0..=4).map(|quarter| top * f64::from(quarter) / 4.0).collect(),
            Self::Logarithmic { low, high } => {
                let decades =
                    (*low..*high).flat_map(|power| [1.0, 2.0, 5.0].map(|first| first * 10_f64.powi(power)));
                decades.chain([10_f64.powi(*high)]).collect()
            }
        }
    }

    fn grid(&self, unit: &str) -> String {
        let marks = self.marks();
        let mut grid = String::new();
        for (number, value) in marks.iter().enumerate() {
            let y = self.y(*value);
            let unit = if number + 1 == marks.len() { unit } else { "" };
            let _infallible = write!(
                grid,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{END}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{} {unit}</text>",
                LEFT - 6.0,
                y + 4.0,
                digits(*value)
            );
        }
        grid
    }
}

/// As few digits as tell it.
fn digits(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_scale_ends_in_a_round_number() {
        for (most, wanted) in [(0.0, 0.001), (1.0, 1.0), (1.2, 1.5), (230.0, 300.0), (4001.0, 6000.0)] {
            let Scale::Linear { top } = Scale::linear([most].into_iter()) else { unreachable!() };
            assert!((top - wanted).abs() < wanted * 1e-9, "{most}");
        }
    }

    #[test]
    fn a_logarithmic_scale_holds_all_between_powers_of_ten() {
        let of = |values: &[f64]| Scale::logarithmic(values.iter().copied());
        assert_eq!(of(&[0.0, 3.0, 240.0]), Scale::Logarithmic { low: 0, high: 3 });
        assert_eq!(of(&[0.2, 0.3]), Scale::Logarithmic { low: -1, high: 0 });
        assert_eq!(of(&[10.0]), Scale::Logarithmic { low: 1, high: 2 });
        assert_eq!(of(&[0.0]), Scale::Logarithmic { low: 0, high: 1 });
        let scale = of(&[1.0, 100.0]);
        let middle = (scale.y(1.0) + scale.y(100.0)) / 2.0;
        assert!((scale.y(10.0) - middle).abs() < 1e-9);
        assert_eq!(scale.y(0.0), scale.y(1.0));
        assert_eq!(scale.marks(), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]);
    }

    #[test]
    fn marks_have_as_few_digits_as_tell_them() {
        assert_eq!([0.0, 0.05, 2.5, 200.0].map(digits), ["0", "0.05", "2.5", "200"]);
    }
}
