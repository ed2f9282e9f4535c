//! The plugin, tested natively against a server that is written down here: no sandbox, no network.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use ourwater_sdk::files::File;
use ourwater_sdk::http::{Broken, Request, Response};
use ourwater_sdk::log::Level;
use ourwater_sdk::native::{self, Host};
use ourwater_sdk::{
    Base, Batch, Datasource, Datatype, Delay, Failure, GetRequest, Items, Readings, Result, Series,
};
use plugin_rest_wells::{Config, Wells};
use serde_json::{Value, json};

type Answered = Result<Response, Broken>;

/// Gives its answers in turn, and keeps what it was asked.
#[derive(Clone, Default)]
struct Server {
    answers: Rc<RefCell<VecDeque<Answered>>>,
    asked: Rc<RefCell<Vec<Request>>>,
}

impl Server {
    fn start(answers: impl IntoIterator<Item = Answered>) -> Self {
        let server = Self::default();
        server.answers.borrow_mut().extend(answers);
        native::install(server.clone());
        server
    }

    fn asked(&self, at: usize) -> Request {
        self.asked.borrow()[at].clone()
    }
}

impl Host for Server {
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
    fn send(&mut self, request: &Request) -> Answered {
        self.asked.borrow_mut().push(request.clone());
        self.answers.borrow_mut().pop_front().expect("no more is asked than was answered")
    }
}

fn answer(body: &Value) -> Answered {
    Ok(Response { status: 200, headers: Vec::new(), body: body.to_string().into_bytes() })
}

fn config() -> Config {
    serde_json::from_value(json!({"url": "https://wells.example/"})).unwrap()
}

fn request(datatype: Datatype, limit: u32, cursor: Option<String>) -> GetRequest {
    GetRequest { datatype, cursor, limit, since: None, only: Vec::new() }
}

fn batch(values: &[f64]) -> Batch {
    let series = Series::of("W1", "level", "depth-below-ground", "m");
    let times = (0..).take(values.len()).collect();
    let readings = Readings { times, values: values.to_vec(), ..Readings::of(series) };
    let items = Items::Readings(vec![readings]);
    Batch { items, keys: Vec::new(), bases: vec![Base::Value(1.0)], uncertain: false }
}

#[test]
fn a_page_holds_the_columns_of_each_well_and_the_next_goes_on_after_it() {
    let server = Server::start([
        answer(&json!([
            {"id": "1", "well": "W1", "time": 10, "value": 3.5, "updated": 70},
            {"id": "2", "well": "W1", "time": 20, "removed": true, "updated": 70},
        ])),
        answer(&json!([])),
    ]);
    let page = Wells::get(&config(), &request(Datatype::Reading, 2, None)).unwrap();
    let Items::Readings(columns) = &page.items else { panic!("{page:?}") };
    assert_eq!((&columns[0].times, &columns[0].values), (&vec![10], &vec![3.5]));
    assert_eq!(columns[0].removed, [20]);
    assert!(page.more);
    let next = request(Datatype::Reading, 2, Some(page.cursor.clone()));
    let last = Wells::get(&config(), &next).unwrap();
    assert!(!last.more);
    assert_eq!(last.cursor, page.cursor);
    let asked = server.asked(1);
    assert_eq!(asked.url, "https://wells.example/readings?limit=2&updated=70&after=2");
    assert_eq!(asked.credential.as_deref(), Some("access"));
}

#[test]
fn a_record_that_is_not_understood_is_rejected_alone() {
    Server::start([answer(&json!([
        {"id": "W1", "name": 7, "updated": 1},
        {"id": "W2", "name": "School", "longitude": 74.1, "latitude": 25.1, "updated": 2},
        {"id": "W3", "gone": true, "updated": 3},
    ]))]);
    let page = Wells::get(&config(), &request(Datatype::Resource, 10, None)).unwrap();
    let Items::Resources(wells) = &page.items else { panic!("{page:?}") };
    assert_eq!((wells.len(), &wells[0].name), (1, &"School".to_owned()));
    assert_eq!((page.rejected[0].place.as_str(), page.gone), ("well W1", vec!["W3".to_owned()]));
}

#[test]
fn a_cursor_of_another_plugin_is_stale() {
    let foreign = request(Datatype::Reading, 2, Some("{\"page\":7}".to_owned()));
    assert!(matches!(Wells::get(&config(), &foreign), Err(Failure::StaleCursor(_))));
}

#[test]
fn each_point_of_a_batch_is_accounted_for() {
    let server = Server::start([answer(&json!([
        {"outcome": "updated"}, {"outcome": "conflict"}, {"outcome": "refused", "reason": "no"},
    ]))]);
    let receipt = Wells::push(&config(), &batch(&[2.0, 3.0, 4.0])).unwrap();
    assert_eq!((receipt.updated, receipt.conflicting), (1, vec![1]));
    assert_eq!((receipt.refused[0].at, receipt.refused[0].reason.as_str()), (2, "no"));
    let body: Value = serde_json::from_slice(&server.asked(0).body.unwrap()).unwrap();
    assert_eq!(body[0], json!({"well": "W1", "time": 0, "value": 2.0, "was": 1.0}));
    assert_eq!(body[1].get("was"), None);
}

#[test]
fn a_lost_answer_leaves_the_points_unknown_and_a_refusal_of_all_none() {
    let delay = || Delay { reason: "cut".to_owned(), after_ms: None };
    Server::start([Err(Broken::Lost(delay())), Err(Broken::Unsent(delay()))]);
    let receipt = Wells::push(&config(), &batch(&[2.0])).unwrap();
    assert_eq!(receipt.unknown, [0]);
    assert_eq!(receipt.stopped, Some(Failure::Unavailable(delay())));
    let unsent = Wells::push(&config(), &batch(&[2.0]));
    assert_eq!(unsent, Err(Failure::Unavailable(delay())));
}
