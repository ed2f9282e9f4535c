//! A real browser without a window, driven as a person would, over `WebDriver`.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// How long a page may take to show what is looked for, milliseconds.
const PATIENCE_MS: u32 = 60_000;

/// It talks to nobody but the server under test.
const FLAGS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// The name of an element's reference, fixed by the standard.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One window of a fresh Chromium.
pub(crate) struct Browser {
    driver: Child,
    /// Kept open: it goes on writing.
    _said: BufReader<ChildStdout>,
    /// The address of the session.
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    pub(crate) fn start() -> Self {
        let mut driver = Command::new("chromedriver");
        driver.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver =
            driver.spawn().expect("chromedriver is missing: tests/run installs Chromium");
        let mut said = BufReader::new(driver.stdout.take().unwrap());
        let base = format!("http://127.0.0.1:{}", port(&mut said));
        let profile = tempfile::tempdir().unwrap();
        let profile_flag = format!("--user-data-dir={}", profile.path().display());
        let flags: Vec<&str> = FLAGS.into_iter().chain([profile_flag.as_str()]).collect();
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": flags},
            "timeouts": {"implicit": PATIENCE_MS},
        }}});
        let opened = send("POST", &format!("{base}/session"), &wanted);
        let session = format!("{base}/session/{}", opened["sessionId"].as_str().unwrap());
        Self { driver, _said: said, session, _profile: profile }
    }

    pub(crate) fn open(&self, address: &str) {
        self.post("/url", &json!({"url": address}));
    }

    /// Waits for what an `XPath` names and clicks it.
    pub(crate) fn click(&self, path: &str) {
        let element = self.find(path);
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    /// Types into a field; a file's path, where it is one for files.
    pub(crate) fn fill(&self, path: &str, text: &str) {
        let element = self.find(path);
        self.post(&format!("/element/{element}/value"), &json!({"text": text}));
    }

    /// Drags a file from the desktop onto a field and drops it there.
    pub(crate) fn drop_file(&self, path: &str, file: &Path) {
        let element = self.find(path);
        let place = send("GET", &format!("{}/element/{element}/rect", self.session), &Value::Null);
        let middle = |at: &str, size: &str| {
            place[at].as_f64().unwrap() + place[size].as_f64().unwrap() / 2.0
        };
        let (x, y) = (middle("x", "width"), middle("y", "height"));
        let data = json!({"items": [], "files": [file], "dragOperationsMask": 1});
        for kind in ["dragEnter", "dragOver", "drop"] {
            let params = json!({"type": kind, "x": x, "y": y, "data": data});
            let command = json!({"cmd": "Input.dispatchDragEvent", "params": params});
            self.post("/goog/cdp/execute", &command);
        }
    }

    pub(crate) fn choose_file(&self, path: &str, file: &Path) {
        self.fill(path, file.to_str().unwrap());
    }

    /// Waits for an element and reads it as a person sees it.
    pub(crate) fn text(&self, path: &str) -> String {
        let element = self.find(path);
        let text = send("GET", &format!("{}/element/{element}/text", self.session), &Value::Null);
        text.as_str().unwrap().to_owned()
    }

    fn find(&self, path: &str) -> String {
        let wanted = json!({"using": "xpath", "value": path});
        let found = try_to_send("POST", &format!("{}/element", self.session), &wanted);
        let found =
            found.unwrap_or_else(|_| panic!("there is no {path}; there is: {}", self.shown()));
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    /// The page as it stands.
    fn shown(&self) -> String {
        let body = json!({"using": "xpath", "value": "//body"});
        let body = self.post("/element", &body)[ELEMENT].as_str().unwrap().to_owned();
        let text = send("GET", &format!("{}/element/{body}/text", self.session), &Value::Null);
        text.as_str().unwrap().to_owned()
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        send("POST", &format!("{}{path}", self.session), body)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A story that failed has a browser to close all the same; its driver goes in any case.
        let agent = ureq::Agent::new_with_defaults();
        let _ = agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The port it took, as it says itself.
fn port(said: &mut BufReader<ChildStdout>) -> u16 {
    let mut lines = said.lines().map(Result::unwrap);
    let started = lines.find(|line| line.contains("started successfully on port")).unwrap();
    let digits = started.trim_end_matches('.').rsplit(' ').next().unwrap();
    digits.parse().unwrap()
}

fn send(method: &str, address: &str, body: &Value) -> Value {
    let answer = try_to_send(method, address, body);
    answer.unwrap_or_else(|error| panic!("{method} {address} {body}: {error}"))
}

fn try_to_send(method: &str, address: &str, body: &Value) -> Result<Value, Value> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(address)
        .header("content-type", "application/json")
        .body(if body.is_null() { String::new() } else { body.to_string() })
        .unwrap();
    let mut response = agent.run(request).unwrap();
    let mut answer: Value = response.body_mut().read_json().unwrap();
    if response.status().is_success() { Ok(answer["value"].take()) } else { Err(answer) }
}
