//! A source that takes its time: what it gave is saved before it gives more.

use std::future::pending;
use std::time::Duration;

use ourwater::domain::page::{Page, PageRequest};
use ourwater::domain::plugin::Failure;
use ourwater::sync::pull::Tuning;
use ourwater::sync::source::Source;

use tokio::time::timeout;

use super::world::{World, expected, page};

/// Gives a page, and never the next one.
struct Stuck;

impl Source for Stuck {
    async fn get(&mut self, request: &PageRequest) -> Result<Page, Failure> {
        match request.cursor {
            None => Ok(page(&[(0, 1, 1.0)], 0, 1, 2)),
            Some(_) => pending().await,
        }
    }
}

#[tokio::test]
async fn what_came_is_saved_while_the_next_page_is_waited_for() {
    let tuning = Tuning { gather_time_max: Duration::from_millis(1), ..Tuning::default() };
    let world = World::new(tuning).await;
    let held = world.begin(false).await;
    let saved = async { while world.readings().await.is_empty() {} };
    let pulled = async {
        tokio::select! {
            _ = world.pull_from(&held, Stuck) => panic!("the source never ends"),
            () = saved => {}
        }
    };
    timeout(Duration::from_mins(1), pulled).await.expect("it is saved");
    assert_eq!(world.readings().await, expected(&[(0, 1, 1.0)]));
}
