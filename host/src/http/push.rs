//! What another system posts to a sync: `pushDataFromDatasource(data)`.

use axum::Json;
use axum::extract::{Request, State};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::Server;
use super::caller::Caller;
use super::error::Result;
use super::json::{parse, read};
use super::path::Id;
use crate::domain::clock::Moment;
use crate::domain::digest::hex;
use crate::domain::id::SyncId;
use crate::domain::page::{Group, Position, Readings, Rejection, Resource, Series};
use crate::sync::receive::{Key, PostReceipt, Posted};

/// Largest body, bytes: some hundred thousand readings.
const POSTED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What is posted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    /// The same key and body get the same receipt, however often they are sent.
    key: Option<String>,
    /// What it would change was looked at, and is wanted.
    #[serde(default)]
    confirm: bool,
    #[serde(default)]
    groups: Vec<PostedGroup>,
    #[serde(default)]
    resources: Vec<PostedResource>,
    #[serde(default)]
    readings: Vec<PostedReadings>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PostedGroup {
    id: String,
    name: String,
    kind: String,
    #[serde(default)]
    boundary: Vec<Position>,
    updated: Option<Moment>,
    #[serde(default)]
    extra: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PostedResource {
    id: String,
    name: String,
    kind: String,
    position: Option<Position>,
    elevation: Option<f64>,
    owner: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    updated: Option<Moment>,
    #[serde(default)]
    extra: Map<String, Value>,
}

/// Points of one series, in columns of one length.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PostedReadings {
    resource: String,
    #[serde(default)]
    name: String,
    property: String,
    unit: String,
    #[serde(default)]
    times: Vec<Moment>,
    #[serde(default)]
    values: Vec<Option<f64>>,
    #[serde(default)]
    qualities: Vec<u8>,
    #[serde(default)]
    removed: Vec<Moment>,
    #[serde(default)]
    updated: Vec<Moment>,
}

/// Saves a batch; the receipt says what became of each record.
pub(super) async fn receive(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<SyncId>,
    request: Request,
) -> Result<Json<PostReceipt>> {
    // Whose it is comes first: nobody learns from a refusal that it is there.
    server.app.store.sync(&organisation.id, &id).await?;
    let body = read(request, POSTED_BYTES_MAX).await?;
    let batch: Batch = parse(&body)?;
    let sha256 = hex(&Sha256::digest(&body));
    let posted = posted(batch, sha256).sound();
    Ok(Json(server.app.engine.receive(&organisation.id, &id, posted).await?))
}

fn posted(batch: Batch, sha256: String) -> Posted {
    let mut rejected = Vec::new();
    let readings =
        batch.readings.into_iter().filter_map(|it| readings(it, &mut rejected)).collect();
    Posted {
        groups: batch.groups.into_iter().map(group).collect(),
        resources: batch.resources.into_iter().map(resource).collect(),
        readings,
        rejected,
        confirm: batch.confirm,
        key: batch.key.map(|key| Key { key, sha256 }),
    }
}

fn group(posted: PostedGroup) -> Group {
    let PostedGroup { id, name, kind, boundary, updated, extra } = posted;
    let updated = updated.map(|Moment(time)| time);
    Group { id, name, kind, boundary, updated, extra: text(&extra) }
}

fn resource(posted: PostedResource) -> Resource {
    let PostedResource { id, name, kind, position, elevation, owner, groups, updated, extra } =
        posted;
    let (updated, extra) = (updated.map(|Moment(time)| time), text(&extra));
    Resource { id, name, kind, position, elevation, owner, groups, updated, extra }
}

/// None where the columns do not fit together: nobody knows which value is whose.
fn readings(posted: PostedReadings, rejected: &mut Vec<Rejection>) -> Option<Readings> {
    let points = posted.times.len();
    let optional = |length: usize| length == 0 || length == points;
    let fits = posted.values.len() == points
        && optional(posted.qualities.len())
        && optional(posted.updated.len());
    if !fits {
        let place = format!("readings of {} {}", posted.resource, posted.property);
        let reason = "times, values, qualities and updated have one length".to_owned();
        rejected.push(Rejection::new(&place, reason, &format!("{points} times")));
        return None;
    }
    let PostedReadings { resource, name, property, unit, .. } = posted;
    let times = |all: Vec<Moment>| all.into_iter().map(|Moment(time)| time).collect();
    Some(Readings {
        series: Series { resource, name, property, unit },
        times: times(posted.times),
        // A value that is none is refused as such, point by point.
        values: posted.values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect(),
        qualities: posted.qualities,
        removed: times(posted.removed),
        rows: Vec::new(),
        updated: times(posted.updated),
    })
}

/// As the contract has it: a JSON object, or nothing.
fn text(extra: &Map<String, Value>) -> String {
    if extra.is_empty() { String::new() } else { serde_json::json!(extra).to_string() }
}
