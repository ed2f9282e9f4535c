//! Plugins made outside of this workspace, in Rust and in Python, brought to a running host and synced;
//! and what the checks found, kept for whoever decides.

use std::path::Path;

use ourwater::check::Fixture;
use peers::Wells;
use serde_json::{Value, json};

use crate::harness::component::component;
use crate::harness::{Browser, Place, kit, text};

use super::World;

/// Wells of the server, and readings of each.
const WELLS: usize = 3;
const READINGS: usize = 40;

impl World {
    /// Uploaded, allowed everything it asks for, and active.
    fn bring(&self, component: &[u8]) -> Value {
        let version = self.upload(component);
        let asks = version["asks"].as_array().unwrap().iter();
        let permissions: Vec<&Value> = asks.map(|ask| &ask["permission"]).collect();
        assert_eq!(self.allow(&version, &json!(permissions)).0, 200);
        let (status, active) = self.activate(&version);
        assert_eq!(status, 200, "{active}");
        active
    }

    /// Everything that it gives of these datatypes, pulled once.
    fn pull(&self, plugin: &Value, config: &Value, datatypes: &Value) -> Value {
        let new = json!({"name": plugin, "plugin": plugin, "config": config});
        let path = "/api/v1/datasources?propose=false";
        let (status, datasource) = self.server.post(path, &self.token, &new);
        assert_eq!(status, 201, "{datasource}");
        let new = json!({"name": plugin, "datasource": datasource["id"],
            "methods": ["pull-from-datasource"], "datatypes": datatypes});
        let (status, sync) = self.server.post("/api/v1/syncs", &self.token, &new);
        assert_eq!(status, 201, "{sync}");
        self.run(&format!("/api/functions/sync/{}", text(&sync["id"])))
    }
}

#[test]
fn plugins_begun_with_the_kit_are_brought_to_a_running_host_and_synced() {
    for component in [kit::rust_component(), kit::python_component()] {
        let place = Place::new();
        let world = World::reaching(&place, "127.0.0.0/8");
        let wells = Wells::start(WELLS, READINGS);
        let version = world.bring(component);
        let config = json!({"url": wells.url(), "anonymous": true});
        let run = world.pull(&version["name"], &config, &json!(["resource", "reading"]));
        assert_eq!(run["state"], "completed", "{version}: {run}");
        assert_eq!(run["counts"]["created"], WELLS + WELLS * READINGS, "{run}");
    }
}

#[test]
fn plugins_written_from_the_readme_alone_are_brought_to_a_running_host_and_synced() {
    for component in [kit::plain_component(), kit::plain_python_component()] {
        let place = Place::new();
        let world = World::new(&place);
        let version = world.bring(component);
        let config = json!({"file": "rain.txt"});
        let run = world.pull(&version["name"], &config, &json!(["reading"]));
        assert_eq!((&run["counts"]["created"], &run["counts"]["rejected"]), (&json!(3), &json!(1)));
    }
}

#[test]
fn what_the_checks_found_is_kept_with_the_version_and_shown_where_it_is_decided_upon() {
    let place = Place::new();
    let world = World::new(&place);
    let version = world.upload(&component("faulty", "faulty"));
    assert_eq!(version["checked"], Value::Null);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("faulty/fixture");
    let asked = json!({
        "config": {"url": "https://wells.example", "fault": "html"},
        "fixture": Fixture::read(&folder).unwrap(),
        "skip": {"thousand-pages": "it is tried elsewhere"},
    });
    let path = format!("{}/check", text(&version["digest"]));
    let (status, report) = world.act("POST", &path, &asked);
    assert_eq!((status, &report["digest"]), (200, &version["digest"]), "{report}");
    let path = format!("/api/v1/plugins/{}", text(&version["digest"]));
    let (_, shown) = world.server.get(&path, &world.admin);
    assert_eq!(shown["checked"], report);
    let checks = report["checks"].as_array().unwrap().iter();
    let failed: Vec<&Value> = checks.filter(|check| check["verdict"] == "failed").collect();
    assert_eq!(failed.len(), 1, "{report}");
    assert_eq!(failed[0]["name"], "html");
    assert!(report.to_string().contains("it is tried elsewhere"));
    let (_, told) = world.server.get("/api/v1/plugin-events", &world.admin);
    assert_eq!(told["events"][0]["what"], "checked");
    assert!(text(&told["events"][0]["details"]).contains("1 failed"), "{told}");

    let browser = Browser::start();
    browser.open(&world.server.base);
    browser.fill("//input[@name='token']", &world.admin);
    browser.click("//button[.='Log in']");
    browser.click("//a[starts-with(., 'faulty')]");
    let first = browser.text("//h2[.='Conformance']/following::table");
    assert!(first.contains("html failed"), "{first}");
    assert!(first.contains("thousand-pages skipped it is tried elsewhere"), "{first}");
    assert!(!first.contains("passed"), "{first}");
    assert!(browser.text("//details/summary[contains(., 'passed')]").contains(" of 32 passed"));
}
