//! Villages and the pincodes they imply, and resources without their images.

use ourwater_sdk::{Datatype, GetRequest, Group, Items, Position, Resource};
use serde_json::json;

use crate::world::{World, request};

fn groups(world: &World, limit: u32, only: &[&str]) -> Vec<Group> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let only = only.iter().map(|&id| id.to_owned()).collect();
        let request = GetRequest { cursor, only, ..request(Datatype::Group, limit) };
        let page = world.page(&request).unwrap();
        let Items::Groups(groups) = page.items else { panic!("groups were asked for") };
        assert!(groups.len() <= limit as usize);
        all.extend(groups);
        if !page.more {
            return all;
        }
        cursor = Some(page.cursor);
    }
}

fn resources(world: &World, limit: u32, only: &[&str]) -> Vec<Resource> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let only = only.iter().map(|&id| id.to_owned()).collect();
        let request = GetRequest { cursor, only, ..request(Datatype::Resource, limit) };
        let page = world.page(&request).unwrap();
        let Items::Resources(resources) = page.items else { panic!("resources were asked for") };
        all.extend(resources);
        if !page.more {
            return all;
        }
        cursor = Some(page.cursor);
    }
}

#[test]
fn villages_bring_their_pincodes_once_in_pages_of_any_size() {
    let world = World::new().settled();
    world.peer.seed("village", &json!([{"id": 12, "postcode": 313_603, "name": "Hinta"}]));
    let ids =
        |groups: &[Group]| groups.iter().map(|group| group.id.clone().unwrap()).collect::<Vec<_>>();
    let expected = ["313603", "313603.11", "313603.12", "313604", "313604.11"];
    for limit in [2, 3, 4, 100] {
        assert_eq!(ids(&groups(&world, limit, &[])), expected, "pages of {limit}");
    }
    assert_eq!(ids(&groups(&world, 2, &["313604"])), ["313604", "313604.11"]);
    let village = &groups(&world, 100, &[])[1];
    let at = Position { longitude: 74.19, latitude: 24.59 };
    assert_eq!((village.kind.as_str(), village.name.as_str()), ("village", "Badgaon"));
    assert_eq!(village.boundary, [at]);
}

#[test]
fn resources_are_given_in_pages_of_any_size_without_images_or_ways_to_reach_people() {
    let world = World::new().settled();
    let whole = resources(&world, 100, &[]);
    assert_eq!(whole.len(), 20);
    for limit in [1, 3, 20] {
        assert_eq!(resources(&world, limit, &[]), whole, "pages of {limit}");
    }
    let well = &resources(&world, 3, &["313604.1111", "313603.1119"])[1];
    assert_eq!(well.id.as_deref(), Some("313604.1111"));
    assert_eq!(well.groups, ["313604", "313604.11"]);
    assert_eq!(well.position, Some(Position { longitude: 74.25, latitude: 24.5 }));
    assert_eq!((well.kind.as_str(), well.elevation), ("well", Some(0.0)));
    assert_eq!(well.owner.as_deref(), Some("Owner A"));
    assert_eq!(well.extra, r#"{"well_depth":21.95}"#);
}
