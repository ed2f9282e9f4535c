//! API v3, as GGMN spoke it: times in milliseconds, readings within their series.

use chrono::DateTime;
use serde_json::{Value, json};

use super::http::{Answer, Request};
use super::state::{Event, Series, State, Station, geometry, number};
use super::{list, v4};

pub(super) fn answer(state: &mut State, request: &Request, path: &str) -> Answer {
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let is_user = request.is_known();
    let of = |path: &str| format!("v3/{path}/");
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["organisations"]) => {
            let all = [
                json!({"name": "GGMN test organisation", "unique_id": "fc1ee4063f6c43b28c006f4103a52340"}),
            ];
            list::page(state, request, &of("organisations"), &all)
        }
        ("GET", ["groundwaterstations"]) => {
            let all: Vec<Value> = state
                .shown(is_user)
                .filter(|(_, it)| state.quirks.ignores_selection || is_selected(request, it))
                .map(|(id, it)| station(state, id, it))
                .collect();
            list::page(state, request, &of("groundwaterstations"), &all)
        }
        ("GET", ["groundwaterstations", id]) => {
            let found = state.shown(is_user).find(|(it, _)| it.to_string() == *id);
            found
                .map_or_else(Answer::missing, |(id, it)| Answer::json(200, &station(state, id, it)))
        }
        ("GET", ["search"]) => {
            let all = hits(state, request.get("q").unwrap_or_default(), is_user);
            list::page(state, request, &of("search"), &all)
        }
        ("GET", ["timeseries"]) => {
            let all: Vec<Value> = state
                .series
                .iter()
                .filter(|it| state.is_shown(it, is_user) && is_asked(state, request, it))
                .map(|it| series(state, request, it))
                .collect();
            list::page(state, request, &of("timeseries"), &all)
        }
        ("POST", ["timeseries", uuid, "data"]) => take(state, request, uuid),
        _ => Answer::missing(),
    }
}

fn is_selected(request: &Request, station: &Station) -> bool {
    let organisation = request.get("organisation__unique_id");
    let corners = request.get("in_bbox").map(v4::numbers);
    let within = corners.is_none_or(|corners| match corners[..] {
        [west, south, east, north] => {
            (west..=east).contains(&station.at.0) && (south..=north).contains(&station.at.1)
        }
        _ => false,
    });
    within && organisation.is_none_or(|it| it == station.organisation)
}

/// It does not say whose it is, and its filters name no series.
fn station(state: &State, id: u64, station: &Station) -> Value {
    let filters: Vec<Value> = (1..)
        .zip(&station.filters)
        .map(|(at, code)| {
            let number = id * 10 + at;
            json!({"url": state.address(&format!("v3/filters/{number}/")), "id": number,
                "timeseries": [], "top_level": null, "aquifer_confiment": null, "code": code})
        })
        .collect();
    json!({
        "url": state.address(&format!("v3/groundwaterstations/{id}/")), "id": id, "timeseries": [],
        "filters": filters, "scale": "wereld", "station_type": "basis", "status": "actief",
        "image_url": "", "code": station.code, "name": station.name,
        "surface_level": station.surface, "top_level": null, "bottom_level": null,
        "geometry": geometry(station),
    })
}

/// The search finds parts of words, and more than wells.
fn hits(state: &State, wanted: &str, is_user: bool) -> Vec<Value> {
    let found =
        state.shown(is_user).filter(|(_, it)| it.code.contains(wanted) || it.name.contains(wanted));
    let hits = found.flat_map(|(id, it)| {
        ["location", "groundwaterstation"].map(|kind| {
            json!({"id": id * 10, "title": it.name, "description": it.code, "rank": 0.5,
                "entity_name": kind, "entity_id": id, "entity_uuid": null,
                "entity_url": state.address(&format!("v3/{kind}s/{id}/")),
                "view": [it.at.1, it.at.0, 15]})
        })
    });
    hits.collect()
}

fn is_asked(state: &State, request: &Request, series: &Series) -> bool {
    let code = state.station(series.station).map(|station| station.code.as_str());
    request.get("uuid").is_none_or(|uuid| uuid == series.uuid)
        && (state.quirks.ignores_selection
            || request.get("location__name").is_none_or(|name| Some(name) == code))
}

fn series(state: &State, request: &Request, series: &Series) -> Value {
    let bound = |name: &str| request.get(name).and_then(|time| time.parse::<i64>().ok());
    let aggregates = request.get("min_points").is_some() || state.quirks.aggregates;
    let events: Vec<Value> = match (bound("start"), bound("end")) {
        (Some(start), Some(end)) if start <= end => series
            .events
            .range(start..=end)
            .map(|(time, event)| {
                let value = state.value(&event.value);
                if aggregates {
                    json!({"max": value, "min": value, "timestamp": time})
                } else {
                    json!({"timestamp": time, "value": value})
                }
            })
            .collect(),
        _ => Vec::new(),
    };
    json!({
        "url": state.address(&format!("v3/timeseries/{}/", series.uuid)), "id": series.id,
        "uuid": series.uuid, "name": series.code, "code": series.code,
        "value_type": series.value_type, "interval": null,
        "location": state.location(series.station),
        "observation_type": {"code": series.code, "unit": series.unit, "scale": "interval"},
        "start": series.events.keys().next(), "end": series.events.keys().next_back(),
        "events": events, "percentiles": [],
    })
}

/// All of an upload, or nothing.
fn take(state: &mut State, request: &Request, uuid: &str) -> Answer {
    if !request.is_known() || state.quirks.is_read_only {
        return Answer::refusal(403, "You do not have permission to perform this action.");
    }
    let Ok(Value::Array(rows)) = serde_json::from_slice(&request.body) else {
        return Answer::refusal(400, "JSON parse error");
    };
    let (modified, greatest) = (state.clock, state.quirks.greatest);
    let mut taken = Vec::new();
    for row in &rows {
        let time = row["datetime"].as_str().and_then(|it| DateTime::parse_from_rfc3339(it).ok());
        // Any zone but UTC is more than it can take.
        let Some(time) = time.filter(|time| time.offset().local_minus_utc() == 0) else {
            return Answer::html(500, "<h1>Server Error (500)</h1>");
        };
        match number(&row["value"]) {
            Some(value) if greatest.is_none_or(|most| value <= most) => {
                taken.push((time.timestamp_millis(), value));
            }
            _ => return Answer::json(400, &json!([{"value": ["A valid number is required."]}])),
        }
    }
    let Some(series) = state.find(uuid) else { return Answer::missing() };
    let mut said = Vec::new();
    for (time, value) in taken {
        let event = Event { value: json!(value), flag: json!(0), comment: String::new(), modified };
        series.events.insert(time, event);
        said.push(json!({"datetime": super::state::written(time), "value": value.to_string()}));
    }
    if state.quirks.forgets_one {
        said.pop();
    }
    Answer::json(200, &Value::Array(said))
}
