//! Resources: new ones get a number of their pincode, those that are there are changed in place.

use std::collections::{BTreeSet, HashMap};

use ourwater_sdk::http::Unwritten;
use ourwater_sdk::{Failure, Position, Receipt, Resource, Result};
use serde_json::{Map, Value, json};

use super::answer::{self, Said};
use super::create::{self, Told};
use super::{Fate, Tally};
use crate::config::Config;
use crate::id::{Id, whole};
use crate::present;
use crate::quantity::Kind;
use crate::row::{ResourceRow, VillageRow, number, text};
use crate::server::{self, Question, ROWS_MAX};

/// Degrees within which two positions are one: a centimetre.
const SAME_DEGREES: f64 = 1e-7;

/// Metres within which two elevations are one.
const SAME_METRES: f64 = 0.005;

/// What is there of a pincode.
#[derive(Debug)]
struct Pincode {
    resources: Vec<ResourceRow>,
    villages: Vec<(u64, Option<Position>)>,
    /// Last two digits in use: the server counts them over the whole pincode.
    taken: BTreeSet<u64>,
}

/// What LegacyMyWell needs to know of a new resource.
#[derive(Debug)]
struct New<'a> {
    at: usize,
    postcode: u64,
    village: Option<u64>,
    kind: Kind,
    position: Position,
    owner: &'a str,
    elevation: Option<f64>,
}

/// Takes a batch.
pub(crate) fn push(config: &Config, all: &[Resource], uncertain: bool) -> Result<Receipt> {
    let mut tally = Tally::of(all.len());
    let (mut new, mut old) = (Vec::new(), Vec::new());
    for (at, resource) in all.iter().enumerate() {
        match resource.id.as_deref().map(str::parse::<Id>) {
            None => match wanted(at, resource) {
                Ok(wanted) => new.push(wanted),
                Err(reason) => tally.refuse(at, reason),
            },
            Some(Ok(id)) => old.push((at, id, resource)),
            Some(Err(_)) => tally.refuse(at, "its id is none of LegacyMyWell's"),
        }
    }
    let present = present::resources(config, old.iter().map(|&(_, id, _)| id))?;
    let mut pincodes = HashMap::new();
    for postcode in new.iter().map(|new| new.postcode).collect::<BTreeSet<_>>() {
        pincodes.insert(postcode, pincode(config, postcode)?);
    }
    let mut rows = Vec::new();
    for new in &new {
        if let Some(pincode) = pincodes.get_mut(&new.postcode) {
            place(new, pincode, uncertain, &mut rows, &mut tally);
        }
    }
    for (at, id, resource) in old {
        change(config, at, id, resource, present.get(&id), &mut tally);
    }
    create::all(config, "resource", &rows, &mut tally);
    Ok(tally.receipt())
}

fn wanted(at: usize, resource: &Resource) -> std::result::Result<New<'_>, String> {
    let extra: Value = serde_json::from_str(&resource.extra).unwrap_or_default();
    let village = resource.groups.iter().find_map(|group| group.parse::<Id>().ok());
    let postcode = village
        .map(|village| village.postcode)
        .or_else(|| resource.groups.iter().find_map(|group| whole(group)))
        .or_else(|| crate::row::positive(&extra["pincode"]))
        .ok_or("it is in no pincode, and LegacyMyWell numbers resources within one")?;
    let kind = Kind::named(&resource.kind).ok_or_else(|| {
        format!("LegacyMyWell has wells, raingauges and checkdams, and no {}", resource.kind)
    })?;
    let owner = resource.owner.as_deref().filter(|owner| !owner.trim().is_empty());
    Ok(New {
        at,
        postcode,
        village: village.map(|village| village.number),
        kind,
        position: resource.position.ok_or("LegacyMyWell needs to know where it is")?,
        owner: owner.ok_or("LegacyMyWell needs to know whose it is")?,
        elevation: resource.elevation,
    })
}

fn pincode(config: &Config, postcode: u64) -> Result<Pincode> {
    let condition = || vec![json!({"postcode": postcode})];
    let resources = server::find::<ResourceRow>(
        config,
        &Question {
            from: "resources",
            columns: &ResourceRow::COLUMNS,
            conditions: condition(),
            order: &["id"],
            limit: ROWS_MAX,
        },
    )?;
    let villages = server::find::<VillageRow>(
        config,
        &Question {
            from: "villages",
            columns: &VillageRow::COLUMNS,
            conditions: condition(),
            order: &["id"],
            limit: ROWS_MAX,
        },
    )?;
    if resources.body.len().max(villages.body.len()) >= ROWS_MAX as usize {
        return Err(Failure::Data(format!("pincode {postcode} has more than {ROWS_MAX} records")));
    }
    let taken = resources.body.iter().filter_map(|row| Some(row.id()?.number % 100)).collect();
    let villages = villages.body.iter();
    let villages = villages.filter_map(|row| Some((row.id()?.number, row.position()))).collect();
    Ok(Pincode { resources: resources.body, villages, taken })
}

