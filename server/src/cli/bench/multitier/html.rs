//! The run as one page, charts and all: nothing is loaded from elsewhere.

use std::fmt::Write;

use super::report::Report;
use super::scenario::Scenario;
use super::tally::{Beat, Times};

/// Of a chart, in pixels: outer size, and the space around the plot for its labels.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 70.0;
const BOTTOM: f64 = 28.0;
const TOP: f64 = 12.0;

/// Points of a line: more are not told apart.
const POINTS: usize = 600;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:820px;margin:2rem auto;padding:0 1rem;\
color:#1a1a1a;background:#fff}table{border-collapse:collapse;width:100%}td,th{padding:.25rem .5rem;text-align:right;\
border-bottom:1px solid #8884}td:first-child,th:first-child{text-align:left}svg{width:100%;height:auto}\
svg text{font:11px system-ui,sans-serif;fill:currentColor}.grid{stroke:#8884}.a{fill:#2a78d6;stroke:#2a78d6}\
.b{fill:#d9822b;stroke:#d9822b}.c{fill:#c23b3b;stroke:#c23b3b}polyline{fill:none!important;stroke-width:1.6}\
@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#16181b}}";

/// The page.
pub(super) fn page(report: &Report) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>muster bench multitier</title><style>{STYLE}</style><h1>muster bench multitier</h1>\
         <p><b>{:.0} scenarios a second</b>, {} in {:.1} s by {} clients over corpus <i>{}</i>, {} failures; \
         result cache {}.</p>",
        report.per_second(),
        report.tally.total(),
        report.seconds,
        report.concurrency,
        escape(&report.corpus),
        report.failures(),
        if report.result_cache { "on" } else { "off" }
    );
    page.push_str(&table(report));
    let beats = &report.tally.beats;
    page.push_str("<h2>Latency of each scenario</h2>");
    page.push_str(&bars(report));
    page.push_str("<h2>Latency over time</h2>");
    page.push_str(&lines(
        beats,
        "ms",
        &[("p50", "a", |beat| Some(beat.p50)), ("p99", "c", |beat| Some(beat.p99))],
    ));
    page.push_str("<h2>Scenarios a second</h2>");
    page.push_str(&lines(beats, "a second", &[("", "a", |beat| Some(beat.per_second))]));
    if beats.iter().any(|beat| beat.server.is_some()) {
        const MIB: f64 = 1024.0 * 1024.0;
        page.push_str("<h2>The server's memory</h2>");
        page.push_str(&lines(
            beats,
            "MiB",
            &[
                ("resident", "a", |beat| beat.server.map(|server| server.resident as f64 / MIB)),
                ("its own", "b", |beat| beat.server.map(|server| server.own as f64 / MIB)),
            ],
        ));
    }
    let _infallible = write!(page, "<pre>{}</pre></html>", escape(&report.text()));
    page
}

fn table(report: &Report) -> String {
    let mut table =
        "<table><tr><th>scenario<th>runs<th>failures<th>p50 ms<th>p95 ms<th>p99 ms<th>max ms</tr>"
            .to_string();
    for ((scenario, _), of) in Scenario::ALL.iter().zip(&report.tally.scenarios) {
        let times = &of.times;
        let _infallible = write!(
            table,
            "<tr><td>{}<td>{}<td>{}<td>{:.2}<td>{:.2}<td>{:.2}<td>{:.2}</tr>",
            scenario.name(),
            times.count(),
            of.failures,
            times.percentile(50.0),
            times.percentile(95.0),
            times.percentile(99.0),
            times.max()
        );
    }
    table + "</table>"
}

