//! The other system as a script: it answers requests, knows its state, and lets time pass.
//!
//! A request is a map of `method`, `url`, `path`, `query`, `headers` (names in small letters) and
//! `body` (JSON, else a text, else nothing); an answer one of `status`, `headers` and `body`, each of
//! which may be left out. Fields of the state that begin with `_` are the script's own affair: what
//! is written there is no change in the other system.
//!
//! `fn start()` gives the state at the beginning, `fn answer(request)` an answer, `fn later()` lets
//! time pass; in the last two `this` is the state. The script reaches nothing: no file, no network,
//! no clock; `iso(ms)` and `milliseconds(text)` write and read times, `http_date(ms)` writes one as
//! headers have it.

use std::time::{Duration, Instant};

use chrono::DateTime;
use rhai::{AST, CallFnOptions, Dynamic, Engine, FLOAT, INT, Scope};
use serde_json::{Map, Value, json};
use url::Url;

use crate::domain::clock::{Timestamp, rfc3339};
use crate::grant::http::{Response, Sent};

/// Steps of one call of a script.
const OPERATIONS_MAX: u64 = 1_000_000;

/// Calls within calls.
const CALL_LEVELS_MAX: usize = 32;

/// Expressions within expressions.
const EXPRESSION_DEPTH_MAX: usize = 64;

/// Variables at a time.
const VARIABLES_MAX: usize = 500;

/// Bytes of a text, or of all texts of an array or a map together.
const TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Elements of an array, or of a map, with what is in them.
const ELEMENTS_MAX: usize = 10_000;

/// Wall time of one call: what is large is looked through at every step.
const CALL_TIME_MAX: Duration = Duration::from_secs(5);

/// Steps after which the time is looked at.
const STEPS: u64 = 64;

/// Arrays and maps within each other, in a state or an answer.
const DEPTH_MAX: usize = 64;

/// Bytes of stack for one call: rhai follows what is nested by calling itself, and the limits above
/// let no script nest as deep as this is.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// A script, understood.
pub(super) struct Script {
    engine: Engine,
    parsed: AST,
}

/// What is wrong with a script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("remote.rhai: {0}")]
pub struct Mistake(String);

impl Script {
    /// Understands a script.
    pub(super) fn new(text: &str) -> Result<Self, Mistake> {
        let script = apart(|| {
            let engine = engine();
            let parsed = engine.compile(text).map_err(|error| Mistake(error.to_string()))?;
            Ok(Self { engine, parsed })
        })?;
        if !script.has("answer", 1) {
            return Err(Mistake("it has no fn answer(request)".to_owned()));
        }
        Ok(script)
    }

    /// The state at the beginning.
    pub(super) fn start(&self) -> Result<Value, Mistake> {
        if !self.has("start", 0) {
            return Ok(json!({}));
        }
        let (_, state) = self.call(&Value::Null, "start", None)?;
        Ok(state)
    }

    /// What it answers; the state may change.
    pub(super) fn answer(&self, state: &mut Value, sent: &Sent) -> Result<Response, Mistake> {
        let answer;
        (*state, answer) = self.call(state, "answer", Some(&request(sent)))?;
        response(answer)
    }

    /// Whether time can pass.
    pub(super) fn has_later(&self) -> bool {
        self.has("later", 0)
    }

    /// Lets time pass.
    pub(super) fn later(&self, state: &mut Value) -> Result<(), Mistake> {
        (*state, _) = self.call(state, "later", None)?;
        Ok(())
    }

    fn has(&self, name: &str, parameters: usize) -> bool {
        self.parsed.iter_functions().any(|it| it.name == name && it.params.len() == parameters)
    }

