//! The run as one page, charts and all: nothing is loaded from elsewhere.

use std::fmt::Write;

use super::chart;
use super::report::Report;
use super::scenario::Scenario;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:820px;margin:2rem auto;padding:0 1rem;\
color:#1a1a1a;background:#fff}table{border-collapse:collapse;width:100%}td,th{padding:.25rem .5rem;text-align:right;\
border-bottom:1px solid #8884}td:first-child,th:first-child{text-align:left}svg{width:100%;height:auto}\
svg text{font:11px system-ui,sans-serif;fill:currentColor}svg{overflow:visible}pre{white-space:pre-wrap}.grid{stroke:#8884}\
.a{fill:#2a78d6;stroke:#2a78d6}.b{fill:#d9822b;stroke:#d9822b}.c{fill:#c23b3b;stroke:#c23b3b}.d{fill:#8a8f98;stroke:#8a8f98}\
rect{stroke:none!important}polyline{fill:none!important;stroke-width:1.6}\
@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#16181b}.a{fill:#5b9dea;stroke:#5b9dea}\
.c{fill:#e06464;stroke:#e06464}}";

impl Report {
    /// The page.
    pub(super) fn page(&self) -> String {
        let mut page = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>muster bench multitier</title><style>{STYLE}</style><h1>muster bench multitier</h1>\
             <p>{}; corpus <i>{}</i>, result cache {}.</p>",
            escape(&self.headline()),
            escape(&self.plan.corpus),
            if self.plan.result_cache { "on" } else { "off" }
        );
        page.push_str(&self.rows());
        page.push_str("<h2>Latency of each scenario</h2>");
        page.push_str(&self.latencies());
        let beats = &self.ran.tally.beats;
        page.push_str("<h2>Latency over time</h2>");
        page.push_str(&chart::lines(
            beats,
            "ms",
            &[(("p50", "a"), |beat| Some(beat.p50)), (("p99", "c"), |beat| Some(beat.p99))],
        ));
        page.push_str("<h2>Scenarios a second</h2>");
        page.push_str(&chart::lines(beats, "/s", &[(("", "a"), |beat| Some(beat.per_second))]));
        if self.ran.server.is_some() {
            page.push_str("<h2>The server's memory</h2>");
            page.push_str(&self.memory());
        }
        let _infallible = write!(page, "<pre>{}</pre></html>", escape(&self.notes()));
        page
    }

    fn rows(&self) -> String {
        let mut table =
            "<table><tr><th>scenario<th>runs<th>failures<th>p50 ms<th>p95 ms<th>p99 ms<th>max ms</tr>"
                .to_string();
        for ((scenario, _), of) in Scenario::ALL.iter().zip(&self.ran.tally.scenarios) {
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

    fn latencies(&self) -> String {
        let groups = Scenario::ALL.iter().zip(&self.ran.tally.scenarios).map(|((scenario, _), of)| {
            let percentiles = [50.0, 95.0, 99.0].map(|percent| of.times.percentile(percent));
            (scenario.name(), percentiles.into_iter().chain([of.times.max()]).collect())
        });
        let groups: Vec<_> = groups.collect();
        chart::bars(&groups, &[("p50", "a"), ("p95", "b"), ("p99", "c"), ("max", "d")], "ms")
    }

    fn memory(&self) -> String {
        const MIB: f64 = 1024.0 * 1024.0;
        let of: [chart::Line<'_>; 3] = [
            (("resident", "a"), |beat| beat.server.map(|server| server.resident as f64 / MIB)),
            (("its own", "b"), |beat| beat.server.map(|server| server.own as f64 / MIB)),
            (("files", "d"), |beat| beat.server.map(|server| server.files as f64 / MIB)),
        ];
        chart::lines(&self.ran.tally.beats, "MiB", &of)
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn what_was_typed_or_told_is_text_on_the_page() {
        assert_eq!(escape("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
        let page = report().page();
        assert!(page.contains("work&lt;ers") && page.contains("&lt;nothing&gt;"), "{page}");
        assert!(!page.contains("work<ers") && !page.contains("<nothing>"), "{page}");
    }

    #[test]
    fn there_is_a_chart_of_memory_where_it_is_known() {
        let mut report = report();
        assert_eq!(report.page().matches("<svg").count(), 4);
        report.ran.server = None;
        assert_eq!(report.page().matches("<svg").count(), 3);
    }
}
