//! What is there is given once, from any cursor, and a run with nothing new asks little.

use ourwater_sdk::{Datasource, Datatype, Failure, GetRequest, Items, Position};
use plugin_legacy_mywell::{Config, LegacyMyWell};
use serde_json::json;

use crate::world::{World, date, request, time};

#[test]
fn readings_with_zero_dates_of_creation_are_given_and_every_cursor_gives_exactly_the_rest() {
    let world = World::new().settled();
    world.seed_days(1111, 0..25, 1);
    let whole = world.pull(None, 7, &[]);
    assert_eq!(whole.points.len(), 25);
    assert_eq!(whole.points[3], (("313603.1111".to_owned(), time(3)), 0.75));
    for (at, cursor) in whole.cursors.iter().enumerate() {
        let rest = world.pull(Some(cursor), 7, &[]);
        let given = (7 * (at + 1)).min(25);
        assert_eq!(rest.points, whole.points[given..], "after page {at}");
    }
}
