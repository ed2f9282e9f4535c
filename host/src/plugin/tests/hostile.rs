//! Components that misbehave, where only this crate can look; how each ends is a table among the
//! stories.

use super::*;
use crate::grant::log::{Level, LogLimits};

async fn deed(plugin: &Plugin, deed: &str, grant: Grant) -> Result<Page, Failure> {
    let mut instance = plugin.instance(grant).await?;
    instance.get(&format!(r#"{{"deed": "{deed}"}}"#), &readings()).await
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
