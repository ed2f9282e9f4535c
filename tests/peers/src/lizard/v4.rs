//! API v4: times in ISO 8601, events below their series.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::http::{Answer, Request};
use super::list;
use super::state::{Event, Series, State, Station, geometry, location, number, read, written};

pub(super) fn answer(state: &mut State, request: &Request, path: &str) -> Answer {
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    if request.method != "GET" {
        return change(state, request, &parts);
    }
    let (is_user, ignores) = (request.is_known(), state.quirks.ignores_selection);
    let paged =
        |state: &State, all: Vec<Value>| list::page(state, request, &format!("v4/{path}"), &all);
    match parts.as_slice() {
        ["organisations"] => paged(state, vec![json!({"name": "Organisation a", "uuid": "a"})]),
        ["groundwaterstations"] => {
            let shown = state.shown(is_user);
            let wanted = shown.filter(|(_, it)| ignores || is_selected(request, it));
            paged(state, wanted.map(|(id, it)| station(state, id, it)).collect())
        }
        ["groundwaterstations", id] => {
            let found = state.shown(is_user).find(|(it, _)| it.to_string() == *id);
            found
                .map_or_else(Answer::missing, |(id, it)| Answer::json(200, &station(state, id, it)))
        }
        ["locations"] => {
            let shown = state.shown(is_user);
            let is_asked = |code: &String| request.get("code").is_none_or(|it| it == code);
            let wanted = shown.filter(|(_, it)| ignores || is_asked(&it.code));
            paged(state, wanted.map(|(id, _)| state.location(id)).collect())
        }
        ["timeseries"] => {
            let at = request.get("location__uuid");
            let is_there =
                |it: &&Series| ignores || at.is_none_or(|uuid| uuid == location(it.station));
            let shown =
                state.series.iter().filter(|it| state.is_shown(it, is_user)).filter(is_there);
            paged(state, shown.map(|it| series(state, it)).collect())
        }
        ["timeseries", uuid] | ["timeseries", uuid, "events"] => {
            let mut shown = state.series.iter().filter(|it| state.is_shown(it, is_user));
            match (shown.find(|it| it.uuid == *uuid), parts.len()) {
                (None, _) => Answer::missing(),
                (Some(it), 2) => Answer::json(200, &series(state, it)),
                (Some(it), _) => paged(state, events(state, request, it)),
            }
        }
        ["monitoringnetworks"] => {
            let all = state.networks.iter().map(|it| network(&it.uuid, &it.name));
            paged(state, all.collect())
        }
        ["monitoringnetworks", uuid] => {
            let found = state.networks.iter().find(|it| it.uuid == *uuid);
            found.map_or_else(Answer::missing, |it| Answer::json(200, &network(&it.uuid, &it.name)))
        }
        ["monitoringnetworks", uuid, "timeseries"] => {
            let Some(found) = state.networks.iter().find(|it| it.uuid == *uuid) else {
                return Answer::missing();
            };
            let all = state.series.iter().filter(|it| found.series.contains(&it.uuid));
            paged(state, all.map(|it| series(state, it)).collect())
        }
        _ => Answer::missing(),
    }
}

/// The numbers in a text.
pub(super) fn numbers(text: &str) -> Vec<f64> {
    let parts = text.split(|it: char| !it.is_ascii_digit() && !"+-.e".contains(it));
    parts.filter_map(|part| part.parse().ok()).collect()
}

fn is_selected(request: &Request, station: &Station) -> bool {
    let within = request.get("geometry__within").is_none_or(|polygon| {
        let corners = numbers(polygon);
        let span = |first: usize| {
            let along = corners.iter().skip(first).step_by(2).copied();
            let least = along.clone().fold(f64::INFINITY, f64::min);
            least..=along.fold(f64::NEG_INFINITY, f64::max)
        };
        span(0).contains(&station.at.0) && span(1).contains(&station.at.1)
    });
    within
        && request.get("code").is_none_or(|code| code == station.code)
        && request.get("name").is_none_or(|name| name == station.name)
        && request.get("organisation__uuid").is_none_or(|it| it == station.organisation)
}

