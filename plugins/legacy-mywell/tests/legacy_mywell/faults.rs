//! Whatever the network does, a failure says what to do, and nothing is stored twice.

use ourwater_sdk::{Datatype, Failure, Items};
use peers::Fault;

use crate::world::{World, date, readings, request};

const FAULTS: [Fault; 8] = [
    Fault::CutBefore,
    Fault::CutAfter,
    Fault::Status(500),
    Fault::Status(502),
    Fault::Status(503),
    Fault::Busy(7),
    Fault::Truncated,
    Fault::Html,
];

#[test]
fn every_fault_of_a_question_is_to_be_tried_again() {
    let world = World::new().settled();
    world.seed_days(1111, 0..3, 1);
    for fault in FAULTS {
        for datatype in [Datatype::Group, Datatype::Resource, Datatype::Reading] {
            world.proxy.fail("GET /api/", fault);
            let failed = world.page(&request(datatype, 10));
            let Err(Failure::Unavailable(delay)) = failed else { panic!("{fault:?}: {failed:?}") };
            assert_eq!(delay.after_ms, (fault == Fault::Busy(7)).then_some(7_000), "{fault:?}");
            assert_eq!(world.proxy.unmet(), 0);
        }
    }
    assert_eq!(world.pull(None, 10, &[]).points.len(), 3);
    world.proxy.fail("GET /api/", Fault::Status(403));
    assert!(matches!(world.page(&request(Datatype::Group, 10)), Err(Failure::Denied(_))));
}

#[test]
fn before_the_first_write_a_fault_fails_the_batch_and_nothing_took_effect() {
    let world = World::new().settled();
    let batch = || Items::Readings(vec![readings("313603.1111", &[(1, 1.0)])]);
    for fault in FAULTS {
        for question in ["GET /api/resources", "GET /api/readings"] {
            world.proxy.fail(question, fault);
            let failed = world.push(batch(), false);
            assert!(matches!(failed, Err(Failure::Unavailable(_))), "{fault:?}: {failed:?}");
        }
    }
    assert!(world.stored().is_empty());
}

/// Creates, changes and removes with a fault in one of the writes, then again until all is done.
#[test]
fn whatever_befalls_a_write_each_reading_is_stored_exactly_once() {
    let world = World::new().settled();
    for (round, fault) in FAULTS.into_iter().enumerate() {
        for (place, write) in ["PATCH", "POST", "DELETE", "POST"].into_iter().enumerate() {
            let well = 1110 + place as u64;
            let first = 1 + 100 * (round as u64 * 4 + place as u64);
            world.peer.clear("reading");
            world.seed_days(well, 0..2, first);
            let mut batch = readings(&format!("313603.{well}"), &[(0, 8.0), (5, 5.0), (6, 6.0)]);
            batch.removed = vec![crate::world::time(1)];
            world.proxy.fail(&format!("{write} /api/readings"), fault);
            let mut receipt = world.push(Items::Readings(vec![batch.clone()]), false).unwrap();
            assert_eq!(world.proxy.unmet(), 0, "{write} {fault:?}");
            assert!(receipt.refused.is_empty(), "{write} {fault:?}: {receipt:?}");
            assert!(receipt.stopped.is_some(), "{write} {fault:?}: {receipt:?}");
            let acted = matches!(fault, Fault::CutAfter | Fault::Truncated);
            let told = !receipt.unknown.is_empty();
            assert!(told || !acted, "{write} {fault:?} may have taken effect: {receipt:?}");
            while receipt.stopped.is_some() {
                receipt = world.push(Items::Readings(vec![batch.clone()]), true).unwrap();
            }
            let expected =
                [(0, 8.0), (5, 5.0), (6, 6.0)].map(|(day, value)| (well, date(day), value));
            assert_eq!(world.stored(), expected, "{write} {fault:?}");
        }
    }
}

#[test]
fn a_500_that_is_not_the_servers_own_leaves_the_reading_unknown() {
    let world = World::new().settled();
    world.proxy.fail("POST /api/readings", Fault::Status(500));
    let batch = Items::Readings(vec![readings("313603.1111", &[(1, 1.0)])]);
    let receipt = world.push(batch, false).unwrap();
    assert_eq!(receipt.unknown, [0]);
    assert!(matches!(receipt.stopped, Some(Failure::Unavailable(_))));
}

#[test]
fn a_busy_server_is_left_alone_for_as_long_as_it_says() {
    let world = World::new().settled();
    world.proxy.fail("POST /api/readings", Fault::Busy(7));
    let batch = Items::Readings(vec![readings("313603.1111", &[(1, 1.0)])]);
    let receipt = world.push(batch, false).unwrap();
    assert_eq!(receipt.untried, [0]);
    let Some(Failure::Unavailable(delay)) = receipt.stopped else { panic!("{receipt:?}") };
    assert_eq!(delay.after_ms, Some(7_000));
}

#[test]
fn a_server_that_refuses_large_bodies_gets_smaller_ones() {
    let world = World::new().settled();
    for _ in 0..3 {
        world.proxy.fail("POST /api/readings", Fault::Status(413));
    }
    let points: Vec<_> = (0..10).map(|day| (day, 1.0)).collect();
    let batch = Items::Readings(vec![readings("313603.1111", &points)]);
    assert_eq!(world.push(batch, false).unwrap().created, 10);
    assert_eq!(world.stored().len(), 10);
}
