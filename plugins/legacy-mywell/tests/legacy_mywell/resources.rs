//! A new resource gets one number of its pincode, and only one.

use ourwater_sdk::{Items, Position, Resource};
use peers::Fault;
use serde_json::json;

use crate::world::World;

fn well(latitude: f64) -> Resource {
    Resource {
        id: None,
        name: "A new well".to_owned(),
        kind: "well".to_owned(),
        position: Some(Position { longitude: 74.5, latitude }),
        elevation: Some(500.0),
        owner: Some("Owner B".to_owned()),
        groups: vec!["IN".to_owned(), "313603".to_owned()],
        updated: None,
        extra: String::new(),
    }
}

#[test]
fn a_new_resource_is_numbered_by_its_kind_within_the_pincode() {
    let world = World::new().settled();
    world.peer.seed(
        "village",
        &json!([{"id": 12, "postcode": 313_603, "name": "Hinta", "coordinates": {"lat": 24.9, "lng": 74.5}}]),
    );
    let gauge = Resource { kind: "raingauge".to_owned(), ..well(24.6) };
    let elsewhere = Resource { groups: vec!["313604.14".to_owned()], ..well(24.9) };
    let batch = Items::Resources(vec![well(24.9), well(24.9), gauge, elsewhere]);
    let receipt = world.push(batch, false).unwrap();
    let ids: Vec<_> = receipt.ids.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["313603.1220", "313603.1221", "313603.1170", "313604.1420"]);
    assert_eq!((receipt.created, world.peer.rows("resource").len()), (4, 24));
}

#[test]
fn a_resource_is_not_made_twice_when_the_answer_was_lost() {
    let world = World::new().settled();
    let batch = || Items::Resources(vec![well(24.9), well(24.9)]);
    world.proxy.fail("POST /api/resources", Fault::CutAfter);
    let receipt = world.push(batch(), false).unwrap();
    assert_eq!((receipt.unknown.len(), receipt.stopped.is_some()), (2, true));
    let receipt = world.push(batch(), true).unwrap();
    assert_eq!((receipt.created, receipt.ids.len()), (2, 2));
    assert_ne!(receipt.ids[0].id, receipt.ids[1].id);
    assert_eq!(world.peer.rows("resource").len(), 22);
}

#[test]
fn a_resource_that_lacks_what_the_server_needs_is_refused_with_what_it_lacks() {
    let world = World::new().settled();
    let lacking = [
        (Resource { groups: Vec::new(), ..well(1.0) }, "pincode"),
        (Resource { groups: vec!["999999".to_owned()], ..well(1.0) }, "village"),
        (Resource { owner: None, ..well(1.0) }, "whose"),
        (Resource { position: None, ..well(1.0) }, "where"),
        (Resource { kind: "quality".to_owned(), ..well(1.0) }, "quality"),
        (Resource { id: Some("w7".to_owned()), ..well(1.0) }, "id"),
        (Resource { id: Some("313603.1199".to_owned()), ..well(1.0) }, "no resource"),
    ];
    let (batch, lacks): (Vec<_>, Vec<_>) = lacking.into_iter().unzip();
    let receipt = world.push(Items::Resources(batch), false).unwrap();
    assert_eq!(receipt.refused.len(), lacks.len());
    for (refused, lack) in receipt.refused.iter().zip(lacks) {
        assert!(refused.reason.contains(lack), "{refused:?}: {lack}");
    }
    assert_eq!(world.peer.rows("resource").len(), 20);
}

#[test]
fn a_resource_that_is_there_is_changed_in_place_and_only_where_it_differs() {
    let world = World::new().settled();
    let moved = |latitude| Resource {
        id: Some("313604.1111".to_owned()),
        elevation: None,
        ..well(latitude)
    };
    let pin = Items::Resources(vec![moved(25.0)]);
    assert_eq!(world.push(pin.clone(), false).unwrap().updated, 1);
    assert_eq!(world.push(pin, true).unwrap().unchanged, 1);
    let rows = world.peer.rows("resource");
    let find = |postcode| {
        rows.iter().find(|row| row["postcode"] == postcode && row["id"] == 1111).unwrap()
    };
    assert_eq!(find(313_604)["geo"]["lat"].as_f64(), Some(25.0));
    assert_eq!(find(313_604)["owner"], "Owner B");
    assert_eq!(find(313_603)["owner"], "Owner A");
}

#[test]
fn a_new_resource_in_extra_words_is_placed_too() {
    let world = World::new().settled();
    let extra = r#"{"pincode":"313604"}"#.to_owned();
    let one = Resource { groups: Vec::new(), extra, ..well(24.6) };
    let receipt = world.push(Items::Resources(vec![one]), false).unwrap();
    assert_eq!(receipt.ids[0].id, "313604.1120");
}
