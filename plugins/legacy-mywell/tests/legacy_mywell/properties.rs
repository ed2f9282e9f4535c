//! No answer of any server makes the plugin panic, and no receipt fails to add up.

use ourwater_sdk::files::File;
use ourwater_sdk::http::{Broken, Request, Response};
use ourwater_sdk::log::Level;
use ourwater_sdk::native::{self, Host};
use ourwater_sdk::{
    Base, Batch, Datasource, Datatype, GetRequest, Items, Position, Resource, Result,
};
use plugin_legacy_mywell::{Config, LegacyMyWell};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::world::{readings, request};

/// Answers with one after the other, then with nothing new.
struct Scripted(Vec<(u16, Vec<u8>)>);

impl Host for Scripted {
    fn all(&mut self) -> Result<Vec<File>> {
        Ok(Vec::new())
    }
    fn read(&mut self, _: &str, _: u64, _: u32) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }
    fn append(&mut self, _: &str, _: u64, _: &[u8]) -> Result<u64> {
        Ok(0)
    }
    fn log(&mut self, _: Level, _: &str) {}
    fn send(&mut self, _: &Request) -> std::result::Result<Response, Broken> {
        let (status, body) = self.0.pop().unwrap_or((200, b"[]".to_vec()));
        let headers = vec![("date".to_owned(), "Sun, 06 Nov 1994 08:49:37 GMT".to_owned())];
        Ok(Response { status, headers, body })
    }
}

fn cell() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (1_u64..3000).prop_map(Value::from),
        "[0-9.:TZ-]{0,24}".prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!("0000-00-00 00:00:00")),
        Just(json!("2017-01-01T12:00:00.000Z")),
        Just(json!({"lat": 1e300, "lng": "7"})),
        Just(json!({"lat": 24.5, "lng": 74.5})),
        Just(json!([null, {"statusCode": 422}, {"status": 500}, 7])),
    ]
}

fn row() -> impl Strategy<Value = Value> {
    let names = vec![
        "id",
        "date",
        "value",
        "postcode",
        "resourceId",
        "villageId",
        "updatedAt",
        "geo",
        "owner",
        "type",
        "name",
        "coordinates",
        "elevation",
        "statusCode",
        "message",
        "details",
    ];
    proptest::collection::btree_map(proptest::sample::select(names), cell(), 0..10).prop_map(
        |cells| {
            let cells = cells.into_iter().map(|(name, cell)| (name.to_owned(), cell));
            Value::Object(cells.collect::<Map<_, _>>())
        },
    )
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => proptest::collection::vec(row(), 0..5).prop_map(|rows| json!(rows).to_string().into_bytes()),
        1 => row().prop_map(|row| json!({"error": row}).to_string().into_bytes()),
        1 => proptest::collection::vec(prop_oneof![Just(Value::Null), row()], 0..4)
            .prop_map(|details| json!({"error": {"details": details}}).to_string().into_bytes()),
        1 => row().prop_map(|row| row.to_string().into_bytes()),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
    ]
}

fn answers() -> impl Strategy<Value = Vec<(u16, Vec<u8>)>> {
    let status = prop_oneof![6 => Just(200_u16), 1 => 100_u16..600, 2 => proptest::sample::select(vec![500, 422, 413, 404])];
    proptest::collection::vec((status, body()), 0..8)
}

fn config() -> Config {
    Config { url: "http://a".to_owned(), anonymous: false }
}

proptest! {
    #[test]
    fn any_answers_give_a_page_or_a_failure(
        answers in answers(), limit in 0_u32..6,
        datatype in proptest::sample::select(vec![Datatype::Group, Datatype::Resource, Datatype::Reading]),
    ) {
        native::install(Scripted(answers));
        let mut cursor = None;
        for _ in 0..20 {
            let request = GetRequest { cursor: cursor.clone(), ..request(datatype, limit) };
            match LegacyMyWell::get(&config(), &request) {
                Ok(page) => {
                    prop_assert!(!page.more || Some(&page.cursor) != cursor.as_ref());
                    cursor = Some(page.cursor);
                }
                Err(_) => break,
            }
        }
        let _ = LegacyMyWell::check(&config());
    }

    #[test]
    fn any_answers_give_a_receipt_that_adds_up_or_a_failure(
        answers in answers(), uncertain: bool, values in proptest::collection::vec((0_i64..4, any::<f64>()), 0..6),
        bases in proptest::collection::vec(prop::option::of(any::<f64>()), 0..8),
    ) {
        let bases = bases.into_iter().map(|base| base.map_or(Base::Nothing, Base::Value)).collect();
        native::install(Scripted(answers.clone()));
        let mut all = readings("313603.1111", &values);
        all.removed.push(i64::MIN);
        let count = values.len() + 1;
        let items = Items::Readings(vec![all]);
        if let Ok(receipt) = LegacyMyWell::push(&config(), &Batch { items, keys: Vec::new(), bases, uncertain }) {
            let listed = receipt.refused.len() + receipt.conflicting.len()
                + receipt.unknown.len() + receipt.untried.len();
            prop_assert_eq!((receipt.created + receipt.updated + receipt.unchanged) as usize + listed, count);
        }
        native::install(Scripted(answers));
        let resource = |id: Option<&str>| Resource {
            id: id.map(str::to_owned), name: String::new(), kind: "well".to_owned(),
            position: Some(Position { longitude: 74.5, latitude: 24.5 }), elevation: Some(1.0),
            owner: Some("o".to_owned()), groups: vec!["313603.18446744073709551615".to_owned()],
            updated: None, extra: "{".to_owned(),
        };
        let items = Items::Resources(vec![resource(None), resource(Some("313603.1111"))]);
        let keys = vec!["a".to_owned(), "b".to_owned()];
        if let Ok(receipt) = LegacyMyWell::push(&config(), &Batch { items, keys, bases: Vec::new(), uncertain }) {
            let listed = receipt.refused.len() + receipt.unknown.len() + receipt.untried.len();
            prop_assert_eq!((receipt.created + receipt.updated + receipt.unchanged) as usize + listed, 2);
        }
    }
}
