//! The figures for people, each beside its target.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// The greatest a figure may be.
const TARGETS: [(&str, f64); 17] = [
    ("peak_mib", 80.0),
    ("cpu_over_native", 1.35),
    ("wall_over_store", 1.3),
    ("wall_over_sqlite_import", 1.0),
    ("reimport_over_import", 1.0),
    ("time_order_over_well_order", 2.0),
    ("component_load_ms", 5.0),
    ("first_call_ms", 1.0),
    ("page_overhead_us", 100.0),
    ("idle_ms_10k", 50.0),
    ("idle_ms_100k", 50.0),
    ("idle_ms_1m", 50.0),
    ("idle_1m_over_10k", 1.5),
    ("cold_ms_rust", 5.0),
    ("cold_ms_python", 20.0),
    ("call_us_rust", 5.0),
    ("concurrent_200_over_ideal", 1.25),
];

/// How much more memory ten times the rows may take.
const TENFOLD_PEAK: f64 = 1.1;

/// A line for each figure.
pub(crate) fn table(figures: &Map<String, Value>) -> String {
    let mut text = String::new();
    for (name, value) in figures {
        let shown = match value.as_f64() {
            Some(number) if value.is_f64() => format!("{number:.3}"),
            _ => value.to_string(),
        };
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{name:<28}{shown:>12}  {}", verdict(figures, name, value));
    }
    text
}

fn verdict(figures: &Map<String, Value>, name: &str, value: &Value) -> String {
    let (Some(most), Some(value)) = (target(figures, name), value.as_f64()) else {
        return String::new();
    };
    let met = if value <= most { "met" } else { "MISSED" };
    format!("at most {most:.2}: {met}")
}

fn target(figures: &Map<String, Value>, name: &str) -> Option<f64> {
    if name == "peak_mib_10x" {
        return Some(figures.get("peak_mib")?.as_f64()? * TENFOLD_PEAK);
    }
    TARGETS.iter().find(|(target, _)| *target == name).map(|(_, most)| *most)
}
