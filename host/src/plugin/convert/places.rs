//! Groups and resources as they enter: each is whole and sound, or rejected with its reason.

use super::page::reject;
use super::readings::in_range;
use super::{NAME_BYTES_MAX, wit};
use crate::domain::clock::Timestamp;
use crate::domain::page::{Group, Position, Rejection, Resource};
use crate::domain::sync::is_external_id;
use crate::grant::text;

/// Bytes of what has no field of its own.
const EXTRA_BYTES_MAX: usize = 64 * 1024;

/// Corners of a boundary.
const CORNERS_MAX: usize = 100_000;

/// Groups a resource is in.
const GROUPS_MAX: usize = 1_000;

/// The groups that are sound.
pub(super) fn groups(groups: Vec<wit::Group>, rejected: &mut Vec<Rejection>) -> Vec<Group> {
    let sound = groups.into_iter().filter_map(|found| {
        let (id, name) = (found.id.clone(), found.name.clone());
        group(found).map_err(|reason| rejected.push(refused("group", id, &name, reason))).ok()
    });
    sound.collect()
}

/// The resources that are sound.
pub(super) fn resources(
    resources: Vec<wit::Resource>,
    rejected: &mut Vec<Rejection>,
) -> Vec<Resource> {
    let sound = resources.into_iter().filter_map(|found| {
        let (id, name) = (found.id.clone(), found.name.clone());
        resource(found).map_err(|reason| rejected.push(refused("resource", id, &name, reason))).ok()
    });
    sound.collect()
}

fn group(group: wit::Group) -> Result<Group, String> {
    if group.boundary.len() > CORNERS_MAX {
        return Err(format!("its boundary has more than {CORNERS_MAX} corners"));
    }
    Ok(Group {
        id: id(group.id)?,
        name: name("name", group.name)?,
        kind: name("kind", group.kind)?,
        boundary: group.boundary.into_iter().map(position).collect::<Result<_, _>>()?,
        updated: updated(group.updated)?,
        extra: extra(group.extra)?,
    })
}

fn resource(resource: wit::Resource) -> Result<Resource, String> {
    if resource.groups.len() > GROUPS_MAX {
        return Err(format!("it is in more than {GROUPS_MAX} groups"));
    }
    Ok(Resource {
        id: id(resource.id)?,
        name: name("name", resource.name)?,
        kind: name("kind", resource.kind)?,
        position: resource.position.map(position).transpose()?,
        elevation: resource.elevation.map(elevation).transpose()?,
        owner: resource.owner.map(|owner| name("owner", owner)).transpose()?,
        groups: resource
            .groups
            .into_iter()
            .map(|group| id(Some(group)))
            .collect::<Result<_, _>>()?,
        updated: updated(resource.updated)?,
        extra: extra(resource.extra)?,
    })
}

fn id(id: Option<String>) -> Result<String, String> {
    let id = id.ok_or("it has no id")?;
    if is_external_id(&id) {
        return Ok(id);
    }
    let shown = text::clean(&id, 64);
    Err(format!("{shown:?} cannot be an id: 1 to 512 bytes, no control character"))
}

fn name(what: &str, text: String) -> Result<String, String> {
    if text.len() > NAME_BYTES_MAX {
        Err(format!("its {what} has more than {NAME_BYTES_MAX} bytes"))
    } else if text.contains(char::is_control) {
        Err(format!("its {what} holds a control character"))
    } else {
        Ok(text)
    }
}

fn position(position: wit::Position) -> Result<Position, String> {
    let wit::Position { longitude, latitude } = position;
    if longitude.abs() <= 180.0 && latitude.abs() <= 90.0 {
        Ok(Position { longitude, latitude })
    } else {
        Err(format!("longitude {longitude}, latitude {latitude} is no place on earth in degrees"))
    }
}

fn elevation(elevation: f64) -> Result<f64, String> {
    if elevation.is_finite() {
        Ok(elevation)
    } else {
        Err("its elevation is not finite".to_owned())
    }
}

fn updated(time: Option<Timestamp>) -> Result<Option<Timestamp>, String> {
    match time {
        Some(time) if !in_range(time) => {
            Err("it changed in a year that is not one of 1000 to 9999".to_owned())
        }
        time => Ok(time),
    }
}

fn extra(extra: String) -> Result<String, String> {
    if extra.len() > EXTRA_BYTES_MAX {
        return Err(format!("its extra has more than {EXTRA_BYTES_MAX} bytes"));
    }
    let object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&extra);
    if extra.is_empty() || object.is_ok() {
        Ok(extra)
    } else {
        Err("its extra is not a JSON object".to_owned())
    }
}

fn refused(what: &str, id: Option<String>, name: &str, reason: String) -> Rejection {
    let named = id.filter(|id| !id.is_empty());
    let place = named.map_or_else(|| format!("{what} named {name:?}"), |id| format!("{what} {id}"));
    reject(&place, reason, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn well(id: &str) -> wit::Resource {
        wit::Resource {
            id: Some(id.to_owned()),
            name: "Well".to_owned(),
            kind: "well".to_owned(),
            position: Some(wit::Position { longitude: 5.1, latitude: 52.1 }),
            elevation: Some(-0.5),
            owner: None,
            groups: vec!["313001".to_owned()],
            updated: None,
            extra: r#"{"filter": 2}"#.to_owned(),
        }
    }

    #[test]
    fn a_sound_resource_enters_whole() {
        let mut rejected = Vec::new();
        let kept = resources(vec![well("a")], &mut rejected);
        assert_eq!((kept.len(), rejected.len()), (1, 0));
        assert_eq!(kept[0].groups, ["313001"]);
    }

    #[test]
    fn each_broken_rule_is_named_and_spares_the_others() {
        let broken = [
            wit::Resource { id: None, ..well("a") },
            wit::Resource { id: Some("a\nb".to_owned()), ..well("a") },
            wit::Resource { name: "x".repeat(NAME_BYTES_MAX + 1), ..well("a") },
            wit::Resource { elevation: Some(f64::INFINITY), ..well("a") },
            wit::Resource { updated: Some(i64::MAX), ..well("a") },
            wit::Resource { extra: "[]".to_owned(), ..well("a") },
            wit::Resource {
                position: Some(wit::Position { longitude: f64::NAN, latitude: 0.0 }),
                ..well("a")
            },
        ];
        let count = broken.len();
        let mut rejected = Vec::new();
        let kept = resources(broken.into_iter().chain([well("b")]).collect(), &mut rejected);
        assert_eq!((kept.len(), rejected.len()), (1, count));
        assert_eq!(rejected[0].place, "resource named \"Well\"");
        assert_eq!(rejected[1].place, "resource a b");
    }
}
