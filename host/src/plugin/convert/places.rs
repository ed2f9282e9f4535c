//! Groups and resources as they enter: each is whole and sound, or rejected with its reason.

use super::wit;
use crate::domain::page::{Group, Position, Rejection, Resource};
use crate::domain::sound;

/// Why a record of another system cannot be told from others.
const NO_ID: &str = "it has no id";

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
    let group = Group {
        id: group.id.ok_or(NO_ID)?,
        name: group.name,
        kind: group.kind,
        boundary: group.boundary.into_iter().map(position).collect(),
        updated: group.updated,
        extra: group.extra,
    };
    sound::group(&group).map(|()| group)
}

fn resource(resource: wit::Resource) -> Result<Resource, String> {
    let resource = Resource {
        id: resource.id.ok_or(NO_ID)?,
        name: resource.name,
        kind: resource.kind,
        position: resource.position.map(position),
        elevation: resource.elevation,
        owner: resource.owner,
        groups: resource.groups,
        updated: resource.updated,
        extra: resource.extra,
    };
    sound::resource(&resource).map(|()| resource)
}

fn position(position: wit::Position) -> Position {
    Position { longitude: position.longitude, latitude: position.latitude }
}

fn refused(what: &str, id: Option<String>, name: &str, reason: String) -> Rejection {
    let named = id.filter(|id| !id.is_empty());
    let place = named.map_or_else(|| format!("{what} named {name:?}"), |id| format!("{what} {id}"));
    Rejection::new(&place, reason, name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sound::NAME_BYTES_MAX;

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
