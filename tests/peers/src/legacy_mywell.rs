//! A LegacyMyWell of one's own: a real LoopBack server, empty, on a port of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A running server; it ends with this.
#[derive(Debug)]
pub struct LegacyMyWell {
    child: Child,
    port: u16,
}

impl LegacyMyWell {
    /// The name and the password of its only user.
    pub const LOGIN: (&'static str, &'static str) = ("sync", "sync");

    /// A server that answers as LoopBack 3 does.
    pub fn start() -> Self {
        Self::start_as("lb3")
    }

    /// `mode`: "lb3", or "lb2" for the errors of LoopBack 2.
    pub fn start_as(mode: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("legacy-mywell");
        assert!(
            folder.join("node_modules").is_dir(),
            "the server's packages are not installed: type tests/run, or npm ci in {}",
            folder.display()
        );
        let mut node = Command::new("node");
        node.arg("server.js").current_dir(folder).env("MODE", mode);
        let mut child = node
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node runs the server: type tests/run, which installs it");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let port = lines.find_map(|line| line.ok()?.trim().parse().ok());
        Self { child, port: port.expect("the server prints its port") }
    }

    /// Its address, without "/api".
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its port on this machine.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stores rows as a dump of its database has them: past every check.
    pub fn seed(&self, model: &str, rows: &Value) {
        let sent = ureq::post(format!("{}/peer/{model}", self.url())).send_json(rows);
        sent.expect("the server takes rows");
    }

    /// Someone changes a reading, as the server's own users do.
    pub fn edit(&self, reading: u64, change: &Value) {
        let (username, password) = Self::LOGIN;
        let login = serde_json::json!({"username": username, "password": password});
        let url = format!("{}/api/Clients/login", self.url());
        let token: Value = ureq::post(url)
            .send_json(login)
            .and_then(|mut answer| answer.body_mut().read_json())
            .expect("the user logs in");
        let token = token["id"].as_str().expect("a login has a token");
        let url = format!("{}/api/readings/{reading}?access_token={token}", self.url());
        let mut change = change.clone();
        change["createdAt"] = Value::from("2018-01-01T00:00:00Z");
        ureq::patch(url).send_json(change).expect("the server takes the change");
    }

    /// Removes all rows.
    pub fn clear(&self, model: &str) {
        ureq::delete(format!("{}/peer/{model}", self.url())).call().expect("it answers");
    }

    /// What is stored.
    pub fn rows(&self, model: &str) -> Vec<Value> {
        let mut got = ureq::get(format!("{}/peer/{model}", self.url())).call().expect("it answers");
        got.body_mut().with_config().limit(u64::MAX).read_json().expect("rows are JSON")
    }
}

impl Drop for LegacyMyWell {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
