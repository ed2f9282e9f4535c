//! Pages add up to what is there whatever their sizes and the history, and no answer of any server
//! makes the plugin panic.

use ourwater_sdk::files::File;
use ourwater_sdk::http::{Broken, Request, Response};
use ourwater_sdk::log::Level;
use ourwater_sdk::native::{self, Host};
use ourwater_sdk::{Base, Batch, Datasource, Datatype, GetRequest, Items, Result};
use plugin_ggmn::{Config, Ggmn, Version};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::world::{A_WHILE, BOTH, Kept, World, of, readings, time};

/// Answers with one after the other, then with an empty list.
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
        let end = || (200, br#"{"count":0,"next":null,"results":[]}"#.to_vec());
        let (status, body) = self.0.pop().unwrap_or_else(end);
        let headers = vec![("date".to_owned(), "Sun, 06 Nov 1994 08:49:37 GMT".to_owned())];
        Ok(Response { status, headers, body })
    }
}

/// What is stored, changed or removed of two series: which, when, and what.
type Edit = (bool, i64, Option<i8>);

fn edits(most: usize) -> impl Strategy<Value = Vec<Edit>> {
    let edit = (any::<bool>(), -3_000_i64..3_000, proptest::option::weighted(0.9, any::<i8>()));
    proptest::collection::vec(edit, 0..most)
}

fn apply(world: &World, series: [&str; 2], edits: &[Edit], kept: &mut Kept) {
    for &(which, hour, value) in edits {
        let (uuid, name) = if which { (series[0], "GWmMSL") } else { (series[1], "GWmBGS") };
        let at = time(0) + hour * 3_600_000;
        if let Some(value) = value {
            world.lizard.set(uuid, at, f64::from(value) / 2.0);
            kept.insert((name.to_owned(), at), f64::from(value) / 2.0);
        } else {
            // Still given, and known as gone.
            world.lizard.store(uuid, at, Value::Null, json!(0), "");
            kept.remove(&(name.to_owned(), at));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pages_of_any_sizes_add_up_and_every_cursor_gives_the_rest(
        first in edits(60), second in edits(20), limits in proptest::collection::vec(1_u32..20, 1..6),
        is_old: bool, cap in 0_usize..7,
    ) {
        let world = World::new(BOTH[usize::from(!is_old)]);
        let (well, one) = world.well("1696");
        let other = world.lizard.add_series(well.parse().unwrap(), Some("1696"), "GWmBGS", "mBGS");
        // A lookback over the whole history: what v3 finds beyond it is another story.
        let world = World { config: Config { lookback_days: 500, ..world.config.clone() }, ..world };
        world.lizard.behave(|quirks| quirks.page_size_max = cap);
        let mut kept = Kept::new();
        let mut cursor: Option<String> = None;
        let mut given = Kept::new();
        for edits in [&first, &second, &Vec::new()] {
            apply(&world, [&one, &other], edits, &mut kept);
            world.lizard.pass(A_WHILE);
            let mut sizes = limits.iter().copied().cycle();
            let pulled = world.pull_in(cursor.as_deref(), || sizes.next().unwrap(), &well);
            given = pulled.over(given);
            prop_assert_eq!(&given, &kept);
            for cursor in pulled.cursors.iter().take(pulled.cursors.len() - 1) {
                let rest = world.pull(Some(cursor), 7, &well);
                let from = pulled.points.len() - rest.points.len();
                prop_assert_eq!(&rest.points[..], &pulled.points[from..]);
            }
            world.lizard.pass(A_WHILE);
            cursor = pulled.end().map(str::to_owned);
        }
    }
}

fn cell() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (1_u64..3).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!("a-1")),
        Just(json!("GWmMSL")),
        Just(json!("2018-01-01T12:00:00Z")),
        Just(json!("http://b/api/v4/timeseries/a-1/?x")),
        Just(json!({"type": "Point", "coordinates": [1e300, "7"]})),
        Just(json!({"code": "GWmMSL", "unit": 7})),
        Just(json!([{"timeseries": ["http://b/timeseries/a-1/", 7, null], "code": 7}, null])),
        Just(
            json!([{"time": "2018-01-01T12:00:00Z", "value": "7", "flag": "3"}, {"timestamp": 9, "min": 1}, []])
        ),
    ]
}

