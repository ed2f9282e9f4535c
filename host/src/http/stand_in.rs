//! A small LegacyMyWell in memory, for the demo and the benchmark: it speaks as much of the
//! server's dialect as the plugin does, and stores as MySQL would.
//!
//! It answers where a login is asked for, but its one token is no secret: it is for this machine.

mod filter;
mod place;
mod reading;
mod table;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::domain::clock::{Clock, rfc3339};
use filter::Filter;
pub use reading::Reading;
use table::Tables;

/// Larger bodies are refused, as the original does.
const BODY_BYTES_MAX: usize = 100 * 1024;

/// Readings further ahead than this are refused.
const AHEAD_MS_MAX: i64 = 24 * 60 * 60 * 1000;

/// Where it listens: on this machine only.
pub const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The name and the password of its only user.
pub const LOGIN: (&str, &str) = ("demo", "demo");

const TOKEN: &str = "stand-in";

/// The stand-in. Clones share what it holds.
#[derive(Debug, Clone)]
pub struct StandIn {
    tables: Arc<Mutex<Tables>>,
    requests: Arc<AtomicU64>,
    clock: Clock,
}

impl StandIn {
    /// An empty one.
    pub fn new(clock: Clock) -> Self {
        Self { tables: Arc::default(), requests: Arc::default(), clock }
    }

    /// Puts a village in, as a dump has it; what is no village is left out.
    pub fn add_village(&self, village: Value) {
        self.tables().villages.put(village);
    }

    /// Puts a resource in, as a dump has it; what is no resource is left out.
    pub fn add_resource(&self, resource: Value) {
        self.tables().resources.put(resource);
    }

    /// Puts readings in, as a dump has them; ids are given in their order.
    pub fn add_readings(&self, readings: impl IntoIterator<Item = Reading>) {
        let mut tables = self.tables();
        for reading in readings {
            tables.readings.add(reading);
        }
    }

    /// Every reading, by ascending id.
    pub fn readings(&self) -> Vec<Reading> {
        self.tables().readings.all().copied().collect()
    }

    /// Every resource.
    pub fn resources(&self) -> Vec<Value> {
        self.tables().resources.all().cloned().collect()
    }

    /// Someone changes a reading there; false where there is none.
    pub fn edit(&self, id: u64, value: f64) -> bool {
        let now = self.clock.now();
        self.tables().readings.change(id, &json!({"value": value}), now).is_some()
    }

    /// Requests answered so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Answers until the listener breaks or this is dropped.
    pub async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        axum::serve(listener, router(self)).await
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn router(stand_in: StandIn) -> Router {
    Router::new()
        .route("/api/Clients/login", post(login))
        .route("/api/villages", get(villages))
        .route("/api/resources", get(resources).post(new_resources))
        .route("/api/resources/updateResourceByIdAndPostcode", post(change_resource))
        .route("/api/readings", get(readings).post(new_readings))
        .route("/api/readings/{id}", patch(change_reading).delete(remove_reading))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(stand_in.clone(), guard))
        .with_state(stand_in)
}

/// Why something is not done, in LoopBack's words.
#[derive(Debug)]
struct Wrong {
    status: StatusCode,
    message: String,
    /// Of an array: null for what was stored.
    details: Value,
}

type Answer = Result<Json<Value>, Wrong>;

impl Wrong {
    fn new(status: StatusCode, message: &str) -> Self {
        Self { status, message: message.to_owned(), details: Value::Null }
    }

    fn several(taken: &[Result<Value, Self>]) -> Self {
        let text = "Failed with multiple errors, see `details` for more information.";
        let details = taken.iter().map(|one| one.as_ref().err().map(Self::body)).collect();
        Self { details, ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, text) }
    }

    fn body(&self) -> Value {
        let mut body =
            json!({"statusCode": self.status.as_u16(), "name": "Error", "message": self.message});
        if !self.details.is_null() {
            body["details"] = self.details.clone();
        }
        body
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        (self.status, Json(json!({"error": self.body()}))).into_response()
    }
}

#[derive(Debug, Deserialize)]
struct Asked {
    filter: Option<String>,
    access_token: Option<String>,
}

impl Asked {
    fn filter(&self) -> Result<Filter, Wrong> {
        let text = self.filter.as_deref().unwrap_or("{}");
        serde_json::from_str(text)
            .map_err(|error| Wrong::new(StatusCode::BAD_REQUEST, &error.to_string()))
    }
}

