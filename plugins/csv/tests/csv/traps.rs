//! Small files with the traps of real ones.

use ourwater_sdk::{Datasource, Datatype, Failure, GetRequest, Items};
use plugin_csv::Csv;
use serde_json::{Value, json};

use crate::pull::{self, Pulled, short};

/// 2017-01-15T00:00:00Z
const START: i64 = 1_484_438_400_000;
const HOUR: i64 = 3_600_000;

fn proposed(text: impl AsRef<[u8]>) -> Pulled {
    pull::proposed(text.as_ref(), &json!({})).unwrap()
}

fn read(text: &str, readings: &Value, rest: &Value) -> Pulled {
    pull::install(text.as_bytes());
    let mut config = json!({"header": 1, "readings": readings});
    config.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    pull::all(&pull::config(&config), 100).unwrap()
}

fn simple(pattern: &str) -> Value {
    json!({"time": {"columns": ["t"], "pattern": pattern}, "resource": {"constant": "w"},
           "series": [{"value": "v"}]})
}

fn reasons(pulled: &Pulled) -> Vec<(&str, &str)> {
    pulled.rejected.iter().map(|one| (one.place.as_str(), one.reason.as_str())).collect()
}

#[test]
fn every_encoding_and_line_end_gives_the_same() {
    let text = "well,date,température\nÉ1,15/1/2017,1.5\nÉ1,16/1/2017,2\n";
    let expected = [(START, 1.5), (START + 24 * HOUR, 2.0)];
    for end in ["\n", "\r\n", "\r"] {
        let text = text.replace('\n', end);
        let wide = |to: fn(u16) -> [u8; 2], mark: &[u8]| {
            mark.iter().copied().chain(text.encode_utf16().flat_map(to)).collect::<Vec<_>>()
        };
        for bytes in [
            text.clone().into_bytes(),
            format!("\u{feff}{text}").into_bytes(),
            wide(u16::to_le_bytes, &[0xff, 0xfe]),
            wide(u16::to_be_bytes, &[0xfe, 0xff]),
            wide(u16::to_le_bytes, &[]),
            text.chars().map(|letter| u8::try_from(letter).unwrap()).collect(),
        ] {
            let pulled = proposed(&bytes);
            assert_eq!(short(&pulled), expected);
            assert_eq!(pulled.points[1].row, 3);
            assert_eq!(pulled.points[0].series.resource, "É1");
            assert_eq!(pulled.points[0].series.name, "température");
        }
    }
}

#[test]
fn rows_lie_across_the_chunks_a_file_is_read_in() {
    let rows = (0..40_000).map(|row| format!("𝄞é{},2017-01-15,{row}\r\n", "x".repeat(row % 7)));
    let text = format!("well,t,v\r\n{}", rows.collect::<Vec<_>>().concat());
    let readings = json!({"time": {"columns": ["t"], "pattern": "iso"}, "resource": "well",
        "series": [{"value": "v"}]});
    let wide = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (encoding, bytes) in [("utf-8", text.clone().into_bytes()), ("utf-16le", wide)] {
        pull::install(&bytes);
        let config = json!({"encoding": encoding, "header": 1, "readings": readings});
        let config = pull::config(&config);
        let pulled = pull::all(&config, 1_000_000).unwrap();
        let fits = |(row, point): (usize, &pull::Point)| {
            point.row as usize == row + 2 && point.value.to_bits() == (row as f64).to_bits()
        };
        assert_eq!(pulled.points.len(), 40_000);
        assert!(pulled.points.iter().enumerate().all(fits));
        assert_eq!(pull::all(&config, 777).unwrap(), pulled, "{encoding}");
    }
}

