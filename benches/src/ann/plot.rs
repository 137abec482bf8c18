//! Recall@10 against searches a second, as an SVG: a line a system, a dot a beam width.
//!
//! Both axes are logarithmic: the upper of the rate, the lower of what is missing to a recall of 1, so that 0.99, 0.999
//! and 0.9999 are as far apart as they are to get. It knows points, not how they were measured.

use std::fmt::Write;

use super::point::Point;
use super::system::{Line, MUSTER};

const WIDTH: f64 = 1080.0;
const HEIGHT: f64 = 640.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 300.0;
const TOP: f64 = 60.0;
const BOTTOM: f64 = 60.0;
/// What is missing to 1 at the right edge: 500 queries for 10 rows tell no more apart.
const LEAST_MISSING: f64 = 1e-4;
/// What is missing to 1 at the left edge; what is worse is drawn there.
const MOST_MISSING: f64 = 0.3;
/// Ticks of recall.
const RECALLS: [f64; 7] = [0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0];
/// A colour a system; there are as many systems.
const COLOURS: [&str; 11] = [
    "#7a1fa2", "#d62728", "#0050b0", "#2ca02c", "#e69f00", "#17becf", "#8c564b", "#e377c2", "#7f7f7f",
    "#9a9a00", "#000000",
];
/// Many connections are dashed.
const DASHES: [(usize, &str); 2] = [(8, "7 3"), (50, "2 3")];

/// Draws the points of one data set.
#[must_use]
pub fn svg(title: &str, points: &[Point]) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ok = draw(&mut out, title, points);
    out
}

fn draw(out: &mut String, title: &str, points: &[Point]) -> std::fmt::Result {
    let rates = points.iter().map(|point| point.qps).filter(|rate| *rate > 0.0);
    let (least, most) = rates.fold((f64::MAX, f64::MIN_POSITIVE), |(a, b), rate| (a.min(rate), b.max(rate)));
    let least = if least > most { 1.0 } else { least };
    let scale =
        Rates { low: least.log10().floor(), high: most.log10().ceil().max(least.log10().floor() + 1.0) };
    writeln!(
        out,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">
<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>
<text x="{LEFT}" y="30" font-size="17">{}</text>"##,
        escaped(title)
    )?;
    axes(out, &scale)?;
    let mut lines: Vec<&Line> = Vec::new();
    for point in points {
        if !lines.contains(&&point.line) {
            lines.push(&point.line);
        }
    }
    let mut names: Vec<&str> = Vec::new();
    for (place, line) in lines.into_iter().enumerate() {
        let own: Vec<&Point> = points.iter().filter(|point| point.line == *line).collect();
        let number = names.iter().position(|name| *name == line.name).unwrap_or_else(|| {
            names.push(&line.name);
            names.len() - 1
        });
        let colour = COLOURS.get(number % COLOURS.len()).copied().unwrap_or("#000000");
        series(out, &scale, place, colour, line, &own)?;
    }
    writeln!(out, "</svg>")
}

/// The decades of the rate's axis.
struct Rates {
    low: f64,
    high: f64,
}

impl Rates {
    fn y(&self, rate: f64) -> f64 {
        let share = (rate.max(f64::MIN_POSITIVE).log10() - self.low) / (self.high - self.low);
        HEIGHT - BOTTOM - share.clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM)
    }
}

fn x(recall: f64) -> f64 {
    let missing = (1.0 - recall).clamp(LEAST_MISSING, MOST_MISSING);
    let share = (MOST_MISSING / missing).log10() / (MOST_MISSING / LEAST_MISSING).log10();
    LEFT + share * (WIDTH - LEFT - RIGHT)
}