/// Chooses the number of a new resource, unless an earlier try has made it already.
fn place(
    new: &New<'_>,
    pincode: &mut Pincode,
    uncertain: bool,
    rows: &mut Vec<Told>,
    tally: &mut Tally,
) {
    if uncertain && let Some(at) = pincode.resources.iter().position(|row| is_same(new, row)) {
        // Two of the batch that are alike are two all the same.
        let row = pincode.resources.swap_remove(at);
        let named = row.id().map(|id| Fate::Named(id.to_string()));
        return tally.set(new.at, named.unwrap_or(Fate::Unknown));
    }
    let Some(village) = new.village.or_else(|| nearest(new.position, &pincode.villages)) else {
        let reason = format!("LegacyMyWell has no village in pincode {}", new.postcode);
        return tally.refuse(new.at, reason);
    };
    let Some(digits) = new.kind.digits().find(|digits| !pincode.taken.contains(digits)) else {
        let (kind, postcode) = (new.kind.name(), new.postcode);
        return tally.refuse(new.at, format!("all numbers of a {kind} in {postcode} are taken"));
    };
    let Some(number) = village.checked_mul(100).and_then(|first| first.checked_add(digits)) else {
        return tally.refuse(new.at, format!("{village} cannot be a village's number"));
    };
    pincode.taken.insert(digits);
    let mut row = json!({
        "id": number, "postcode": new.postcode, "villageId": village, "geo": geo(new.position),
        "owner": new.owner, "type": new.kind.name(),
    });
    if let Some(elevation) = new.elevation {
        row["elevation"] = Value::from(elevation);
    }
    rows.push(Told { at: new.at, json: row.to_string() });
}

fn is_same(new: &New<'_>, row: &ResourceRow) -> bool {
    row.position().is_some_and(|position| is_near(position, new.position))
        && text(&row.owner).as_deref() == Some(new.owner)
        && text(&row.kind).as_deref() == Some(new.kind.name())
}

fn nearest(to: Position, villages: &[(u64, Option<Position>)]) -> Option<u64> {
    let distance = |position: &Option<Position>| {
        position.map_or(f64::MAX, |it| {
            let east = (it.longitude - to.longitude) * to.latitude.to_radians().cos();
            east.hypot(it.latitude - to.latitude)
        })
    };
    let nearest = villages.iter().min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)));
    nearest.map(|(village, _)| *village)
}

fn change(
    config: &Config,
    at: usize,
    id: Id,
    resource: &Resource,
    row: Option<&ResourceRow>,
    tally: &mut Tally,
) {
    let Some(row) = row else {
        return tally.refuse(at, format!("LegacyMyWell has no resource {id}"));
    };
    let mut changes = match changes(resource, row) {
        Ok(changes) if changes.is_empty() => return tally.set(at, Fate::Unchanged),
        Ok(changes) => changes,
        Err(reason) => return tally.refuse(at, reason),
    };
    if tally.is_stopped() {
        return;
    }
    changes.insert("id".to_owned(), id.number.into());
    changes.insert("postcode".to_owned(), id.postcode.into());
    let said = server::call(config, "POST", "resources/updateResourceByIdAndPostcode")
        .and_then(|call| call.body(&changes))
        .map_err(Unwritten::Untried)
        .and_then(|call| answer::tell(&call, "resource"));
    match said {
        Ok(Said::Done(_)) => tally.set(at, Fate::Updated),
        Ok(Said::Refused { reason, .. }) => tally.refuse(at, reason),
        Ok(Said::Partly(_) | Said::Doubtful(_)) => tally.set(at, Fate::Unknown),
        Ok(Said::Unclear(delay)) | Err(Unwritten::Unknown(delay)) => tally.lose([at], delay),
        Err(Unwritten::Untried(failure)) => tally.stop(failure),
    }
}

/// What differs of what LegacyMyWell keeps. The method that changes a resource takes 0 for "not
/// said".
fn changes(
    resource: &Resource,
    row: &ResourceRow,
) -> std::result::Result<Map<String, Value>, String> {
    let mut changes = Map::new();
    if let Some(owner) = &resource.owner
        && text(&row.owner).as_ref() != Some(owner)
    {
        changes.insert("owner".to_owned(), owner.as_str().into());
    }
    if text(&row.kind).as_deref() != Some(&resource.kind) {
        changes.insert("type".to_owned(), resource.kind.as_str().into());
    }
    if let Some(position) = resource.position
        && !row.position().is_some_and(|there| is_near(there, position))
    {
        if position.latitude == 0.0 || position.longitude == 0.0 {
            return Err("LegacyMyWell takes no latitude or longitude of exactly 0".to_owned());
        }
        changes.insert("geo".to_owned(), geo(position));
    }
    if let Some(elevation) = resource.elevation
        && !number(&row.elevation).is_some_and(|there| (there - elevation).abs() < SAME_METRES)
    {
        if elevation == 0.0 {
            return Err("LegacyMyWell cannot change an elevation to 0".to_owned());
        }
        changes.insert("elevation".to_owned(), elevation.into());
    }
    Ok(changes)
}

fn is_near(one: Position, other: Position) -> bool {
    (one.latitude - other.latitude).abs() < SAME_DEGREES
        && (one.longitude - other.longitude).abs() < SAME_DEGREES
}

fn geo(position: Position) -> Value {
    json!({"lat": position.latitude, "lng": position.longitude})
}