#[test]
fn header_blocks_unit_rows_and_blank_lines_are_stepped_over() {
    let text = "Station Number:\tW-7\nUnit:\tcm\n\nDate\tTime\tLevel\nYYYY-MM-DD\tHH:MM:SS\tm\n\n\
                2017-01-15\t01:00:00\t1.5\n\n2017-01-15\t02:00\n2017-01-15\t03:00:00\t\n\t\t\n";
    let pulled = proposed(text);
    assert_eq!(short(&pulled), [(START + HOUR, 1.5)]);
    let series = &pulled.points[0].series;
    assert_eq!((series.resource.as_str(), series.unit.as_str()), ("W-7", "m"));
    assert_eq!(pulled.empty, 1);
    assert_eq!(reasons(&pulled), [("row 9", "the row ends early: it has 2 of 3 fields")]);
}

#[test]
fn a_last_line_that_is_cut_off_is_no_empty_value() {
    let pulled = proposed("well,date,value\na,2017-01-15,1\na,2017-01-16,");
    assert_eq!((pulled.points.len(), pulled.empty, pulled.rejected.len()), (1, 0, 1));
    let pulled = proposed("well,date,value\na,2017-01-15,1\na,2017-01-16,\n");
    assert_eq!((pulled.points.len(), pulled.empty, pulled.rejected.len()), (1, 1, 0));
}

#[test]
fn decimal_commas_are_seen() {
    let quoted = proposed("well,date,level\na,2017-01-15,\"1,5\"\na,2017-01-16,\"-0,999\"\n");
    assert_eq!(short(&quoted), [(START, 1.5), (START + 24 * HOUR, -0.999)]);
    let bare = proposed("date;level;temp\n2017-01-15;1,5;9,182\n2017-01-16;0;8\n");
    assert_eq!(short(&bare).len(), 4);
    assert_eq!(short(&bare)[1].1.to_bits(), 9.182_f64.to_bits());
}

#[test]
fn without_a_header_columns_have_places() {
    let pulled =
        proposed("2017-01-15T00:00:00Z,GWmMSL,708.60,12\n2017-01-15T00:00:00Z,GWmBGS,0.5,12  \n");
    assert_eq!(pulled.points.len(), 2);
    assert_eq!(pulled.points[1].series.resource, "12");
    assert_eq!(pulled.points[1].series.property, "GWmBGS");
}

#[test]
fn an_order_of_day_and_month_that_no_row_settles_is_asked() {
    let text = "well,date,value\na,3/4/2017,1\na,5/4/2017,2\n";
    let failure = pull::proposed(text.as_bytes(), &json!({})).unwrap_err();
    assert!(matches!(failure, Failure::Config(remark) if remark.field == "readings.time.pattern"));
    let (value, proposal) = pull::propose(&json!({}));
    let config = pull::config(&value);
    assert!(matches!(pull::all(&config, 10), Err(Failure::Config(_))));
    let question = &proposal.undecided[0];
    let shown: Vec<_> = question
        .choices
        .iter()
        .map(|choice| (choice.value.as_str(), choice.example.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("%d/%m/%Y", "3/4/2017 is 3 April 2017 (day, month, year)"),
            ("%m/%d/%Y", "3/4/2017 is 4 March 2017 (month, day, year)"),
        ]
    );
    let given = json!({"readings": {"time": {"pattern": "%m/%d/%Y"}}});
    assert!(pull::propose(&given).1.undecided.is_empty());
    assert_eq!(pull::proposed(text.as_bytes(), &given).unwrap().points[0].time, 1_488_585_600_000);
    let settled = format!("{text}a,13/4/2017,3\n");
    assert_eq!(proposed(&settled).points.len(), 3);
}

#[test]
fn a_row_deep_in_the_file_settles_the_order() {
    let mut text = "well,date,value\n".to_owned();
    text.push_str(&"a,3/4/2017,1\n".repeat(50_000));
    text.push_str("a,4/25/2017,1\n");
    let pulled = proposed(&text);
    assert_eq!((pulled.points.len(), pulled.rejected.len()), (50_001, 0));
}

#[test]
fn a_date_that_no_calendar_has_is_a_rejection() {
    let pulled =
        read("t,v\n31/2/2017,1\n28/2/2017,2\n0/0/0000,3\n", &simple("%d/%m/%Y"), &json!({}));
    assert_eq!(pulled.points.len(), 1);
    assert_eq!(
        reasons(&pulled),
        [("row 2", "there is no such date"), ("row 4", "there is no such date or time")]
    );
}

