//! Components that misbehave: each ends in words, and the next plugin is served as before.

use super::*;
use crate::grant::log::{Level, LogLimits};

async fn deed(plugin: &Plugin, deed: &str, grant: Grant) -> Result<Page, Failure> {
    let mut instance = plugin.instance(grant).await?;
    instance.get(&format!(r#"{{"deed": "{deed}"}}"#), &readings()).await
}

/// What is done, and how the failure begins and what else it says.
const DEEDS: [(&str, &str, &str); 17] = [
    ("loop", "limit: call time: get took more than 300ms", ""),
    ("sleep", "limit: call time: get took more than 300ms", ""),
    ("memory", "limit: memory: at most 32 MiB for an instance", "memory allocation of"),
    ("stack", "", ""),
    ("panic", "plugin fault: get panicked; it said: thread", "the well is dry"),
    ("exit", "plugin fault: get ended the program with status", "instead of answering"),
    ("print-flood", "plugin fault: get panicked", "at last"),
    ("log-line", "limit: ", ""),
    ("read-other", "permission: this datasource was not granted any files", ""),
    ("http", "permission: this datasource was not granted http", "https://169.254.169.254"),
    ("sql", "permission: this datasource was not granted sql: it asked for \"main\"", ""),
    ("handles", "limit: handles: at most 1000 open at a time", ""),
    ("long-cursor", "plugin fault: contract: a cursor has at most 64 KiB", "66560 bytes"),
    ("unequal", "plugin fault: contract: the columns", "times 2, values 1"),
    ("huge", "limit: transfer: at most 16 MiB between plugin and host in a call", ""),
    ("stale-nothing", "plugin fault: contract: it calls a cursor stale", ""),
    ("other-datatype", "plugin fault: contract: it was asked for reading", ""),
];

#[tokio::test]
async fn every_deed_ends_in_words_and_the_next_plugin_is_served() {
    let patient = plugins(patient());
    let good = csv(&patient).await;
    let plugins = plugins(Limits { memory_bytes_max: 32 << 20, ..limits() });
    let hostile = plugins.load(&components::hostile()).await.unwrap();
    for (name, starts, contains) in DEEDS {
        let failure = deed(&hostile, name, Grant::default()).await.unwrap_err().to_string();
        assert!(failure.starts_with(starts) && failure.contains(contains), "{name}: {failure}");
        assert!(!failure.contains(char::is_control) && !failure.contains("secret"), "{failure}");
        assert_serves(&good).await;
    }
    assert_eq!(values(&deed(&hostile, "nothing", Grant::default()).await.unwrap()), [1.5, 2.5]);
}

#[tokio::test]
async fn an_instance_that_trapped_answers_no_more_and_a_new_one_does() {
    let plugins = plugins(patient());
    let hostile = plugins.load(&components::hostile()).await.unwrap();
    let mut instance = hostile.instance(Grant::default()).await.unwrap();
    instance.check(r#"{"deed": "panic"}"#).await.unwrap_err();
    let failure = instance.check(r#"{"deed": "nothing"}"#).await.unwrap_err();
    assert_eq!(failure, fault::dead());
    assert!(deed(&hostile, "nothing", Grant::default()).await.is_ok());
}

#[tokio::test]
async fn a_call_that_was_given_up_ends_its_instance() {
    let plugins = plugins(patient());
    let hostile = plugins.load(&components::hostile()).await.unwrap();
    let mut instance = hostile.instance(Grant::default()).await.unwrap();
    let request = readings();
    let call = instance.get(r#"{"deed": "loop"}"#, &request);
    assert!(tokio::time::timeout(Duration::from_millis(50), call).await.is_err());
    assert_eq!(instance.check(r#"{"deed": "nothing"}"#).await.unwrap_err(), fault::dead());
}

#[tokio::test]
async fn a_plugin_that_never_starts_or_never_says_what_it_is_is_not_loaded() {
    let plugins = plugins(limits());
    let cases = [
        (components::starting(), "limit: start time: at most 300ms (start_time_ms_max)"),
        (
            components::silent(),
            "limit: call time: describe took more than 300ms (call_time_ms_max)",
        ),
    ];
    for (component, text) in cases {
        let error = plugins.load(&component).await.unwrap_err().to_string();
        assert!(error.ends_with(text), "{error}");
    }
}

#[tokio::test]
async fn the_worst_guest_leaves_others_their_turn() {
    let plugins = plugins(limits());
    let hostile = plugins.load(&components::hostile()).await.unwrap();
    let looping = deed(&hostile, "loop", Grant::default());
    let beside = async {
        let mut turns = 0_u32;
        let end = tokio::time::Instant::now() + Duration::from_millis(200);
        while tokio::time::Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(1)).await;
            turns += 1;
        }
        turns
    };
    let (failure, turns) = tokio::join!(looping, beside);
    assert!(failure.is_err() && turns > 3, "{turns}");
}

#[tokio::test]
async fn nothing_of_the_host_is_within_reach() {
    let plugins = plugins(patient());
    let hostile = plugins.load(&components::hostile()).await.unwrap();
    deed(&hostile, "wasi", Grant::default()).await.unwrap();
}

#[tokio::test]
async fn a_flood_of_lines_is_cut_cleaned_and_counted() {
    let log = LogLimits { lines_max: 5, line_bytes_max: 12, ..LogLimits::default() };
    let limits = Limits { log, ..limits() };
    let plugins = plugins(limits);
    let hostile = plugins.load(&components::hostile()).await.unwrap();
    let sink = LogSink::new();
    let grant = Grant { log: Some(sink.clone()), ..Grant::default() };
    deed(&hostile, "log-flood", grant).await.unwrap_err();
    let taken = sink.take();
    assert_eq!(taken.lines.len(), 5);
    assert_eq!((taken.lines[0].level, taken.lines[0].text.as_str()), (Level::Warn, "your pass…"));
    assert!(taken.dropped > 0 && taken.reached.contains("log_lines_max"), "{:?}", taken.reached);
}

#[tokio::test]
async fn a_file_that_was_not_granted_does_not_exist() {
    let plugins = plugins(patient());
    let hostile = plugins.load(&components::hostile()).await.unwrap();
    let failure = deed(&hostile, "read-other", wells().await).await.unwrap_err().to_string();
    assert!(failure.contains("no file \"/etc/passwd\"; there are: wells.csv"), "{failure}");
}

#[tokio::test]
async fn paging_without_end_is_a_fault() {
    let plugins = plugins(patient());
    let hostile = plugins.load(&components::hostile()).await.unwrap();
    let mut instance = hostile.instance(Grant::default()).await.unwrap();
    let request = PageRequest { cursor: Some("here".to_owned()), ..readings() };
    let failure = instance.get(r#"{"deed": "equal-cursor"}"#, &request).await.unwrap_err();
    assert!(failure.to_string().contains("its cursor did not move"), "{failure}");
}

#[tokio::test]
async fn values_that_are_no_numbers_are_rejections_with_a_place() {
    let plugins = plugins(patient());
    let hostile = plugins.load(&components::hostile()).await.unwrap();
    let page = deed(&hostile, "not-finite", Grant::default()).await.unwrap();
    assert_eq!(page.items.count(), 0);
    let places: Vec<_> = page.rejected.iter().map(|rejection| rejection.place.as_str()).collect();
    let expected =
        ["well 1 level at 1970-01-01T00:00:00.000Z", "well 1 level at 1970-01-01T00:00:01.000Z"];
    assert_eq!(places, expected);
}
