//! A stranger with curl: an organisation, a file, a datasource, a sync, a run; all over HTTP.

use std::io::{BufRead as _, BufReader};
use std::process::Child;

use serde_json::{Value, json};

use crate::harness::{Place, text};

/// How often a run is looked at until it has ended.
const LOOKS_MAX: usize = 50_000;

/// A running server, stopped when the story ends.
pub(crate) struct Server {
    child: Child,
    pub(crate) base: String,
}

impl Server {
    pub(crate) fn start(place: &Place, more: &[&str]) -> Self {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], more].concat();
        let mut child = place.start(&arguments);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
        Self { base: base.to_owned(), child }
    }

    /// A new organisation's token.
    pub(crate) fn organisation(&self, name: &str) -> String {
        let new = json!({"name": name, "zone": "Asia/Kolkata"});
        let (status, organisation) = self.post("/api/v1/organisations", "", &new);
        assert!(status < 300, "{status}: {organisation}");
        text(&organisation["token"])
    }

    /// An organisation's token and the address of its sync, which pulls `content`.
    fn sync(&self, content: &str, one_time: bool) -> (String, String) {
        let token = self.organisation("Dharta");
        let (status, _) = self.ask("PUT", "/api/v1/files/wells.csv", &token, content.as_bytes());
        assert!(status < 300, "{status}");
        let new = json!({"name": "wells", "plugin": "csv", "config": {"file": "wells.csv"}});
        let (_, datasource) = self.post("/api/v1/datasources", &token, &new);
        let new = json!({"name": "wells", "datasource": datasource["id"],
            "methods": ["pull-from-datasource"], "datatypes": ["reading"], "oneTime": one_time});
        let (_, sync) = self.post("/api/v1/syncs", &token, &new);
        (token, format!("/api/functions/sync/{}", text(&sync["id"])))
    }

    /// Ends it without a warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops it as a service manager does.
    fn terminate(mut self) {
        let id = self.child.id().to_string();
        assert!(std::process::Command::new("kill").arg(id).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }

    pub(crate) fn ask(&self, method: &str, path: &str, token: &str, body: &[u8]) -> (u16, Value) {
        self.send(method, path, token, "wait=60", body)
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        token: &str,
        prefer: &str,
        body: &[u8],
    ) -> (u16, Value) {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .header("prefer", prefer)
            .body(body.to_vec())
            .unwrap();
        let mut response = agent.run(request).unwrap();
        let status = response.status().as_u16();
        (status, response.body_mut().read_json().unwrap_or(Value::Null))
    }

    pub(crate) fn post(&self, path: &str, token: &str, body: &Value) -> (u16, Value) {
        self.ask("POST", path, token, body.to_string().as_bytes())
    }

    fn without_waiting(&self, path: &str, token: &str) -> (u16, Value) {
        self.send("POST", path, token, "", b"{}")
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> (u16, Value) {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent.get(format!("{}{path}", self.base));
        let mut response =
            request.header("authorization", format!("Bearer {token}")).call().unwrap();
        let status = response.status().as_u16();
        (status, response.body_mut().read_json().unwrap_or(Value::Null))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which the story would have noticed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn from_nothing_to_a_one_time_sync_that_will_not_run_twice() {
    let place = Place::new();
    let server = Server::start(&place, &[]);
    let content = "well,date,level\nA,2017-02-28,1.5\nA,2017-02-31,2\n";
    let (token, function) = server.sync(content, true);

    let (status, shown) = server.get(&function, &token);
    assert_eq!((status, &shown["lastRun"]), (200, &Value::Null), "{shown}");
    let (status, run) = server.post(&function, &token, &json!({}));
    assert_eq!((status, &run["state"]), (200, &json!("completed with issues")), "{run}");
    assert_eq!((&run["counts"]["created"], &run["counts"]["rejected"]), (&json!(1), &json!(1)));
    let (status, refusal) = server.post(&function, &token, &json!({}));
    assert_eq!(status, 410, "{refusal}");
    assert_eq!(server.get(&function, "wrong").0, 401);

    let new = json!({"name": "Neighbours", "zone": "UTC"});
    let (_, neighbours) = server.post("/api/v1/organisations", "", &new);
    let (status, hidden) = server.post(&function, &text(&neighbours["token"]), &json!({}));
    assert_eq!(status, 404, "{hidden}");

    let busy = place.run(&["org", "create", "Another"]);
    assert_eq!(busy.code, 1, "{busy:?}");
    assert!(busy.err.contains("in use by another process"), "{busy:?}");
    assert!(place.run(&["readings", "export"]).code == 3, "two organisations: which one?");
    let export = place.run(&["readings", "export", "--org", "Dharta"]).out;
    assert!(export.contains("A,level,level,,2017-02-27T18:30:00.000Z,1.5,0"), "{export}");
}

#[test]
fn a_server_that_is_stopped_lets_its_runs_go_and_the_next_one_goes_on_with_them() {
    let place = Place::new();
    let server = Server::start(&place, &["--page-records", "10", "--gather-records", "10"]);
    let rows = 30_000;
    let row = |row| {
        let (hour, minute, second) = (row / 3600, row / 60 % 60, row % 60);
        format!("A,2017-02-28T{hour:02}:{minute:02}:{second:02}Z,1.5\n")
    };
    let content = format!("well,time,level\n{}", (0..rows).map(row).collect::<Vec<_>>().concat());
    let (token, function) = server.sync(&content, true);
    let (status, run) = server.without_waiting(&function, &token);
    assert_eq!(status, 202, "{run}");
    server.terminate();
    let stopped = place.run(&["run", "show", &text(&run["id"])]);
    assert!(stopped.out.contains("\"state\": \"interrupted\""), "{stopped:?}");

    // Nobody triggers it: the server looks for what was left unfinished.
    let server = Server::start(&place, &[]);
    let here = text(&run["links"]["self"]);
    let mut looks = std::iter::repeat_with(|| server.get(&here, &token).1).take(LOOKS_MAX);
    let ended = looks.find(|run| !run["ended"].is_null()).unwrap();
    assert_eq!((&ended["id"], &ended["state"]), (&run["id"], &json!("completed")), "{ended}");
    assert_eq!(ended["counts"]["created"], rows, "{ended}");
    assert_eq!(ended["attempt"], 2);
}