#[test]
fn the_hour_that_does_not_exist_is_rejected_and_the_one_that_is_twice_is_settled_by_order() {
    let text = "t,v\n2017-03-26 02:30,1\n2017-10-29 01:30,2\n2017-10-29 02:00,3\n2017-10-29 02:30,4\n\
                2017-10-29 02:00,5\n2017-10-29 02:30,6\n2017-10-29 03:00,7\n2017-10-30 02:00,8\n";
    let zone = json!({"zone": "Europe/Amsterdam"});
    let pulled = read(text, &simple("iso"), &zone);
    let start = 1_509_233_400_000; // 2017-10-28T23:30:00Z
    let half = HOUR / 2;
    let steps: Vec<_> =
        pulled.points.iter().take(6).map(|point| (point.time - start) / half).collect();
    assert_eq!(steps, [0, 1, 2, 3, 4, 5]);
    assert_eq!(pulled.points.iter().filter(|point| point.note.is_some()).count(), 4);
    assert_eq!(pulled.rejected.len(), 1);
    assert!(pulled.rejected[0].reason.contains("put forward"));
    pull::install(text.as_bytes());
    let config =
        pull::config(&json!({"header": 1, "readings": simple("iso"), "zone": "Europe/Amsterdam"}));
    for limit in 1..8 {
        assert_eq!(pull::all(&config, limit).unwrap(), pulled, "pages of {limit}");
    }
}

#[test]
fn a_time_without_any_zone_is_a_question_of_configuration() {
    pull::install(b"t,v\n2017-01-15,1\n");
    let mut config = pull::config(&json!({"header": 1, "readings": simple("iso")}));
    config.zone = None;
    let failure = pull::all(&config, 1).unwrap_err();
    assert!(matches!(failure, Failure::Config(remark) if remark.field == "zone"));
}

#[test]
fn times_come_in_days_seconds_and_columns() {
    let excel = read("t,v\n42750.041666666664,1\n", &simple("excel"), &json!({}));
    assert_eq!(short(&excel), [(START + HOUR, 1.0)]);
    let seconds = read("t,v\n1484438400,1\n", &simple("epoch-s"), &json!({}));
    assert_eq!(short(&seconds), [(START, 1.0)]);
    let milliseconds = read("t,v\n1484438400125,1\n", &simple("epoch-ms"), &json!({}));
    assert_eq!(short(&milliseconds), [(START + 125, 1.0)]);
    let text = "Date,Time,ms,LEVEL\n2017/01/15,01:00:00,125,1\n";
    assert_eq!(short(&proposed(text)), [(START + HOUR + 125, 1.0)]);
    let given = json!({"readings": {"time": {"milliseconds": "ms"}}});
    let text = format!("{text}2017/01/15,01:00:00,1250,1\n");
    let apart = pull::proposed(text.as_bytes(), &given).unwrap();
    assert_eq!(short(&apart), [(START + HOUR + 125, 1.0)]);
    assert_eq!(apart.rejected.len(), 1);
    let counted = proposed("well,timestamp,value\na,1484438400,1\na,1484438401,1\n");
    assert_eq!(counted.points[0].time, START);
}

#[test]
fn only_declared_sentinels_are_missing() {
    let text = "t,v\n2017-01-15,-999\n2017-01-16,-0.999\n2017-01-17,0\n2017-01-18,NA\n2017-01-19,NaN\n2017-01-20,\"1,234.5\"\n";
    let declared = json!({"missing": ["-999", "NA"], "thousands": ","});
    let pulled = read(text, &simple("iso"), &declared);
    let values: Vec<_> = pulled.points.iter().map(|point| point.value).collect();
    assert_eq!(values, [-0.999, 0.0, 1234.5]);
    assert_eq!((pulled.empty, pulled.rejected.len()), (2, 1));
    let undeclared = read(text, &simple("iso"), &json!({}));
    assert_eq!((undeclared.points.len(), undeclared.rejected.len()), (3, 3));
}

