//! What a record must be to enter OurWater, from wherever it comes: each rule with its reason.

mod column;

use super::clock::Timestamp;
use super::page::{Group, Position, Resource, Series};
use super::sync::is_external_id;
use super::text;

pub use column::sound as column;

/// Bytes of a name, a kind or an owner.
pub const NAME_BYTES_MAX: usize = 256;

/// Bytes of what has no field of its own.
const EXTRA_BYTES_MAX: usize = 64 * 1024;

/// Corners of a boundary.
const CORNERS_MAX: usize = 100_000;

/// Groups a resource is in.
const GROUPS_MAX: usize = 1_000;

/// Bytes of a series' name, property or unit.
const SERIES_TEXT_BYTES_MAX: usize = 512;

/// 1000-01-01T00:00:00Z.
pub const FIRST_TIME: Timestamp = -30_610_224_000_000;

/// 9999-12-31T23:59:59.999Z.
pub const LAST_TIME: Timestamp = 253_402_300_799_999;

/// 0 unknown, 1 good, 2 suspect, 3 bad.
const LAST_QUALITY: u8 = 3;

/// Whole and sound, or why not.
pub type Sound = Result<(), String>;

/// A group of another system.
pub fn group(group: &Group) -> Sound {
    id(&group.id)?;
    name("name", &group.name)?;
    name("kind", &group.kind)?;
    boundary(&group.boundary)?;
    updated(group.updated)?;
    extra(&group.extra)
}

/// A resource of another system.
pub fn resource(resource: &Resource) -> Sound {
    id(&resource.id)?;
    name("name", &resource.name)?;
    name("kind", &resource.kind)?;
    resource.position.map_or(Ok(()), position)?;
    resource.elevation.map_or(Ok(()), elevation)?;
    resource.owner.as_deref().map_or(Ok(()), |owner| name("owner", owner))?;
    groups(resource.groups.len())?;
    resource.groups.iter().try_for_each(|group| id(group))?;
    updated(resource.updated)?;
    extra(&resource.extra)
}

/// An id of another system.
pub fn id(id: &str) -> Sound {
    if is_external_id(id) {
        return Ok(());
    }
    let shown = text::clean(id, 64);
    Err(format!("{shown:?} cannot be an id: 1 to 512 bytes, no control character"))
}

/// What people call something.
pub fn name(what: &str, text: &str) -> Sound {
    if text.len() > NAME_BYTES_MAX {
        Err(format!("its {what} has more than {NAME_BYTES_MAX} bytes"))
    } else if text.contains(char::is_control) {
        Err(format!("its {what} holds a control character"))
    } else {
        Ok(())
    }
}

/// The corners of an area.
pub fn boundary(corners: &[Position]) -> Sound {
    if corners.len() > CORNERS_MAX {
        return Err(format!("its boundary has more than {CORNERS_MAX} corners"));
    }
    corners.iter().try_for_each(|corner| position(*corner))
}

/// A place on earth.
pub fn position(Position { longitude, latitude }: Position) -> Sound {
    if longitude.abs() <= 180.0 && latitude.abs() <= 90.0 {
        Ok(())
    } else {
        Err(format!("longitude {longitude}, latitude {latitude} is no place on earth in degrees"))
    }
}

/// Metres above mean sea level.
pub fn elevation(elevation: f64) -> Sound {
    if elevation.is_finite() { Ok(()) } else { Err("its elevation is not finite".to_owned()) }
}

/// How many groups a resource is in.
pub fn groups(count: usize) -> Sound {
    if count > GROUPS_MAX {
        return Err(format!("it is in more than {GROUPS_MAX} groups"));
    }
    Ok(())
}

/// A JSON object, or nothing.
pub fn extra(extra: &str) -> Sound {
    if extra.len() > EXTRA_BYTES_MAX {
        return Err(format!("its extra has more than {EXTRA_BYTES_MAX} bytes"));
    }
    let object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(extra);
    if extra.is_empty() || object.is_ok() {
        Ok(())
    } else {
        Err("its extra is not a JSON object".to_owned())
    }
}

/// A series by what another system calls it.
pub fn series(series: &Series) -> Sound {
    if !is_external_id(&series.resource) {
        let id = text::clean(&series.resource, 64);
        return Err(format!(
            "{id:?} cannot be a resource's id: 1 to 512 bytes, no control character"
        ));
    }
    quantity(&series.name, &series.property, &series.unit)
}

/// What is observed.
pub fn quantity(name: &str, property: &str, unit: &str) -> Sound {
    for (what, text) in [("name", name), ("property", property), ("unit", unit)] {
        if text.len() > SERIES_TEXT_BYTES_MAX {
            return Err(format!(
                "the {what} of a series has at most {SERIES_TEXT_BYTES_MAX} bytes"
            ));
        }
        if text.contains(char::is_control) {
            return Err(format!("the {what} of a series holds no control character"));
        }
    }
    Ok(())
}

/// A reading; without a value it is removed.
pub fn point(time: Timestamp, value: Option<f64>, quality: u8) -> Sound {
    if !in_range(time) {
        Err("its year is not one of 1000 to 9999".to_owned())
    } else if value.is_some_and(|value| !value.is_finite()) {
        Err("its value is not a finite number".to_owned())
    } else if quality > LAST_QUALITY {
        Err(format!("its quality {quality} is not one of 0 to {LAST_QUALITY}"))
    } else {
        Ok(())
    }
}

/// A time the domain knows.
pub fn in_range(time: Timestamp) -> bool {
    (FIRST_TIME..=LAST_TIME).contains(&time)
}

fn updated(time: Option<Timestamp>) -> Sound {
    match time {
        Some(time) if !in_range(time) => {
            Err("it changed in a year that is not one of 1000 to 9999".to_owned())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::rfc3339;

    #[test]
    fn the_first_and_the_last_time_are_what_they_say() {
        assert_eq!(rfc3339(FIRST_TIME), "1000-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(LAST_TIME), "9999-12-31T23:59:59.999Z");
    }
}