fn axes(out: &mut String, scale: &Rates) -> std::fmt::Result {
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    for recall in RECALLS {
        let at = x(recall);
        writeln!(out, r##"<line x1="{at:.1}" y1="{TOP}" x2="{at:.1}" y2="{bottom}" stroke="#dddddd"/>"##)?;
        writeln!(out, r#"<text x="{at:.1}" y="{:.1}" text-anchor="middle">{recall}</text>"#, bottom + 20.0)?;
    }
    for decade in scale.low as i32..=scale.high as i32 {
        let (rate, strong) = (10f64.powi(decade), "#bbbbbb");
        let at = scale.y(rate);
        writeln!(out, r#"<line x1="{LEFT}" y1="{at:.1}" x2="{right}" y2="{at:.1}" stroke="{strong}"/>"#)?;
        writeln!(out, r#"<text x="{:.1}" y="{:.1}" text-anchor="end">{rate}</text>"#, LEFT - 8.0, at + 4.0)?;
        for step in 2..10 {
            let between = rate * f64::from(step);
            if between.log10() < scale.high {
                let at = scale.y(between);
                writeln!(
                    out,
                    r##"<line x1="{LEFT}" y1="{at:.1}" x2="{right}" y2="{at:.1}" stroke="#eeeeee"/>"##
                )?;
            }
        }
    }
    let (middle, high) = (f64::midpoint(LEFT, right), f64::midpoint(TOP, bottom));
    writeln!(out, r#"<text x="{middle}" y="{}" text-anchor="middle">recall@10</text>"#, HEIGHT - 15.0)?;
    writeln!(
        out,
        r#"<text transform="translate(22 {high}) rotate(-90)" text-anchor="middle">searches a second</text>"#
    )
}

fn series(
    out: &mut String,
    scale: &Rates,
    place: usize,
    colour: &str,
    line: &Line,
    points: &[&Point],
) -> std::fmt::Result {
    let dash = DASHES.iter().find(|(connections, _)| line.connections == Some(*connections));
    let dash = dash.map_or("none", |(_, dash)| *dash);
    let width = if line.name.starts_with(MUSTER) { "3" } else { "1.5" };
    let stroke = format!(r#"stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dash}" fill="none""#);
    let places: Vec<(f64, f64)> = points.iter().map(|point| (x(point.recall), scale.y(point.qps))).collect();
    let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    writeln!(out, r#"<polyline points="{}" {stroke}/>"#, path.join(" "))?;
    for ((x, y), point) in places.iter().zip(points) {
        let ef = point.ef.map_or_else(|| "exact".to_string(), |ef| format!("ef {ef}"));
        writeln!(
            out,
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="3.5" fill="{colour}"><title>{}, {ef}: recall {:.4}, {:.0}/s</title></circle>"#,
            escaped(&line.to_string()),
            point.recall,
            point.qps
        )?;
    }
    let (left, at) = (WIDTH - RIGHT + 20.0, TOP + 10.0 + 24.0 * place as f64);
    writeln!(out, r#"<path d="M{left} {at} h34" {stroke}/>"#)?;
    writeln!(out, r#"<circle cx="{}" cy="{at}" r="3.5" fill="{colour}"/>"#, left + 17.0)?;
    writeln!(out, r#"<text x="{}" y="{}">{}</text>"#, left + 42.0, at + 4.0, escaped(&line.to_string()))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(name: &str, ef: Option<usize>, recall: f64, qps: f64) -> Point {
        let line = Line::in_process(name);
        Point { line, ef, recall, qps, time: None, p50: 1.0, p99: 1.0, searches: 1, short: 0 }
    }

    /// Every element is closed, in order, and attributes are quoted: as much as an SVG viewer minds.
    fn well_formed(svg: &str) -> bool {
        let mut open: Vec<&str> = Vec::new();
        let mut rest = svg;
        while let Some((text, tail)) = rest.split_once('<') {
            let Some((tag, tail)) = tail.split_once('>') else { return false };
            if text.contains('>') || tag.matches('"').count() % 2 == 1 {
                return false;
            }
            rest = tail;
            if let Some(name) = tag.strip_prefix('/') {
                if open.pop() != Some(name) {
                    return false;
                }
            } else if !tag.ends_with('/') {
                open.push(tag.split_whitespace().next().unwrap_or_default());
            }
        }
        open.is_empty() && !rest.contains('>')
    }

    #[test]
    fn a_picture_is_well_formed_and_has_every_point() {
        let points = [
            point("a < b & c", Some(10), 0.5, 90_000.0),
            point("a < b & c", Some(40), 0.999, 1_000.0),
            point("exact", None, 1.0, 12.0),
        ];
        let picture = svg("100 > 10", &points);
        assert!(well_formed(&picture), "{picture}");
        assert_eq!(picture.matches("<circle").count(), points.len() + 2);
        assert_eq!(picture.matches("<polyline").count(), 2);
        assert!(picture.contains("a &lt; b &amp; c"));
        assert!(!picture.contains("NaN") && !picture.contains("inf"));
        assert!(well_formed(&svg("nothing", &[])));
        assert!(!well_formed("<a><b></a></b>"));
    }

    #[test]
    fn more_is_right_and_up() {
        let scale = Rates { low: 1.0, high: 5.0 };
        assert!(x(0.9) < x(0.99) && x(0.99) < x(0.999) && x(0.999) < x(1.0));
        assert!((x(0.99) - x(0.9) - (x(0.999) - x(0.99))).abs() < 1e-6);
        assert!(scale.y(100.0) > scale.y(1000.0));
        assert_eq!((x(1.0), scale.y(10.0)), (WIDTH - RIGHT, HEIGHT - BOTTOM));
    }
}
