//! What is pushed reads back as it was; what a row cannot say is refused.

use ourwater_sdk::{
    Batch, Datasource, Datatype, GetRequest, Group, Items, Note, Position, Readings, Resource,
    Series, files, native,
};
use plugin_csv::{Config, Csv};
use proptest::prelude::*;
use serde_json::json;

use crate::pull;

fn export() -> Config {
    pull::config(&json!({"header": 1, "readings": {
        "time": {"columns": ["time"], "pattern": "iso"}, "resource": "resource",
        "series": [{"value": "value", "name": "series", "property": "property", "unit": "unit"}],
        "quality": {"column": "quality", "codes": {"0": 0, "1": 1, "2": 2, "3": 3}}, "note": "note"}}))
}

fn batch(items: Items, keys: &[&str]) -> Batch {
    let keys = keys.iter().map(|&key| key.to_owned()).collect();
    Batch { items, keys, bases: Vec::new(), uncertain: false }
}

fn readings(name: &str, points: &[(i64, f64, u8, &str)]) -> Readings {
    let with_notes = points.iter().enumerate().filter(|(_, point)| !point.3.is_empty());
    let notes = with_notes
        .map(|(at, point)| Note { at: u32::try_from(at).unwrap(), text: point.3.to_owned() });
    Readings {
        series: Series {
            resource: "w".to_owned(),
            name: name.to_owned(),
            property: "p".to_owned(),
            unit: "m".to_owned(),
        },
        times: points.iter().map(|point| point.0).collect(),
        values: points.iter().map(|point| point.1).collect(),
        qualities: points.iter().map(|point| point.2).collect(),
        notes: notes.collect(),
        removed: Vec::new(),
        rows: Vec::new(),
        updated: Vec::new(),
    }
}

#[test]
fn readings_read_back_and_uncertain_batches_are_not_doubled() {
    native::install(native::Memory::default());
    let config = export();
    let notes = "a \"quoted\", long\nnote";
    let first = readings("s", &[(0, 1.5, 1, ""), (1, -0.0, 2, notes), (2, f64::MAX, 0, " x ")]);
    let mut items = batch(Items::Readings(vec![first]), &[]);
    let receipt = Csv::push(&config, &items).unwrap();
    assert_eq!((receipt.created, receipt.unchanged, receipt.refused.len()), (3, 0, 0));
    items.uncertain = true;
    let receipt = Csv::push(&config, &items).unwrap();
    assert_eq!((receipt.created, receipt.unchanged), (0, 3));
    let pulled = pull::all(&config, 10).unwrap();
    let said: Vec<_> = pulled
        .points
        .iter()
        .map(|point| (point.time, point.value, point.quality, point.note.as_deref()))
        .collect();
    assert_eq!(said, [(0, 1.5, 1, None), (1, -0.0, 2, Some(notes)), (2, f64::MAX, 0, Some(" x "))]);
}

#[test]
fn an_uncertain_batch_goes_on_where_an_earlier_try_was_torn() {
    native::install(native::Memory::default());
    let config = export();
    let mut items =
        batch(Items::Readings(vec![readings("s", &[(0, 1.0, 0, ""), (1, 2.0, 0, "")])]), &[]);
    Csv::push(&config, &items).unwrap();
    let size = files::all().unwrap()[0].size;
    let whole = files::read("f", 0, u32::try_from(size).unwrap()).unwrap();
    for torn in 0..=whole.len() {
        native::install(native::Memory::of("f", &whole[..torn]));
        items.uncertain = true;
        let receipt = Csv::push(&config, &items).unwrap();
        assert_eq!(receipt.created + receipt.unchanged, 2, "torn at {torn}");
        let now = files::read("f", 0, u32::MAX).unwrap();
        assert_eq!(now, whole, "torn at {torn}");
    }
}

#[test]
fn what_a_row_cannot_say_is_refused() {
    native::install(native::Memory::default());
    let config = pull::config(&json!({"header": 1, "readings": {
        "time": {"columns": ["date"], "pattern": "%d/%m/%Y"}, "resource": "resource",
        "series": [{"value": "value", "name": "series", "property": {"constant": "p"}, "unit": {"constant": "m"}}]}}));
    let mut all = readings(" s", &[(0, 1.0, 0, "")]);
    all.removed.push(7);
    let other = readings(
        "s",
        &[
            (0, 1.0, 0, ""),
            (1, 1.0, 0, ""),
            (0, 1.0, 1, ""),
            (0, 1.0, 0, "dry"),
            (0, f64::NAN, 0, ""),
        ],
    );
    let receipt = Csv::push(&config, &batch(Items::Readings(vec![all, other]), &[])).unwrap();
    assert_eq!(receipt.created, 1);
    let mut refused: Vec<_> = receipt.refused.iter().map(|one| one.at).collect();
    refused.sort_unstable();
    assert_eq!(refused, [0, 1, 3, 4, 5, 6]);
}