/// p50, p95 and p99 of each scenario, side by side.
fn bars(report: &Report) -> String {
    type Percentile = (&'static str, f64);
    const SHOWN: [Percentile; 3] = [("a", 50.0), ("b", 95.0), ("c", 99.0)];
    let most = report.tally.scenarios.iter().map(|of| of.times.percentile(99.0)).fold(0.0, f64::max);
    let scale = Scale::to(most);
    let mut chart = scale.grid("ms");
    let each = (WIDTH - LEFT) / Scenario::ALL.len() as f64;
    for (place, ((scenario, _), of)) in Scenario::ALL.iter().zip(&report.tally.scenarios).enumerate() {
        let start = LEFT + each * place as f64;
        for (number, (class, percent)) in SHOWN.iter().enumerate() {
            let value = Times::percentile(&of.times, *percent);
            let (x, y) = (start + each * (0.15 + 0.24 * number as f64), scale.y(value));
            let _infallible = write!(
                chart,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>p{percent}: \
                 {value:.2} ms</title></rect>",
                each * 0.2,
                (HEIGHT - BOTTOM - y).max(0.5)
            );
        }
        let _infallible = write!(
            chart,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            start + each / 2.0,
            HEIGHT - 8.0,
            scenario.name()
        );
    }
    svg(&chart, &[("p50", "a"), ("p95", "b"), ("p99", "c")])
}

/// A line, by its name, its class and what it shows.
type Line<'a> = (&'a str, &'a str, fn(&Beat) -> Option<f64>);

fn lines(beats: &[Beat], unit: &str, of: &[Line<'_>]) -> String {
    let values = of.iter().flat_map(|(_, _, value)| beats.iter().filter_map(value));
    let scale = Scale::to(values.fold(0.0, f64::max));
    let end = beats.last().map_or(1.0, |beat| beat.at).max(f64::EPSILON);
    let mut chart = scale.grid(unit);
    let step = beats.len().div_ceil(POINTS).max(1);
    for (_, class, value) in of {
        let _infallible = write!(chart, "<polyline class=\"{class}\" points=\"");
        for beat in beats.iter().step_by(step) {
            if let Some(value) = value(beat) {
                let x = LEFT + (WIDTH - LEFT) * beat.at / end;
                let _infallible = write!(chart, "{x:.1},{:.1} ", scale.y(value));
            }
        }
        chart.push_str("\"/>");
    }
    let _infallible =
        write!(chart, "<text x=\"{WIDTH}\" y=\"{:.1}\" text-anchor=\"end\">{end:.0} s</text>", HEIGHT - 8.0);
    let names: Vec<(&str, &str)> =
        of.iter().filter(|(name, ..)| !name.is_empty()).map(|(name, class, _)| (*name, *class)).collect();
    svg(&chart, &names)
}

fn svg(chart: &str, names: &[(&str, &str)]) -> String {
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">{chart}");
    for (number, (name, class)) in names.iter().enumerate() {
        let x = WIDTH - 80.0 * (names.len() - number) as f64;
        let _infallible = write!(
            svg,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{TOP}\" width=\"10\" height=\"10\"/><text x=\"{:.1}\" y=\"{:.1}\">{name}</text>",
            x + 14.0,
            TOP + 9.0
        );
    }
    svg + "</svg>"
}

/// From 0 to a round number that is not less than the most.
struct Scale {
    top: f64,
}

impl Scale {
    fn to(most: f64) -> Self {
        let most = most.max(1e-3);
        let unit = 10_f64.powf(most.log10().floor());
        let round = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|round| round * unit >= most);
        Self { top: round.unwrap_or(10.0) * unit }
    }

    fn y(&self, value: f64) -> f64 {
        let height = HEIGHT - BOTTOM - TOP;
        HEIGHT - BOTTOM - height * (value / self.top).clamp(0.0, 1.0)
    }

    fn grid(&self, unit: &str) -> String {
        let mut grid = String::new();
        for quarter in 0..=4 {
            let value = self.top * f64::from(quarter) / 4.0;
            let y = self.y(value);
            let unit = if quarter == 4 { unit } else { "" };
            let digits = usize::from(self.top < 10.0) * 2;
            let _infallible = write!(
                grid,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{value:.digits$} {unit}</text>",
                LEFT - 6.0,
                y + 4.0
            );
        }
        grid
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_in_a_round_number() {
        for (most, top) in [(0.0, 0.001), (1.0, 1.0), (1.2, 2.0), (230.0, 250.0), (4001.0, 5000.0)] {
            assert!((Scale::to(most).top - top).abs() < top * 1e-9, "{most}");
        }
    }

    #[test]
    fn what_was_typed_is_text_on_the_page() {
        assert_eq!(escape("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
    }
}