#[test]
fn quality_codes_are_mapped_and_others_noted() {
    let readings = json!({"time": {"columns": ["t"], "pattern": "iso"}, "resource": {"constant": "w"},
        "series": [{"value": "v"}], "quality": {"column": "q", "codes": {"40": 1, "9": 3}}, "note": "n"});
    let pulled = read(
        "t,v,q,n\n2017-01-15,1,40,\n2017-01-16,2,255,dry\n2017-01-17,3,9,\n2017-01-18,4,,\n",
        &readings,
        &json!({}),
    );
    let said: Vec<_> =
        pulled.points.iter().map(|point| (point.quality, point.note.as_deref())).collect();
    assert_eq!(said, [(1, None), (0, Some("quality 255; dry")), (3, None), (0, None)]);
}

#[test]
fn columns_of_one_series_are_gathered_in_the_order_of_the_cells() {
    let readings = json!({"time": {"columns": ["t"], "pattern": "iso"}, "resource": {"constant": "w"},
        "series": [{"value": "a", "name": {"constant": "s"}}, {"value": "b", "name": {"constant": "s"}}]});
    let pulled = read("t,a,b\n2017-01-15,1,2\n2017-01-16,3,4\n", &readings, &json!({}));
    let values: Vec<_> = pulled.points.iter().map(|point| point.value).collect();
    assert_eq!(values, [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn unknown_columns_are_named_with_those_that_exist() {
    pull::install(b"t,w\n2017-01-15,1\n");
    let config = pull::config(&json!({"header": 1, "readings": simple("iso")}));
    let Err(Failure::Config(remark)) = Csv::check(&config) else { panic!("it has no column v") };
    assert_eq!(remark.field, "readings.series[0].value");
    assert!(remark.text.contains("\"t\", \"w\""));
}

#[test]
fn a_changed_file_makes_the_cursor_stale_and_the_end_is_an_empty_page() {
    let config = pull::config(&json!({"header": 1, "readings": simple("iso")}));
    pull::install(b"t,v\n2017-01-15,1\n");
    let pulled = pull::all(&config, 10).unwrap();
    let end = pull::from(&config, Some(pulled.cursor.clone()), 10).unwrap();
    assert_eq!((end.points.len(), end.cursor == pulled.cursor), (0, true));
    pull::install(b"t,v\n2017-01-15,2\n");
    assert!(matches!(pull::from(&config, Some(pulled.cursor), 10), Err(Failure::StaleCursor(_))));
}

#[test]
fn since_and_only_leave_readings_out() {
    pull::install(b"w,t,v\na,2017-01-15,1\nb,2017-01-15,2\na,2017-01-16,3\n");
    let config = pull::config(
        &json!({"header": 1, "readings": {"time": {"columns": ["t"], "pattern": "iso"}, "resource": "w", "series": [{"value": "v"}]}}),
    );
    let ask = GetRequest {
        since: Some(START + 1),
        only: vec!["a".to_owned()],
        ..pull::request(None, 10)
    };
    let page = Csv::get(&config, &ask).unwrap();
    let Items::Readings(all) = page.items else { panic!() };
    assert_eq!((all.len(), all[0].values.as_slice()), (1, &[3.0][..]));
}

#[test]
fn a_table_of_places_is_proposed_and_read_as_resources() {
    pull::install(b"id,name,lat,long,elevation\nw1,One,52.1,5.2,3.5\nw2,Two,,,\nw3,Three,99,5,\n");
    let (value, _) = pull::propose(&json!({}));
    let config = pull::config(&value);
    let ask = GetRequest { datatype: Datatype::Resource, ..pull::request(None, 10) };
    let page = Csv::get(&config, &ask).unwrap();
    let Items::Resources(all) = page.items else { panic!() };
    assert_eq!(all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["One", "Two"]);
    assert_eq!(all[0].position.map(|place| place.latitude), Some(52.1));
    assert_eq!(page.rejected[0].place, "row 4");
    let none = Csv::get(&config, &pull::request(None, 10)).unwrap();
    assert_eq!((none.items, none.more), (Items::Readings(Vec::new()), false));
}
