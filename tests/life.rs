//! The life of a plugin, from the file a stranger sends to the version that is rolled back.

mod commands;
mod kills;
mod pages;
mod running;
mod strangers;

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::component::component;
use crate::harness::{Place, text};
use crate::serving::Server;

/// Two days, a line that is none, and a third day.
const RAIN: &str = "1780272000000 1.5\n1780358400000 0\nnobody at home\n1780444800000 2.25\n";

/// The three versions of a plugin that gives rain: the second asks for no more than the first, the
/// third for more.
fn rain(version: &str) -> Vec<u8> {
    component("rain", &format!("rain-{version}"))
}

/// A server that knows an administrator and an organisation with rain in a file.
struct World {
    server: Server,
    admin: String,
    token: String,
}

impl World {
    fn new(place: &Place) -> Self {
        Self::with(Server::start(place, &[]))
    }

    /// The same, whose plugins may reach a network.
    fn reaching(place: &Place, network: &str) -> Self {
        Self::with(Server::start(place, &["--allow-network", network]))
    }

    fn with(server: Server) -> Self {
        let (status, made) = server.post("/api/v1/administrators", "", &json!({"name": "Asha"}));
        assert_eq!(status, 201, "{made}");
        let token = server.organisation("Dharta");
        let (status, _) = server.ask("PUT", "/api/v1/files/rain.txt", &token, RAIN.as_bytes());
        assert_eq!(status, 201);
        Self { admin: text(&made["token"]), token, server }
    }

    /// Uploads a component; the version it is.
    fn upload(&self, component: &[u8]) -> Value {
        let (status, version) = self.server.ask("POST", "/api/v1/plugins", &self.admin, component);
        assert!(status == 201 || status == 200, "{status}: {version}");
        version
    }

    fn act(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let path = format!("/api/v1/plugins/{path}");
        self.server.ask(method, &path, &self.admin, body.to_string().as_bytes())
    }

    fn allow(&self, version: &Value, permissions: &Value) -> (u16, Value) {
        let path = format!("{}/allowance", text(&version["digest"]));
        self.act("PUT", &path, &json!({"permissions": permissions}))
    }

    fn activate(&self, version: &Value) -> (u16, Value) {
        self.act("POST", &format!("{}/activate", text(&version["digest"])), &json!({}))
    }

    fn roll_back(&self) -> (u16, Value) {
        self.act("POST", "rain/rollback", &json!({}))
    }

    /// A datasource of the plugin, and a sync that pulls it; where it is started.
    fn sync(&self) -> String {
        let new = json!({"name": "rain", "plugin": "rain", "config": {"file": "rain.txt"}});
        let (status, datasource) =
            self.server.post("/api/v1/datasources?propose=false", &self.token, &new);
        assert_eq!(status, 201, "{datasource}");
        let new = json!({"name": "rain", "datasource": datasource["id"],
            "methods": ["pull-from-datasource"], "datatypes": ["reading"]});
        let (status, sync) = self.server.post("/api/v1/syncs", &self.token, &new);
        assert_eq!(status, 201, "{sync}");
        format!("/api/functions/sync/{}", text(&sync["id"]))
    }

    /// A run to its end.
    fn run(&self, function: &str) -> Value {
        let (status, run) = self.server.post(function, &self.token, &json!({}));
        assert_eq!(status, 200, "{run}");
        run
    }

    /// The digest and the state of every version that came from outside.
    fn states(&self) -> Vec<(String, String)> {
        let (status, listed) = self.server.get("/api/v1/plugins", &self.admin);
        assert_eq!(status, 200, "{listed}");
        let all = listed["plugins"].as_array().unwrap().iter();
        let strangers = all.filter(|version| version["builtIn"] == false);
        strangers.map(|it| (text(&it["digest"]), text(&it["state"]))).collect()
    }
}

