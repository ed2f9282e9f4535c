//! Whatever the network does, a failure says what to do, and nothing is lost.

use ourwater_sdk::{Datatype, Failure};
use peers::Fault;
use plugin_ggmn::Version;

use crate::world::{BOTH, World, of, readings, time};

const FAULTS: [Fault; 9] = [
    Fault::CutBefore,
    Fault::CutAfter,
    Fault::Status(500),
    Fault::Status(502),
    Fault::Status(503),
    Fault::Busy(7),
    Fault::BusyUntil,
    Fault::Truncated,
    Fault::Html,
];

/// When a server that is busy wants to be asked again.
fn wanted(fault: Fault) -> Option<u64> {
    match fault {
        Fault::Busy(seconds) => Some(u64::from(seconds) * 1000),
        Fault::BusyUntil => Some(60_000),
        _ => None,
    }
}

#[test]
fn every_fault_of_a_question_is_to_be_tried_again_when_the_server_says() {
    for version in BOTH {
        let world = World::new(version);
        let (well, uuid) = world.well("1696");
        world.days(&uuid, 0..3);
        for fault in FAULTS {
            for (datatype, only) in [(Datatype::Resource, None), (Datatype::Reading, Some(&well))] {
                let only: Vec<&str> = only.into_iter().map(String::as_str).collect();
                world.proxy.fail("GET /api/", fault);
                let failed = world.page(&of(datatype, 10, &only));
                let Err(Failure::Unavailable(delay)) = failed else {
                    panic!("{fault:?}: {failed:?}")
                };
                assert_eq!(delay.after_ms, wanted(fault), "{fault:?}");
                assert_eq!(world.proxy.unmet(), 0);
            }
        }
        assert_eq!(world.pull(None, 10, &well).kept().len(), 3);
    }
}

#[test]
fn a_refusal_a_wrong_address_and_another_host_are_for_a_person_to_change() {
    for version in BOTH {
        let world = World::new(version);
        let (well, _) = world.well("1696");
        for only in [&[][..], &[well.as_str()]] {
            let fail = |fault| {
                world.proxy.fail("GET /api/", fault);
                world.page(&of(Datatype::Resource, 10, only)).unwrap_err()
            };
            for status in [401, 403] {
                assert!(matches!(fail(Fault::Status(status)), Failure::Denied(_)), "{status}");
            }
            for fault in [Fault::Status(404), Fault::Elsewhere] {
                let failure = fail(fault);
                let Failure::Config(remark) = &failure else { panic!("{fault:?}: {failure:?}") };
                assert_eq!(remark.field, "url");
            }
        }
    }
}

#[test]
fn before_the_first_write_a_fault_fails_the_batch_and_nothing_took_effect() {
    for version in BOTH {
        let world = World::new(version);
        let (well, uuid) = world.well("1696");
        for fault in FAULTS {
            for question in ["groundwaterstations", "timeseries"] {
                let path = if version == Version::V3 { "v3" } else { "v4" };
                world.proxy.fail(&format!("GET /api/{path}/{question}"), fault);
                let failed = world.push(vec![readings(&well, &[(1, 1.0)])]);
                assert!(matches!(failed, Err(Failure::Unavailable(_))), "{fault:?}: {failed:?}");
            }
        }
        assert!(world.stored(&uuid).is_empty());
    }
}

/// Creates, changes and removes with a fault in one of the writes, then again until all is done.
#[test]
fn whatever_befalls_a_write_each_reading_is_stored_exactly_once() {
    for version in BOTH {
        for fault in FAULTS {
            for write in ["POST", "DELETE"] {
                if (version, write) == (Version::V3, "DELETE") {
                    continue;
                }
                let world = World::new(version);
                let (well, uuid) = world.well("1696");
                world.days(&uuid, 0..2);
                let mut batch = readings(&well, &[(0, 8.0), (5, 5.0), (6, 6.0)]);
                if version == Version::V4 {
                    batch.removed = vec![time(1)];
                }
                world.proxy.fail(&format!("{write} /api/"), fault);
                let mut receipt = world.push(vec![batch.clone()]).unwrap();
                assert_eq!(world.proxy.unmet(), 0, "{write} {fault:?}");
                assert!(receipt.refused.is_empty(), "{write} {fault:?}: {receipt:?}");
                let acted = matches!(fault, Fault::CutAfter | Fault::Truncated);
                let told = !receipt.unknown.is_empty() || receipt.stopped.is_none();
                assert!(told || !acted, "{write} {fault:?} may have taken effect: {receipt:?}");
                while receipt.stopped.is_some() {
                    receipt = world.push_over(vec![batch.clone()], Vec::new(), true).unwrap();
                }
                let mut expected = vec![(time(0), 8.0), (time(5), 5.0), (time(6), 6.0)];
                if version == Version::V3 {
                    expected.insert(1, (time(1), 0.25));
                }
                assert_eq!(world.stored(&uuid), expected, "{version:?} {write} {fault:?}");
            }
        }
    }
}

#[test]
fn an_answer_that_does_not_give_back_each_reading_leaves_them_unknown() {
    for version in BOTH {
        let world = World::new(version);
        let (well, _) = world.well("1696");
        world.lizard.behave(|quirks| quirks.forgets_one = true);
        let receipt = world.push(vec![readings(&well, &[(1, 1.0), (2, 2.0)])]).unwrap();
        assert_eq!(receipt.unknown, [0, 1], "{version:?}");
        assert!(matches!(receipt.stopped, Some(Failure::Unavailable(_))));
    }
}

#[test]
fn a_server_that_refuses_large_uploads_gets_smaller_ones() {
    for version in BOTH {
        let world = World::new(version);
        let (well, uuid) = world.well("1696");
        for _ in 0..3 {
            world.proxy.fail("POST /api/", Fault::Status(413));
        }
        let points: Vec<_> = (0..10).map(|day| (day, 1.0)).collect();
        assert_eq!(world.push(vec![readings(&well, &points)]).unwrap().created, 10);
        assert_eq!(world.stored(&uuid).len(), 10);
    }
}
