//! Which series a well has, and what they are series of.

use plugin_ggmn::Version;

use crate::world::{BOTH, World, station, time};

#[test]
fn levels_above_the_sea_and_below_the_ground_and_each_filter_are_series_of_their_own() {
    for version in BOTH {
        let world = World::new(version);
        let mut station = station("27BP0003");
        station.filters = vec!["27BP0003-1".to_owned(), "27BP0003-2".to_owned()];
        let well = world.lizard.add_station(station);
        let filter = |at| (version == Version::V4).then_some(at);
        let (first, second) = (filter("27BP0003-1"), filter("27BP0003-2"));
        for (at, filter, code, unit) in [
            (0, first, "GWmMSL", "mMSL"),
            (1, first, "GWmBGS", "mBGS"),
            (2, second, "GWmMSL", "mMSL"),
            (3, second, "WNS9040.hand", "mNAP"),
            (4, second, "WNS9040.val", "mNAP"),
            (5, second, "photo", ""),
        ] {
            let uuid = world.lizard.add_series(well, filter, code, unit);
            world.lizard.set(&uuid, time(at), 1.5);
            if code == "photo" {
                world.lizard.hold(&uuid, "image");
            }
        }
        let pulled = world.pull(None, 100, &well.to_string());
        let mut series: Vec<_> = pulled
            .all
            .iter()
            .map(|one| (one.times[0], one.series.name.clone(), one.series.property.clone()))
            .collect();
        series.sort();
        let said: Vec<_> = series.iter().map(|it| (it.1.as_str(), it.2.as_str())).collect();
        let (sea, ground) = ("elevation-above-sea-level", "depth-below-ground");
        assert_eq!(said.len(), 5, "an image is no series of numbers");
        assert!(pulled.all.iter().all(|one| one.series.unit == "m"));
        if version == Version::V4 {
            assert_eq!(said[0], ("27BP0003-1 GWmMSL", sea));
            assert_eq!(said[1], ("27BP0003-1 GWmBGS", ground));
            assert_eq!(said[2], ("27BP0003-2 GWmMSL", sea));
            assert_eq!(said[3], ("27BP0003-2 WNS9040.hand", "WNS9040.hand"));
        } else {
            assert_eq!((said[0], said[1]), (("GWmMSL", sea), ("GWmBGS", ground)));
            // It cannot be told whose it is; the older keeps the name.
            assert!(said[2].0.starts_with("GWmMSL ") && said[2].1 == sea, "{said:?}");
        }
    }
}

#[test]
fn a_station_without_filters_has_the_series_of_its_location_and_not_of_another_of_that_name() {
    for version in BOTH {
        let world = World::new(version);
        let mut bare = station("1696");
        bare.filters = Vec::new();
        let mut far = bare.clone();
        far.at = (31.0, -17.8);
        far.organisation = "b".to_owned();
        // Another tube in the same place.
        let mut beside = bare.clone();
        beside.code = "1697".to_owned();
        let wells = [bare, far, beside].map(|it| world.lizard.add_station(it));
        for (well, value) in wells.iter().zip([1.0, 2.0, 3.0]) {
            let uuid = world.lizard.add_series(*well, None, "GWmBGS", "mBGS");
            world.lizard.set(&uuid, time(0), value);
        }
        for ignores in [false, true] {
            world.lizard.behave(|quirks| quirks.ignores_selection = ignores);
            for (well, value) in wells.iter().zip([1.0, 2.0, 3.0]) {
                let kept = world.pull(None, 10, &well.to_string()).kept();
                assert_eq!(kept.into_values().collect::<Vec<_>>(), [value], "{version:?}");
            }
        }
        let nowhere = world.pull(None, 10, "99999");
        assert_eq!((nowhere.points.len(), nowhere.rejected[0].place.as_str()), (0, "well 99999"));
    }
}
