//! GGMN as a stranger's plugin: uploaded over HTTP into a host that lacks it, allowed, and synced.

use peers::{Lizard, Station};
use serde_json::{Value, json};

use crate::harness::component::component;
use crate::harness::{Place, text};
use crate::serving::Server;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Of the first reading of each well.
const FIRST_MS: i64 = 1_500_000_000_000;

/// A Lizard with three wells of eleven days each, and a host that may reach it.
struct World {
    lizard: Lizard,
    series: Vec<String>,
    server: Server,
    admin: String,
    token: String,
}

impl World {
    fn new(place: &Place) -> Self {
        let lizard = Lizard::start();
        let series = (0..3).map(|well| well_of(&lizard, well)).collect();
        lizard.pass(DAY_MS);
        let server = Server::start(place, &["--allow-network", "127.0.0.0/8"]);
        let (_, made) = server.post("/api/v1/administrators", "", &json!({"name": "Asha"}));
        let token = server.organisation("Duero");
        Self { lizard, series, server, admin: text(&made["token"]), token }
    }

    /// The plugin is uploaded, allowed everything it asks for, and made active.
    fn bring_plugin(&self) {
        let (server, admin) = (&self.server, &self.admin);
        let ggmn = component("plugin-ggmn", "plugin_ggmn");
        let (status, version) = server.ask("POST", "/api/v1/plugins", admin, &ggmn);
        assert_eq!((status, &version["state"]), (201, &json!("uploaded")), "{version}");
        let asks = version["asks"].as_array().unwrap().iter();
        let permissions: Vec<&Value> = asks.map(|ask| &ask["permission"]).collect();
        assert_eq!(json!(permissions), json!(["http:configured", "credential:access"]));
        let path = format!("/api/v1/plugins/{}", text(&version["digest"]));
        let granted = json!({"permissions": permissions}).to_string();
        let allowance = format!("{path}/allowance");
        let (status, allowed) = server.ask("PUT", &allowance, admin, granted.as_bytes());
        assert_eq!(status, 200, "{allowed}");
        let (status, active) = server.post(&format!("{path}/activate"), admin, &json!({}));
        assert_eq!((status, &active["state"]), (200, &json!("active")), "{active}");
    }

    fn datasource(&self, config: Value) -> (u16, Value) {
        let mut config = config;
        config["url"] = self.lizard.url().into();
        let (user, password) = Lizard::KEY;
        let key = json!({"kind": "basic", "user": user, "password": password});
        let new = json!({"name": config["version"], "plugin": "ggmn", "config": config,
            "credentials": {"access": key}});
        self.server.post("/api/v1/datasources?propose=false", &self.token, &new)
    }

    fn sync(&self, datasource: &Value, more: &Value) -> String {
        let mut new = json!({"name": datasource["name"], "datasource": datasource["id"],
            "methods": ["pull-from-datasource", "push-to-datasource"],
            "datatypes": ["resource", "reading"]});
        new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, sync) = self.server.post("/api/v1/syncs", &self.token, &new);
        assert_eq!(status, 201, "{sync}");
        format!("/api/functions/sync/{}", text(&sync["id"]))
    }

    fn run(&self, function: &str) -> Value {
        let (status, run) = self.server.post(function, &self.token, &json!({}));
        assert_eq!(status, 200, "{run}");
        run
    }
}

/// A well with a reading a day, the first of which is 0.
fn well_of(lizard: &Lizard, well: u32) -> String {
    let code = (1696 + well).to_string();
    let station = lizard.add_station(Station {
        name: format!("Well {code}"),
        at: (-4.5 + f64::from(well), 41.5),
        surface: Some(705.0),
        organisation: "duero".to_owned(),
        filters: vec![code.clone()],
        is_private: false,
        code: code.clone(),
    });
    let uuid = lizard.add_series(station, Some(&code), "GWmMSL", "mMSL");
    for (day, time) in (0..11).map(|day| (day, FIRST_MS + day * DAY_MS)) {
        lizard.set(&uuid, time, if day == 0 { 0.0 } else { 700.0 });
    }
    uuid
}

#[test]
fn an_uploaded_ggmn_pulls_finds_what_changed_and_pushes_what_was_edited_here() {
    let place = Place::new();
    let world = World::new(&place);
    let (status, refused) = world.datasource(json!({"version": "v4"}));
    assert_eq!(status, 422, "this host lacks it: {refused}");
    world.bring_plugin();
    let (status, datasource) = world.datasource(json!({"version": "v4"}));
    assert_eq!(status, 201, "{datasource}");
    let function = world.sync(&datasource, &json!({}));
    let run = world.run(&function);
    assert_eq!(run["state"], "completed", "{run}");
    assert_eq!(run["counts"]["created"], 3 + 33, "three wells, and a 0 is a value: {run}");

    let again = world.run(&function);
    assert_eq!((&again["counts"]["created"], &again["counts"]["updated"]), (&json!(0), &json!(0)));
    world.lizard.pass(DAY_MS);
    world.lizard.set(&world.series[0], FIRST_MS + DAY_MS, 701.5);
    world.lizard.set(&world.series[1], FIRST_MS - 90 * DAY_MS, 699.0);
    let run = world.run(&function);
    let counts = [&run["counts"]["created"], &run["counts"]["updated"]];
    assert_eq!(counts, [&json!(1), &json!(1)], "one came late, one was corrected: {run}");
}

#[test]
fn only_the_wells_that_were_chosen_come_whichever_way_they_were_chosen() {
    for version in ["v3", "v4"] {
        let place = Place::new();
        let world = World::new(&place);
        world.bring_plugin();
        let by_code = world.datasource(json!({"version": version, "codes": ["1697"]})).1;
        let run = world.run(&world.sync(&by_code, &json!({"datatypes": ["resource", "reading"]})));
        assert_eq!(run["counts"]["created"], 1 + 11, "{version} by code: {run}");
    }
    let place = Place::new();
    let world = World::new(&place);
    world.bring_plugin();
    let box_of_two = json!({"version": "v4", "bbox": [-5.0, 41.0, -3.0, 42.0]});
    let by_box = world.datasource(box_of_two).1;
    let run = world.run(&world.sync(&by_box, &json!({})));
    assert_eq!(run["counts"]["created"], 2 + 22, "by box: {run}");
}