#[test]
fn a_component_is_uploaded_judged_allowed_activated_run_replaced_and_rolled_back() {
    let place = Place::new();
    let world = World::new(&place);

    let first = world.upload(&rain("first"));
    assert_eq!(first["state"], "uploaded", "{first}");
    assert_eq!(first["report"]["language"].as_str().map(|it| it.starts_with("Rust")), Some(true));
    let ask = &first["asks"][0];
    assert_eq!((&ask["permission"], &ask["granted"]), (&json!("files"), &json!(false)), "{first}");
    assert_eq!(ask["why"], "reads the file with the rain");
    let (status, refused) = world.activate(&first);
    assert_eq!(status, 409, "{refused}");
    assert!(refused.to_string().contains("waits for a decision"), "{refused}");
    let new = json!({"name": "rain", "plugin": "rain", "config": {"file": "rain.txt"}});
    let (status, refused) = world.server.post("/api/v1/datasources", &world.token, &new);
    assert_eq!(status, 422, "nothing is active yet: {refused}");

    let (status, refused) = world.allow(&first, &json!(["http:configured"]));
    assert_eq!(status, 409, "it was never asked for: {refused}");
    let (status, allowed) = world.allow(&first, &json!(["files"]));
    assert_eq!((status, &allowed["state"]), (200, &json!("allowed")), "{allowed}");
    let (status, active) = world.activate(&first);
    assert_eq!((status, &active["state"]), (200, &json!("active")), "{active}");

    let function = world.sync();
    let run = world.run(&function);
    assert_eq!(run["state"], "completed with issues", "{run}");
    assert_eq!((&run["counts"]["created"], &run["counts"]["rejected"]), (&json!(3), &json!(1)));
    assert_eq!(run["plugin"], first["digest"]);

    // It asks for no more than was granted: nobody has to decide again.
    let second = world.upload(&rain("second"));
    assert_eq!(second["state"], "allowed", "{second}");
    let (status, active) = world.activate(&second);
    assert_eq!((status, &active["previous"]), (200, &first["digest"]), "{active}");
    let run = world.run(&function);
    assert_eq!(
        (&run["plugin"], &run["counts"]["updated"]),
        (&second["digest"], &json!(2)),
        "{run}"
    );

    // It asks for more: it waits, and what runs goes on.
    let third = world.upload(&rain("third"));
    assert_eq!(third["state"], "uploaded", "{third}");
    assert_eq!(world.run(&function)["plugin"], second["digest"]);

    let (status, active) = world.roll_back();
    assert_eq!((status, &active["digest"]), (200, &first["digest"]), "{active}");
    let run = world.run(&function);
    assert_eq!((&run["plugin"], &run["counts"]["updated"]), (&first["digest"], &json!(2)), "{run}");
    let (status, refused) = world.roll_back();
    assert_eq!(status, 409, "there is nothing further back: {refused}");

    used_is_kept_and_unused_goes(&world, &first, &third);
    everybody_left_a_trace(&world);
}

fn used_is_kept_and_unused_goes(world: &World, active: &Value, unused: &Value) {
    let delete = |version: &Value| world.act("DELETE", &text(&version["digest"]), &json!({}));
    let (status, refused) = delete(active);
    assert_eq!(status, 409, "{refused}");
    assert!(refused.to_string().contains("in use by datasource"), "{refused}");
    assert_eq!(delete(unused).0, 204);
    assert_eq!(delete(unused).0, 404);
}

fn everybody_left_a_trace(world: &World) {
    let (_, told) = world.server.get("/api/v1/plugin-events", &world.admin);
    let events = told["events"].as_array().unwrap();
    assert_eq!(text(&events[0]["what"]), "deleted");
    let of_rain = events.iter().rev().filter(|event| event["name"] == "rain");
    let story: Vec<String> = of_rain
        .map(|event| {
            assert_eq!(event["who"], "Asha");
            format!("{} {}", text(&event["what"]), text(&event["version"]))
        })
        .collect();
    assert_eq!(
        story,
        [
            "uploaded 1.0.0",
            "allowed 1.0.0",
            "activated 1.0.0",
            "uploaded 2.0.0",
            "allowed 2.0.0",
            "activated 2.0.0",
            "uploaded 3.0.0",
            "rolled back to 1.0.0",
            "deleted 3.0.0",
        ]
    );
}