#[test]
fn resources_and_groups_read_back() {
    native::install(native::Memory::default());
    let place = Position { longitude: 5.25, latitude: -52.125 };
    let resource = Resource {
        id: None,
        name: "One, two".to_owned(),
        kind: "well".to_owned(),
        position: Some(place),
        elevation: Some(3.1),
        owner: Some("me".to_owned()),
        groups: vec!["a".to_owned(), "b".to_owned()],
        updated: Some(1_484_438_400_125),
        extra: r#"{"a":[1,"x"]}"#.to_owned(),
    };
    let config = pull::config(
        &json!({"header": 1, "resources": {"id": "id", "name": "name", "kind": "kind",
        "longitude": "longitude", "latitude": "latitude", "elevation": "elevation", "owner": "owner",
        "groups": "groups", "updated": "updated", "extra": "extra"}}),
    );
    let receipt =
        Csv::push(&config, &batch(Items::Resources(vec![resource.clone()]), &["key"])).unwrap();
    assert_eq!((receipt.created, receipt.ids[0].id.as_str()), (1, "key"));
    let ask = |datatype| GetRequest { datatype, ..pull::request(None, 10) };
    let back = Csv::get(&config, &ask(Datatype::Resource)).unwrap().items;
    assert_eq!(back, Items::Resources(vec![Resource { id: Some("key".to_owned()), ..resource }]));

    native::install(native::Memory::default());
    let group = Group {
        id: Some("g".to_owned()),
        name: "G".to_owned(),
        kind: "village".to_owned(),
        boundary: vec![place, place],
        updated: None,
        extra: String::new(),
    };
    let config = pull::config(
        &json!({"header": 0, "groups": {"id": 1, "name": 2, "kind": 3, "boundary": 4}}),
    );
    let receipt = Csv::push(&config, &batch(Items::Groups(vec![group.clone()]), &["key"])).unwrap();
    assert_eq!((receipt.created, receipt.ids.len()), (1, 0));
    let back = Csv::get(&config, &ask(Datatype::Group)).unwrap().items;
    assert_eq!(back, Items::Groups(vec![group]));
}

fn word() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            Just('a'),
            Just(','),
            Just('"'),
            Just('\n'),
            Just('\r'),
            Just('é'),
            Just(' '),
            any::<char>()
        ],
        0..6,
    )
    .prop_map(|letters| letters.into_iter().collect())
}

proptest! {
    #[test]
    fn any_reading_reads_back_or_is_refused(
        points in proptest::collection::vec(
            (-31_000_000_000_000_i64..254_000_000_000_000, any::<f64>(), 0_u8..5, word()), 1..20),
        resource in word(), name in word(),
    ) {
        native::install(native::Memory::default());
        let shown: Vec<_> = points.iter().map(|(time, value, quality, note)| (*time, *value, *quality, note.as_str())).collect();
        let mut all = readings(&name, &shown);
        all.series.resource = resource;
        let config = export();
        let receipt = Csv::push(&config, &batch(Items::Readings(vec![all.clone()]), &[])).unwrap();
        prop_assert_eq!(receipt.created as usize + receipt.refused.len(), points.len());
        if receipt.created == 0 {
            return Ok(());
        }
        let pulled = pull::all(&config, 7).unwrap();
        prop_assert_eq!((pulled.empty, pulled.rejected.len()), (0, 0));
        let kept = (0..points.len()).filter(|&at| receipt.refused.iter().all(|one| one.at as usize != at));
        let kept: Vec<_> = kept.collect();
        prop_assert_eq!(pulled.points.len(), kept.len());
        for (point, at) in pulled.points.iter().zip(kept) {
            let (time, value, quality, note) = &points[at];
            prop_assert_eq!(&point.series, &all.series);
            prop_assert_eq!((point.time, point.value.to_bits(), point.quality), (*time, value.to_bits(), *quality));
            prop_assert_eq!(point.note.as_deref().unwrap_or_default(), note);
        }
    }
}