    /// The state afterwards, and what was returned. Nothing of the script's leaves but JSON.
    fn call(
        &self,
        state: &Value,
        name: &str,
        argument: Option<&Value>,
    ) -> Result<(Value, Value), Mistake> {
        apart(|| {
            let mut state = dynamic(state)?;
            let arguments: Vec<Dynamic> = argument.map(dynamic).transpose()?.into_iter().collect();
            let options = CallFnOptions::new().eval_ast(false).bind_this_ptr(&mut state);
            let mut scope = Scope::new();
            let returned: Dynamic = self
                .engine
                .call_fn_with_options(options, &mut scope, &self.parsed, name, arguments)
                .map_err(|error| wrong(&error))?;
            Ok((value(&state)?, value(&returned)?))
        })
    }
}

/// Does it on a thread of its own, which has the stack for it.
fn apart<T: Send>(work: impl FnOnce() -> Result<T, Mistake> + Send) -> Result<T, Mistake> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let thread = thread.spawn_scoped(scope, work);
        let thread = thread.map_err(|error| Mistake(format!("no thread can run it: {error}")))?;
        thread.join().unwrap_or_else(|_| Err(Mistake("it broke the interpreter down".to_owned())))
    })
}

fn dynamic(value: &Value) -> Result<Dynamic, Mistake> {
    rhai::serde::to_dynamic(value).map_err(|error| wrong(&error))
}

fn value(dynamic: &Dynamic) -> Result<Value, Mistake> {
    let value = rhai::serde::from_dynamic(dynamic).map_err(|error| wrong(&error))?;
    if depth(&value) > DEPTH_MAX {
        return Err(Mistake(format!("at most {DEPTH_MAX} arrays and maps within each other")));
    }
    Ok(value)
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(all) => 1 + all.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Whether the time of this thread's call is up.
fn is_late() -> bool {
    thread_local! {
        static BEGUN: Instant = Instant::now();
    }
    BEGUN.with(|begun| begun.elapsed() > CALL_TIME_MAX)
}

fn engine() -> Engine {
    let mut engine = Engine::new();
    engine
        .set_max_operations(OPERATIONS_MAX)
        .set_max_call_levels(CALL_LEVELS_MAX)
        .set_max_expr_depths(EXPRESSION_DEPTH_MAX, EXPRESSION_DEPTH_MAX)
        .set_max_string_size(TEXT_BYTES_MAX)
        .set_max_array_size(ELEMENTS_MAX)
        .set_max_map_size(ELEMENTS_MAX)
        .set_max_variables(VARIABLES_MAX)
        .on_progress(|steps| (steps % STEPS == 0 && is_late()).then(|| "it took too long".into()))
        .disable_symbol("eval")
        // Doubles what it is given, past every limit.
        .disable_symbol("curry")
        .on_print(|text| tracing::info!(%text, "remote.rhai"))
        .on_debug(|text, _, place| tracing::info!(%text, %place, "remote.rhai"))
        // A script has no clock: it waits for nothing.
        .register_fn("sleep", |_: INT| ())
        .register_fn("sleep", |_: FLOAT| ())
        .register_fn("iso", |ms: INT| rfc3339(ms))
        .register_fn("http_date", |ms: INT| http_date(ms))
        .register_fn("milliseconds", |text: &str| match DateTime::parse_from_rfc3339(text) {
            Ok(time) => Dynamic::from_int(time.timestamp_millis()),
            Err(_) => Dynamic::UNIT,
        });
    engine
}

/// A time as headers have it, as Date and Retry-After.
pub(super) fn http_date(time: Timestamp) -> String {
    let time = DateTime::from_timestamp_millis(time).unwrap_or_default();
    time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn request(sent: &Sent) -> Value {
    let (path, query) = match Url::parse(&sent.url) {
        Ok(url) => {
            let query = url.query_pairs().map(|(name, it)| (name.into_owned(), it.into()));
            (url.path().to_owned(), query.collect::<Map<String, Value>>())
        }
        Err(_) => (sent.url.clone(), Map::new()),
    };
    let headers = sent.headers.iter().map(|(name, it)| (name.to_ascii_lowercase(), json!(it)));
    let body = match sent.body.as_slice() {
        [] => Value::Null,
        bytes => serde_json::from_slice(bytes)
            .unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned().into()),
    };
    json!({
        "method": sent.method, "url": sent.url, "path": path, "query": query,
        "headers": headers.collect::<Map<String, Value>>(), "body": body,
    })
}

fn response(answer: Value) -> Result<Response, Mistake> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Answer {
        #[serde(default = "success")]
        status: u16,
        #[serde(default)]
        headers: Map<String, Value>,
        #[serde(default)]
        body: Value,
    }
    let understood = serde_json::from_value(answer);
    let Answer { status, headers, body } = understood.map_err(|error| {
        Mistake(format!("answer() returns a map of status, headers and body: {error}"))
    })?;
    let plain = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut headers: Vec<_> = headers.into_iter().map(|(name, it)| (name, plain(it))).collect();
    let body = match body {
        Value::Null => Vec::new(),
        Value::String(text) => text.into_bytes(),
        json => {
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
            }
            json.to_string().into_bytes()
        }
    };
    Ok(Response { status, headers, body })
}