fn station(state: &State, id: u64, station: &Station) -> Value {
    let of = |filter: Option<&String>| {
        let all = state.series.iter();
        let all =
            all.filter(|it| it.station == id && it.filter.as_ref() == filter && filter.is_some());
        all.map(|it| state.address(&format!("v4/timeseries/{}/", it.uuid))).collect::<Vec<_>>()
    };
    let filters: Vec<Value> = (1..)
        .zip(&station.filters)
        .map(|(at, code)| json!({"id": id * 10 + at, "code": code, "top_level": 4.3, "timeseries": of(Some(code))}))
        .collect();
    json!({
        "url": state.address(&format!("v4/groundwaterstations/{id}/")), "id": id,
        "code": station.code, "name": station.name,
        "organisation": {"uuid": station.organisation, "name": format!("Organisation {}", station.organisation)},
        "station_type": 1, "status": 1, "surface_level": station.surface, "top_level": null,
        "last_modified": "2024-11-13T00:00:00Z", "geometry": geometry(station), "filters": filters,
    })
}

fn series(state: &State, series: &Series) -> Value {
    let place = if state.quirks.hides_locations {
        location(series.station).into()
    } else {
        state.location(series.station)
    };
    let ends = [series.events.keys().next(), series.events.keys().next_back()];
    let [start, end] = ends.map(|time| time.map(|time| written(*time)));
    json!({
        "url": state.address(&format!("v4/timeseries/{}/", series.uuid)), "uuid": series.uuid,
        "code": series.code, "name": series.code, "value_type": series.value_type,
        "location": place,
        "observation_type": {"code": series.code, "unit": series.unit},
        "start": start, "end": end,
    })
}

fn network(uuid: &str, name: &str) -> Value {
    json!({"uuid": uuid, "name": name, "description": format!("About {name}"), "access_modifier": 0})
}

fn events(state: &State, request: &Request, series: &Series) -> Vec<Value> {
    let bound = |name: &str| request.get(name).and_then(read);
    let from = bound("start").max(bound("time__gte")).unwrap_or(i64::MIN);
    let to = bound("end").unwrap_or(i64::MAX);
    let since = bound("last_modified__gte").unwrap_or(i64::MIN);
    let events = series
        .events
        .iter()
        .filter(|(time, event)| (from..=to).contains(*time) && event.modified >= since);
    let mut all: Vec<Value> = events.map(|(time, event)| shown(state, *time, event)).collect();
    if state.quirks.is_backwards {
        all.reverse();
    }
    all
}

fn shown(state: &State, time: i64, event: &Event) -> Value {
    json!({
        "time": written(time), "value": state.value(&event.value), "flag": event.flag,
        "validation_code": "", "comment": event.comment,
        "last_modified": written(event.modified), "detection_limit": "",
    })
}

fn change(state: &mut State, request: &Request, parts: &[&str]) -> Answer {
    let ["timeseries", uuid, "events", rest @ ..] = parts else { return Answer::missing() };
    if !request.is_known() || state.quirks.is_read_only {
        return Answer::refusal(403, "You do not have permission to perform this action.");
    }
    let (modified, quirks) = (state.clock, state.quirks.clone());
    let Some(series) = state.find(uuid) else { return Answer::missing() };
    match (request.method.as_str(), rest) {
        ("DELETE", [time]) => match read(time).and_then(|time| series.events.remove(&time)) {
            Some(_) => Answer::html(204, ""),
            None => Answer::missing(),
        },
        ("POST", []) => match understood(request, quirks.greatest) {
            Err(refusal) => refusal,
            Ok(taken) => {
                let mut said = Vec::new();
                for (time, row) in taken {
                    let comment = row["comment"].as_str().unwrap_or_default().to_owned();
                    let (value, flag) = (row["value"].clone(), row["flag"].clone());
                    series.events.insert(time, Event { value, flag, comment, modified });
                    said.push(row);
                }
                if quirks.forgets_one {
                    said.pop();
                }
                Answer::json(201, &Value::Array(said))
            }
        },
        _ => Answer::refusal(405, "Method not allowed."),
    }
}

/// All of an upload, or nothing: a time must not stand in it twice.
fn understood(request: &Request, greatest: Option<f64>) -> Result<Vec<(i64, Value)>, Answer> {
    let Ok(Value::Array(rows)) = serde_json::from_slice(&request.body) else {
        return Err(Answer::refusal(400, "JSON parse error"));
    };
    let (mut taken, mut times) = (Vec::new(), BTreeSet::new());
    for row in rows {
        let time = row["time"].as_str().and_then(read);
        let time = time
            .ok_or_else(|| Answer::json(400, &json!([{"time": ["Datetime has wrong format."]}])))?;
        if !times.insert(time) {
            return Err(Answer::json(400, &json!({"non_field_errors": ["Duplicate timestamps."]})));
        }
        let is_right =
            number(&row["value"]).is_some_and(|it| greatest.is_none_or(|most| it <= most));
        if !is_right {
            return Err(Answer::json(400, &json!([{"value": ["A valid number is required."]}])));
        }
        taken.push((time, row));
    }
    Ok(taken)
}
