//! Monitoring networks as groups, and the wells that are in them by their series.

use plugin_ggmn::Version;

use crate::world::{World, station};

#[test]
fn a_well_is_in_the_networks_of_its_series() {
    let world = World::new(Version::V4);
    let (_, first) = world.well("1696");
    let (_, second) = world.well("1697");
    world.well("1698");
    // A station without filters names no series; they are those of its location.
    let mut bare = station("1699");
    bare.filters = Vec::new();
    let bare = world.lizard.add_station(bare);
    let third = world.lizard.add_series(bare, None, "GWmBGS", "mBGS");
    let north = world.lizard.add_network("North", &[&first, &second]);
    let south = world.lizard.add_network("South", &[&second, &third]);
    let groups = world.groups(1, &[]);
    assert_eq!(groups.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["North", "South"]);
    assert_eq!((groups[0].kind.as_str(), groups[0].id.as_ref()), ("network", Some(&north)));
    assert_eq!(world.groups(10, &[&south]).len(), 1);
    // Who selects wells by their ids is given the networks they may be in.
    assert_eq!(world.groups(10, &["60061"]).len(), 2);
    for limit in [1, 10] {
        let wells = world.resources(limit, &[]).0;
        let of: Vec<_> = wells.iter().map(|well| well.groups.clone()).collect();
        let expected =
            [vec![north.clone()], vec![north.clone(), south.clone()], vec![], vec![south.clone()]];
        assert_eq!(of, expected, "pages of {limit}");
    }
}

#[test]
fn a_server_that_shows_little_of_locations_is_understood_as_far_as_it_goes() {
    let world = World::new(Version::V4);
    let (_, series) = world.well("1696");
    let mut bare = station("1699");
    bare.filters = Vec::new();
    let bare = world.lizard.add_station(bare);
    let other = world.lizard.add_series(bare, None, "GWmBGS", "mBGS");
    world.lizard.set(&other, 0, 1.5);
    let network = world.lizard.add_network("North", &[&series, &other]);
    world.lizard.behave(|quirks| quirks.hides_locations = true);
    let wells = world.resources(10, &[]).0;
    assert_eq!((wells[0].groups.as_slice(), wells[1].groups.len()), (&[network][..], 0));
    assert_eq!(world.pull(None, 10, &bare.to_string()).points.len(), 1);
}

#[test]
fn networks_may_be_named_and_there_are_none_in_v3() {
    let mut world = World::new(Version::V4);
    let (_, series) = world.well("1696");
    let wanted = world.lizard.add_network("North", &[&series]);
    world.lizard.add_network("South", &[&series]);
    world.config.networks = vec![wanted.clone()];
    assert_eq!(world.groups(10, &[]).len(), 1);
    assert_eq!(world.resources(10, &[]).0[0].groups, [wanted]);
    world.config.version = Version::V3;
    assert!(world.groups(10, &[]).is_empty());
    assert!(world.resources(10, &[]).0[0].groups.is_empty());
}

#[test]
fn more_networks_than_can_be_asked_for_are_the_configurations_fault() {
    let world = World::new(Version::V4);
    let (_, series) = world.well("1696");
    for at in 0..51 {
        world.lizard.add_network(&at.to_string(), &[&series]);
    }
    let request = crate::world::of(ourwater_sdk::Datatype::Resource, 10, &[]);
    let failure = world.page(&request).unwrap_err();
    let ourwater_sdk::Failure::Config(remark) = failure else { panic!("{failure:?}") };
    assert!(remark.field == "networks" && remark.text.contains("50"), "{remark:?}");
}