fn success() -> u16 {
    200
}

fn wrong(error: &rhai::EvalAltResult) -> Mistake {
    Mistake(match error {
        rhai::EvalAltResult::ErrorTerminated(..) => {
            format!("a call of it takes at most {CALL_TIME_MAX:?}")
        }
        error => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(url: &str) -> Sent {
        let (method, headers, body) = ("POST".to_owned(), Vec::new(), br#"{"a": 2}"#.to_vec());
        Sent { method, url: url.to_owned(), headers, body }
    }

    #[test]
    fn a_script_sees_the_request_and_changes_its_state() {
        let script = Script::new(
            r#"
            fn start() { #{seen: []} }
            fn answer(request) {
                this.seen += request.query.q + request.body.a;
                #{status: 201, body: #{path: request.path, at: iso(milliseconds("1970-01-01T00:00:00Z"))}}
            }
            fn later() { this.seen.clear(); }
            "#,
        )
        .unwrap();
        let mut state = script.start().unwrap();
        let answer = script.answer(&mut state, &sent("https://a.example/x?q=1")).unwrap();
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.status, 201);
        assert_eq!(body, json!({"path": "/x", "at": "1970-01-01T00:00:00.000Z"}));
        assert_eq!(state, json!({"seen": ["12"]}));
        script.later(&mut state).unwrap();
        assert_eq!(state, json!({"seen": []}));
    }

    #[test]
    fn a_script_with_a_mistake_is_told_of() {
        assert!(Script::new("fn answer(request) {").is_err());
        assert!(Script::new("fn start() {}").is_err());
        let vague = Script::new("fn answer(request) { 7 }").unwrap();
        let mistake = vague.answer(&mut json!({}), &sent("https://a.example")).unwrap_err();
        assert!(mistake.to_string().contains("a map of status"), "{mistake}");
    }

    #[test]
    fn whatever_a_script_does_the_process_stays() {
        let limits = ["operations", "too large", "within each other", "takes at most", "stack"];
        for body in [
            "loop {}",
            "let a = []; loop { a = [a]; }",
            "let a = []; for i in 0..1000 { a = [a]; } this.a = a; #{}",
            "let f = || 1; loop { let g = f; f = || g; }",
            "let a = \"x\"; loop { a += a; }",
            "answer(request)",
        ] {
            let script = Script::new(&format!("fn answer(request) {{ {body} }}")).unwrap();
            let mistake = script.answer(&mut json!({}), &sent("https://a.example")).unwrap_err();
            let told = mistake.to_string().to_lowercase();
            assert!(limits.iter().any(|limit| told.contains(limit)), "{body}: {told}");
        }
        for body in ["eval(\"1\")", "let f = Fn(\"g\"); f.curry(f)"] {
            assert!(Script::new(&format!("fn answer(request) {{ {body} }}")).is_err(), "{body}");
        }
    }
}
