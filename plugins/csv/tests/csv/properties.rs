//! Any bytes under any configuration: no panic, an end, and cursors that give exactly the rest.

use ourwater_sdk::Datasource;
use plugin_csv::{Config, Csv};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::pull;

fn column() -> impl Strategy<Value = Value> {
    (1_u32..5).prop_map(Value::from)
}

fn text() -> impl Strategy<Value = Value> {
    prop_oneof![
        column(),
        (column(), column())
            .prop_map(|(one, other)| json!({"columns": [one, other], "separator": "."})),
        Just(json!({"constant": "w"})),
    ]
}

fn time() -> impl Strategy<Value = Value> {
    let patterns = [
        "iso",
        "excel",
        "epoch-s",
        "epoch-ms",
        "%d/%m/%Y",
        "%d/%m/%Y %H:%M:%S %:z",
        "%H%j%y",
        "%s",
    ];
    let columns = prop_oneof![
        column().prop_map(|one| json!([one])),
        (column(), column()).prop_map(|(one, other)| json!([one, other]))
    ];
    (columns, proptest::sample::select(patterns.to_vec()), proptest::option::of(column())).prop_map(
        |(columns, pattern, milliseconds)| {
            let mut time = json!({"columns": columns, "pattern": pattern});
            if let Some(column) = milliseconds {
                time["milliseconds"] = column;
            }
            time
        },
    )
}

/// A configuration; `wide` has several columns of values.
fn config(wide: bool) -> impl Strategy<Value = Config> {
    let series = proptest::collection::vec((column(), text()), if wide { 2..4 } else { 1..2 });
    let encodings = proptest::sample::select(vec![
        None,
        Some("utf-8"),
        Some("utf-16le"),
        Some("utf-16be"),
        Some("windows-1252"),
    ]);
    let marks = (
        proptest::sample::select(vec![",", ";", "\t", "é"]),
        proptest::option::of(Just("\"")),
        proptest::sample::select(vec![".", ","]),
    );
    let lines = (0_u32..3, proptest::option::of(0_u32..5));
    let zone =
        proptest::sample::select(vec!["UTC", "Europe/Amsterdam", "Asia/Kolkata", "UTC+01:00"]);
    (series, encodings, marks, lines, zone, time(), text(), proptest::option::of(column())).prop_map(
        |(series, encoding, (delimiter, quote, decimal), (header, first), zone, time, resource, quality)| {
            let series: Vec<_> = series.into_iter().map(|(value, name)| json!({"value": value, "name": name})).collect();
            let mut readings = json!({"time": time, "resource": resource, "series": series});
            if let Some(column) = quality {
                readings["quality"] = json!({"column": column, "codes": {"1": 1}});
            }
            pull::config(&json!({"encoding": encoding, "delimiter": delimiter, "quote": quote, "decimal": decimal,
                "header": header, "first": first, "zone": zone, "missing": ["NA"], "readings": readings}))
        },
    )
}

/// Bytes that look like a table often enough.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => proptest::sample::select(vec![",", ";", "\n", "\r\n", "\r", "\"", "1.5", "1,5", "-0.999", "NA", "0", " ", "é"])
            .prop_map(|text| text.as_bytes().to_vec()),
        8 => proptest::sample::select(vec!["2017-10-29 02:30", "2017-10-29 02:00", "2017-03-26T02:30", "2017-01-15T00:00:00Z", "31/2/2017", "3/4/2017", "1484438400"])
            .prop_map(|text| text.as_bytes().to_vec()),
        6 => proptest::sample::select(vec!["2017-10-29 02:30,1,2,3\n", "2017-10-29 02:00,1,2,3\n", "2017-10-29 01:00,2,2,3\n", "1,2,3,2017-10-29 02:30\r\n"])
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => Just(vec![0xef, 0xbb, 0xbf]),
        1 => Just(vec![0xff, 0xfe]),
        2 => proptest::collection::vec(any::<u8>(), 1..4),
    ];
    let wide = any::<u8>().prop_map(|number| number % 4 == 0);
    (proptest::collection::vec(piece, 0..60), wide).prop_map(|(pieces, wide)| {
        let bytes = pieces.concat();
        if wide { bytes.into_iter().flat_map(|byte| [byte, 0]).collect() } else { bytes }
    })
}

fn check_cursors(bytes: &[u8], config: &Config) -> Result<(), TestCaseError> {
    pull::install(bytes);
    let Ok(whole) = pull::all(config, 1_000_000) else {
        return Ok(());
    };
    for limit in [1, 2, 3, 5] {
        let paged = pull::all(config, limit);
        prop_assert_eq!(paged.as_ref().ok(), Some(&whole), "pages of {}", limit);
        let kept = pull::in_one_instance(config, limit);
        prop_assert_eq!(kept.as_ref().ok(), Some(&whole), "pages of {}, one instance", limit);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn long_tables_are_read_in_pages_of_any_size(bytes in bytes(), config in config(false)) {
        check_cursors(&bytes, &config)?;
    }

    #[test]
    fn wide_tables_are_read_in_pages_of_any_size(bytes in bytes(), config in config(true)) {
        check_cursors(&bytes, &config)?;
    }

    #[test]
    fn a_proposal_is_made_of_anything_and_what_is_decided_is_accepted(bytes in bytes()) {
        pull::install(&bytes);
        let (value, proposal) = pull::propose(&json!({}));
        let config = pull::config(&value);
        let checked = Csv::check(&config);
        let found = value.get("readings").or(value.get("resources")).is_some();
        if proposal.undecided.is_empty() && found && !bytes.is_empty() {
            prop_assert!(checked.is_ok(), "{:?} {}", checked, value);
        }
    }

    #[test]
    fn every_row_of_a_long_table_is_accounted_for(
        cells in proptest::collection::vec((proptest::sample::select(vec!["2017-01-15", "x", "31/2/2017", ""]),
            proptest::sample::select(vec!["w", "v", ""]), proptest::sample::select(vec!["1", "", "NaN", "x", "1e999"])), 1..40),
    ) {
        let rows: Vec<_> = cells.iter().filter(|cell| **cell != ("", "", "")).collect();
        let lines: Vec<_> = cells.iter().map(|(time, well, value)| format!("{time},{well},{value}\n")).collect();
        let text = lines.concat();
        pull::install(text.as_bytes());
        let config = pull::config(&json!({"readings": {"time": {"columns": [1], "pattern": "iso"}, "resource": 2, "series": [{"value": 3}]}}));
        let pulled = pull::all(&config, 4).unwrap();
        prop_assert_eq!(pulled.points.len() + pulled.empty as usize + pulled.rejected.len(), rows.len());
    }
}
