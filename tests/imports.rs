//! Files as people have them, through the real program: every row accounted for.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::harness::Place;

/// File, arguments beside it, and created, superseded, empty, rejected.
type Case = (&'static str, &'static [&'static str], [u64; 4]);

const REAL: &[Case] = &[
    ("mywell/mywell_dharta_2017.tsv", &[], [1_917, 0, 733, 0]),
    ("mywell/mywell_upload_small.tsv", &[], [8, 0, 0, 1]),
    ("mywell/legacy_readings.csv", &[], [27_041, 343, 0, 65]),
    ("ggmn/DueroONU_ggmn_timeseries.csv", &[], [829, 0, 2, 0]),
    ("logger/PB_1_001_04P001442_F-2224.csv", &[], [113_311, 0, 0, 0]),
    ("logger/nb5_head.csv", &[], [34_677, 0, 0, 0]),
    ("logger/8137_PBF.csv", &[], [76_166, 0, 0, 2]),
    ("logger/zwiepse_wiski.csv", &[], [28_797, 0, 0, 0]),
    ("logger/levelogger_slugtest_latin1.csv", &[], [60_424, 0, 0, 0]),
    ("logger/2XXXXXX_solinst_colon_as_decimalsep.csv", &[], [20, 0, 0, 0]),
];

#[test]
fn real_files_are_read_to_the_last_row() {
    let Some(data) = data() else {
        println!("the real files are not here; the files of our own are read all the same");
        return;
    };
    for (name, arguments, [created, superseded, empty, rejected]) in REAL {
        let place = Place::new();
        let file = data.join(name);
        let mut all = vec!["import", file.to_str().unwrap(), "--json"];
        all.extend(*arguments);
        let first = place.run(&all);
        assert_eq!(first.counts(), [*created, 0, 0, *superseded, *empty, *rejected], "{name}");
        let again = place.run(&all);
        assert_eq!(again.counts(), [0, 0, *created, *superseded, *empty, *rejected], "{name}");
    }
}

#[test]
fn a_file_that_can_be_read_two_ways_is_not_imported_until_a_person_has_said_which() {
    let place = Place::new();
    let file = place.file("wells.csv", "well;date;level\nA;3/4/2017;1,5\nA;5/4/2017;2,5\n");
    let file = file.to_str().unwrap();
    let asked = place.run(&["import", file]);
    assert_eq!(asked.code, 3, "{asked:?}");
    assert!(asked.err.contains("--set readings.time.pattern="), "{asked:?}");
    let decided = place.run(&["import", file, "--set", "readings.time.pattern=%d/%m/%Y"]);
    assert_eq!(decided.code, 0, "{decided:?}");
    let export = place.run(&["readings", "export"]).out;
    assert!(export.contains("2017-04-03T00:00:00.000Z,1.5,0"), "{export}");
}

#[test]
fn a_rejected_row_is_named_by_its_line_and_a_corrected_file_clears_it() {
    let place = Place::new();
    let path = place.file("wells.csv", "well,date,level\nA,2017-02-31,1\nA,2017-02-28,-0.999\n");
    let file = path.to_str().unwrap();
    let first = place.run(&["import", file, "--json"]);
    assert_eq!((first.code, first.counts()), (2, [1, 0, 0, 0, 0, 1]), "{first:?}");
    assert_eq!(first.json()["issues"][0]["place"], "row 2");
    place.file("wells.csv", "well,date,level\nA,2017-02-27,1\nA,2017-02-28,-0.999\n");
    let second = place.run(&["import", file, "--json"]);
    assert_eq!((second.code, second.counts()), (0, [1, 0, 1, 0, 0, 0]), "{second:?}");
    assert_eq!(second.json()["issues"], serde_json::json!([]));
}

#[test]
fn a_dry_run_and_a_preview_leave_nothing_behind() {
    let place = Place::new();
    let file = place.file("wells.csv", "well,date,level\nA,2017-02-31,1\nA,2017-02-28,-0.999\n");
    let file = file.to_str().unwrap();
    let dry = place.run(&["import", file, "--dry-run", "--json"]);
    assert_eq!((dry.code, &dry.json()["read"]), (2, &serde_json::json!(1)), "{dry:?}");
    let preview = place.run(&["preview", file]);
    assert!(preview.out.contains("A level = -0.999"), "{preview:?}");
    assert!(!place.database().exists());
}

#[test]
fn the_demo_ends_well_and_says_what_it_moved() {
    let place = Place::new();
    let demo = place.run(&["demo", "--json"]);
    assert_eq!(demo.code, 0, "{demo:?}");
    let runs = &demo.json()["runs"];
    assert_eq!(runs[0]["counts"]["created"], demo.json()["readings"]);
    assert_eq!(runs[1]["counts"]["created"], 0);
    assert_eq!(runs[1]["counts"]["unchanged"], demo.json()["readings"]);
    assert!(runs[0]["issues"].as_array().unwrap().iter().any(|it| it["place"] == "row 7"));
}

#[test]
fn the_demo_moves_changes_both_ways_decides_a_conflict_and_then_moves_nothing() {
    let place = Place::new();
    let demo = place.run(&["demo", "--json"]);
    assert_eq!(demo.code, 0, "{demo:?}");
    let two_way = &demo.json()["two_way"];
    let held: Vec<_> = two_way["changes"].as_array().unwrap().iter().collect();
    let value = |side: &str| held.iter().map(|it| it[side].as_f64()).collect::<Option<Vec<_>>>();
    assert_eq!(value("ourwater").unwrap(), [6.5, 7.25, 9.0, 5.5]);
    assert_eq!(value("ourwater"), value("legacy_mywell"));
    let conflict = &two_way["conflicts"][0];
    assert_eq!(
        (&conflict["ours"]["value"], &conflict["theirs"]["value"]),
        (&json!(8.0), &json!(9.0))
    );
    assert_eq!(
        (&conflict["policy"], &conflict["state"]),
        (&json!("datasource-wins"), &json!("theirs"))
    );
    let run = &two_way["runs"][2];
    assert_eq!((&run["counts"]["created"], &run["counts"]["updated"]), (&json!(0), &json!(0)));
    assert_eq!((&run["pushed"]["created"], &run["pushed"]["updated"]), (&json!(0), &json!(0)));
    assert_eq!(two_way["agree"], true);
}

#[test]
fn what_was_typed_wrong_is_exit_code_3_and_says_what_to_do() {
    let place = Place::new();
    for arguments in [
        &["import", "nowhere.csv"][..],
        &["imprt"],
        &["import", "nowhere.csv", "--set", "no-equals-sign"],
        &["org", "show", "nobody"],
    ] {
        let ended = place.run(arguments);
        assert_eq!(ended.code, 3, "{arguments:?}: {ended:?}");
        assert!(!ended.err.is_empty());
    }
}

fn data() -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    data.exists().then_some(data)
}