fn row() -> impl Strategy<Value = Value> {
    let names = vec![
        "id",
        "uuid",
        "code",
        "name",
        "time",
        "timestamp",
        "value",
        "flag",
        "comment",
        "geometry",
        "filters",
        "timeseries",
        "location",
        "observation_type",
        "start",
        "end",
        "events",
        "last_modified",
        "organisation",
        "value_type",
        "entity_id",
        "entity_name",
        "description",
    ];
    proptest::collection::btree_map(proptest::sample::select(names), cell(), 0..12).prop_map(
        |cells| {
            let cells = cells.into_iter().map(|(name, cell)| (name.to_owned(), cell));
            Value::Object(cells.collect::<Map<_, _>>())
        },
    )
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let next =
        prop_oneof![3 => Just(Value::Null), 1 => Just(json!("http://b/?page=2")), 1 => cell()];
    let rows = proptest::collection::vec(prop_oneof![5 => row(), 1 => cell()], 0..5);
    prop_oneof![
        5 => (rows, next).prop_map(|(results, next)| {
            json!({"count": 3, "next": next, "results": results}).to_string().into_bytes()
        }),
        5 => row().prop_map(|row| row.to_string().into_bytes()),
        1 => cell().prop_map(|cell| cell.to_string().into_bytes()),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
    ]
}

fn answers() -> impl Strategy<Value = Vec<(u16, Vec<u8>)>> {
    let known = proptest::sample::select(vec![500, 422, 413, 404, 400]);
    let status = prop_oneof![9 => Just(200_u16), 1 => 100_u16..600, 1 => known];
    proptest::collection::vec((status, body()), 0..10)
}

fn config(version: Version) -> Config {
    let config: Config =
        serde_json::from_value(json!({"url": "http://a", "codes": ["GWmMSL"]})).unwrap();
    Config { version, ..config }
}

proptest! {
    #[test]
    fn any_answers_give_a_page_or_a_failure(
        answers in answers(), limit in 0_u32..6, is_old: bool,
        datatype in proptest::sample::select(vec![Datatype::Group, Datatype::Resource, Datatype::Reading]),
    ) {
        let config = config(BOTH[usize::from(!is_old)]);
        native::install(Scripted(answers));
        let only: &[&str] = if datatype == Datatype::Reading { &["7"] } else { &[] };
        let mut cursor = None;
        for _ in 0..20 {
            let request = GetRequest { cursor: cursor.clone(), ..of(datatype, limit, only) };
            match Ggmn::get(&config, &request) {
                Ok(page) => {
                    prop_assert!(!page.more || Some(&page.cursor) != cursor.as_ref());
                    cursor = Some(page.cursor);
                }
                Err(_) => break,
            }
        }
        let _ = Ggmn::check(&config);
        let _ = Ggmn::propose(&json!({"url": "http://a"}));
    }

    #[test]
    fn any_answers_give_a_receipt_that_adds_up_or_a_failure(
        answers in answers(), uncertain: bool, is_old: bool,
        values in proptest::collection::vec((0_i64..4, any::<f64>()), 0..6),
        bases in proptest::collection::vec(prop::option::of(any::<f64>()), 0..8),
    ) {
        let bases = bases.into_iter().map(|base| base.map_or(Base::Nothing, Base::Value)).collect();
        native::install(Scripted(answers));
        let mut all = readings("7", &values);
        all.removed.push(i64::MIN);
        all.removed.push(time(1));
        let items = Items::Readings(vec![all]);
        let batch = Batch { items, keys: Vec::new(), bases, uncertain };
        if let Ok(receipt) = Ggmn::push(&config(BOTH[usize::from(!is_old)]), &batch) {
            let listed = receipt.refused.len() + receipt.conflicting.len()
                + receipt.unknown.len() + receipt.untried.len();
            let total = (receipt.created + receipt.updated + receipt.unchanged) as usize;
            prop_assert_eq!(total + listed, values.len() + 2);
        }
    }
}