#[test]
fn what_is_granted_is_all_that_can_be_reached() {
    let place = Place::new();
    let world = World::new(&place);
    let first = world.upload(&rain("first"));
    assert_eq!(world.allow(&first, &json!([])).0, 200);
    assert_eq!(world.activate(&first).0, 200);
    let new = json!({"name": "rain", "plugin": "rain", "config": {"file": "rain.txt"}});
    let (status, refused) =
        world.server.post("/api/v1/datasources?propose=false", &world.token, &new);
    assert_eq!((status, &refused["error"]["class"]), (422, &json!("permission")), "{refused}");
    // From the next call on.
    assert_eq!(world.allow(&first, &json!(["files"])).0, 200);
    let (status, made) = world.server.post("/api/v1/datasources?propose=false", &world.token, &new);
    assert_eq!(status, 201, "{made}");
}

#[test]
fn a_limit_that_is_set_for_a_version_counts_and_is_named_where_it_is_reached() {
    let place = Place::new();
    let world = World::new(&place);
    let first = world.upload(&rain("first"));
    let path = format!("{}/allowance", text(&first["digest"]));
    let with = |limits: Value| {
        world.act("PUT", &path, &json!({"permissions": ["files"], "limits": limits}))
    };
    let (status, refused) = with(json!({"memory_bytes": 1}));
    assert_eq!((status, &refused["error"]["field"]), (422, &json!("limits")), "{refused}");
    assert_eq!(with(json!({"memory_bytes_max": 1_048_576})).0, 200);
    assert_eq!(world.activate(&first).0, 200);
    let new = json!({"name": "rain", "plugin": "rain", "config": {"file": "rain.txt"}});
    let (status, refused) =
        world.server.post("/api/v1/datasources?propose=false", &world.token, &new);
    assert_eq!((status, &refused["error"]["class"]), (422, &json!("limit")), "{refused}");
    assert!(refused.to_string().contains("memory: at most 1 MiB"), "{refused}");
}

#[test]
fn what_is_no_plugin_is_refused_in_words_and_leaves_nothing() {
    let place = Place::new();
    let world = World::new(&place);
    let cases: [(&[u8], &str); 4] = [
        (b"\0asm\x01\0\0\0", "compile for wasm32-wasip2"),
        (b"PK\x03\x04", "does not begin as WebAssembly does"),
        (b"\0asm\x0d\0\x01\0", "does not export ourwater:datasource/datasource"),
        (&rain("first")[..2_000], "no valid WebAssembly component"),
    ];
    for (bytes, words) in cases {
        let (status, refused) = world.server.ask("POST", "/api/v1/plugins", &world.admin, bytes);
        assert_eq!((status, &refused["error"]["class"]), (422, &json!("plugin")), "{refused}");
        assert!(refused.to_string().contains(words), "{refused}");
    }
    let large = vec![0; 64 * 1024 * 1024 + 1];
    let (status, refused) = world.server.ask("POST", "/api/v1/plugins", &world.admin, &large);
    assert_eq!((status, &refused["error"]["class"]), (413, &json!("limit")), "{refused}");
    assert!(refused.to_string().contains("component_bytes_max"), "{refused}");
    assert!(world.states().is_empty());
    assert_eq!(contents(&place.path("ourwater.files")), [RAIN.len() as u64]);
}

/// Bytes of each file that lies there, but for those of what was compiled.
fn contents(folder: &Path) -> Vec<u64> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let kept = entries.filter(|entry| entry.file_name() != "compiled");
    kept.flat_map(|entry| match entry.metadata().unwrap() {
        metadata if metadata.is_dir() => contents(&entry.path()),
        metadata => vec![metadata.len()],
    })
    .collect()
}