/// Counts, and lets strangers find places only.
async fn guard(
    State(stand_in): State<StandIn>,
    Query(asked): Query<Asked>,
    request: Request,
    next: Next,
) -> Response {
    stand_in.requests.fetch_add(1, Ordering::Relaxed);
    let path = request.uri().path();
    let open = request.method() == Method::GET && path != "/api/readings";
    if open || path == "/api/Clients/login" || asked.access_token.as_deref() == Some(TOKEN) {
        return next.run(request).await;
    }
    Wrong::new(StatusCode::UNAUTHORIZED, "Authorization Required").into_response()
}

async fn login(State(stand_in): State<StandIn>, Json(who): Json<Value>) -> Answer {
    if who["username"] != LOGIN.0 || who["password"] != LOGIN.1 {
        return Err(Wrong::new(StatusCode::UNAUTHORIZED, "login failed"));
    }
    let created = rfc3339(stand_in.clock.now());
    Ok(Json(json!({"id": TOKEN, "ttl": 1_209_600, "created": created, "userId": 1})))
}

async fn villages(State(stand_in): State<StandIn>, Query(asked): Query<Asked>) -> Answer {
    Ok(Json(stand_in.tables().villages.find(&asked.filter()?)))
}

async fn resources(State(stand_in): State<StandIn>, Query(asked): Query<Asked>) -> Answer {
    Ok(Json(stand_in.tables().resources.find(&asked.filter()?)))
}

async fn readings(State(stand_in): State<StandIn>, Query(asked): Query<Asked>) -> Answer {
    Ok(Json(stand_in.tables().readings.find(&asked.filter()?)))
}

async fn new_readings(State(stand_in): State<StandIn>, body: Bytes) -> Answer {
    let (now, mut tables) = (stand_in.clock.now(), stand_in.tables());
    each(&body, |row| {
        let reading = Reading::parse(row, now)
            .ok_or_else(|| Wrong::new(StatusCode::UNPROCESSABLE_ENTITY, "it is not valid"))?;
        if reading.date.is_some_and(|date| date > now + AHEAD_MS_MAX) {
            return Err(Wrong::new(StatusCode::BAD_REQUEST, "Reading cannot be in the future!"));
        }
        let known = tables.resources.has(reading.postcode, reading.resource);
        let stored = tables.readings.add(reading);
        // It is stored all the same, as by the original.
        let unknown = || Wrong::new(StatusCode::INTERNAL_SERVER_ERROR, "resource doesnt exist!");
        if known { Ok(stored.json(None)) } else { Err(unknown()) }
    })
}

async fn new_resources(State(stand_in): State<StandIn>, body: Bytes) -> Answer {
    let (now, mut tables) = (rfc3339(stand_in.clock.now()), stand_in.tables());
    each(&body, |row| {
        let mut row = row.clone();
        row["createdAt"] = json!(now);
        row["updatedAt"] = json!(now);
        tables.resources.create(row).ok_or_else(|| {
            Wrong::new(StatusCode::INTERNAL_SERVER_ERROR, "ER_DUP_ENTRY: Duplicate entry")
        })
    })
}

async fn change_resource(State(stand_in): State<StandIn>, Json(change): Json<Value>) -> Answer {
    let now = rfc3339(stand_in.clock.now());
    let changed = stand_in.tables().resources.change(&change, &now);
    changed.map(Json).ok_or_else(|| Wrong::new(StatusCode::NOT_FOUND, "Could not find resource"))
}

async fn change_reading(
    State(stand_in): State<StandIn>,
    Path(id): Path<u64>,
    Json(change): Json<Value>,
) -> Answer {
    let now = stand_in.clock.now();
    let changed = stand_in.tables().readings.change(id, &change, now);
    let changed = changed.map(|reading| Json(reading.json(None)));
    changed.ok_or_else(|| Wrong::new(StatusCode::NOT_FOUND, "Unknown \"reading\" id"))
}

async fn remove_reading(State(stand_in): State<StandIn>, Path(id): Path<u64>) -> Json<Value> {
    let removed = stand_in.tables().readings.remove(id);
    Json(json!({"count": u32::from(removed)}))
}

/// One record, or an array of which each is taken by itself; what went wrong with any of them
/// makes the answer a 500, though the others are stored.
fn each(body: &[u8], mut take: impl FnMut(&Value) -> Result<Value, Wrong>) -> Answer {
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| Wrong::new(StatusCode::BAD_REQUEST, &error.to_string()))?;
    let Value::Array(rows) = &body else { return take(&body).map(Json) };
    let taken: Vec<_> = rows.iter().map(take).collect();
    if taken.iter().all(Result::is_ok) {
        return Ok(Json(taken.into_iter().flatten().collect()));
    }
    Err(Wrong::several(&taken))
}
