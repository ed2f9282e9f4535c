//! Real files, with figures that were counted by another program (Python's csv module).

use std::collections::HashSet;
use std::path::Path;

use ourwater_sdk::Failure;
use serde_json::{Value, json};

use crate::pull;

/// A file; readings, empty, rejected, series; the first and the last reading.
type Expected = (&'static str, [usize; 4], (i64, f64), (i64, f64));

const FILES: [Expected; 16] = [
    (
        "mywell/legacy_readings.csv",
        [27_384, 0, 65, 253],
        (1_345_939_200_000, 9.17),
        (1_496_275_200_000, 11.0),
    ),
    (
        "mywell/mywell_dharta_2017.tsv",
        [1917, 733, 0, 50],
        (1_483_228_800_000, 6.91),
        (1_514_678_400_000, 19.0),
    ),
    (
        "mywell/mywell_upload_small.tsv",
        [8, 0, 1, 1],
        (1_483_228_800_000, 6.91),
        (1_487_462_400_000, 15.3),
    ),
    (
        "ggmn/DueroONU_ggmn_timeseries.csv",
        [829, 2, 0, 5],
        (484_876_800_000, 708.6),
        (1_511_913_600_000, 700.29),
    ),
    ("ggmn/csv_test_1.csv", [2, 0, 0, 2], (1_541_030_400_000, 708.6), (1_541_030_400_000, 708.6)),
    ("ggmn/csv_test_2.csv", [2, 0, 0, 2], (0, 0.0), (0, 0.0)),
    ("ggmn/csv_test_3.csv", [2, 0, 0, 2], (0, 0.0), (0, 0.0)),
    ("ggmn/csv_test_4.csv", [4, 0, 0, 4], (0, 0.0), (0, 0.0)),
    (
        "logger/PB_1_001_04P001442_F-2224.csv",
        [113_311, 0, 0, 1],
        (1_409_922_000_000, -0.21),
        (1_586_856_600_000, -0.254),
    ),
    ("logger/nb5_head.csv", [34_677, 0, 0, 1], (948_931_200_000, 8.57), (1_579_608_000_000, 8.448)),
    (
        "logger/8137_PBF.csv",
        [76_166, 0, 2, 1],
        (1_170_334_800_000, -0.607),
        (1_530_525_600_000, -1.174),
    ),
    (
        "logger/zwiepse_wiski.csv",
        [28_797, 0, 0, 1],
        (1_262_300_400_000, 12.758),
        (1_562_238_600_000, 11.725),
    ),
    (
        "logger/DYLP023A_S3804.csv",
        [47_539, 1, 0, 2],
        (1_407_528_000_000, 112.485_038_689_249),
        (1_558_011_600_000, 10.69),
    ),
    (
        "logger/levelogger_slugtest_latin1.csv",
        [60_424, 0, 0, 2],
        (1_370_523_455_000, 10.3675),
        (1_370_527_231_375, 17.128),
    ),
    (
        "logger/2XXXXXX_solinst_colon_as_decimalsep.csv",
        [20, 0, 0, 2],
        (1_479_927_600_000, 1813.03),
        (1_479_935_700_000, 9.179),
    ),
    (
        "logger/solinst_missing_data.csv",
        [17, 1, 2, 2],
        (1_493_816_400_000, 1919.32),
        (1_493_824_500_000, 7.823),
    ),
];

#[test]
fn every_file_is_understood_as_proposed() {
    for (name, expected, first, last) in FILES {
        let Some(bytes) = read(name) else { return };
        let pulled = pull::proposed(&bytes, &json!({}))
            .unwrap_or_else(|failure| panic!("{name}: {failure:?}"));
        let series: HashSet<_> =
            pulled.points.iter().map(|point| format!("{:?}", point.series)).collect();
        let found =
            [pulled.points.len(), pulled.empty as usize, pulled.rejected.len(), series.len()];
        assert_eq!(found, expected, "{name}");
        let readings = pull::short(&pulled);
        assert_eq!((readings[0], readings[readings.len() - 1]), (first, last), "{name}");
    }
}

#[test]
fn waterinfo_is_asked_about_and_then_read() {
    let Some(bytes) = read("logger/20231023_017.csv") else { return };
    let failure = pull::proposed(&bytes, &json!({})).unwrap_err();
    assert!(matches!(failure, Failure::Config(remark) if remark.field == "readings.time.pattern"));
    let (config, proposal) = pull::propose(&json!({}));
    assert_eq!(config.pointer("/readings/time/zone"), Some(&Value::from("UTC+01:00")));
    let choice = &proposal.undecided[0].choices[0];
    let given = json!({"readings": {"time": {"pattern": choice.value}}});
    let pulled = pull::proposed(&bytes, &given).unwrap();
    assert_eq!(pulled.points.len(), 5);
    let series = &pulled.points[0].series;
    assert_eq!((series.resource.as_str(), series.unit.as_str()), ("KRIMPADLK", "cm"));
    let readings = pull::short(&pulled);
    assert_eq!((readings[0], readings[4]), ((1_640_991_600_000, 43.0), (1_640_994_000_000, 82.0)));
}

#[test]
fn resources_are_named_as_the_files_name_them() {
    for (name, resource, unit) in [
        ("mywell/mywell_dharta_2017.tsv", "313603.1111", "m"),
        ("logger/8137_PBF.csv", "8137_PBF", "m"),
        ("logger/zwiepse_wiski.csv", "1024_FT1", "m"),
        ("logger/levelogger_slugtest_latin1.csv", "2-0105 F2", "m"),
        ("logger/PB_1_001_04P001442_F-2224.csv", "PB_1_001_04P001442_F-2224", ""),
        ("logger/DYLP023A_S3804.csv", "DYLP023A", ""),
    ] {
        let Some(bytes) = read(name) else { return };
        let pulled = pull::proposed(&bytes, &json!({})).unwrap();
        let series = &pulled.points[0].series;
        assert_eq!((series.resource.as_str(), series.unit.as_str()), (resource, unit), "{name}");
    }
}

/// None where the shared folder is not there; a file that should be in it must be.
fn read(name: &str) -> Option<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !folder.exists() {
        println!("skipped: there is no {}", folder.display());
        return None;
    }
    Some(std::fs::read(folder.join(name)).unwrap())
}
