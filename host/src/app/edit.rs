//! What people make and change here: checked where it enters, then written as OurWater's own.

use crate::domain::clock::{Moment, Timestamp};
use crate::domain::id::{GroupId, OrganisationId, ResourceId};
use crate::domain::run::Counts;
use crate::domain::sound::{self, Sound};
use crate::store::edit::{Edit, EditedPoint};
use crate::store::our::{GroupFields, OurGroup, OurResource, ResourceFields};
use crate::store::{self};

use super::App;

/// A reading as a person wants it.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// What was observed.
    pub property: String,
    /// UCUM.
    pub unit: String,
    /// Tells series of one property apart.
    #[serde(default)]
    pub name: String,
    /// When.
    pub time: Moment,
    /// Null: there is to be no reading.
    pub value: Option<f64>,
    /// 0 unknown, 1 good, 2 suspect, 3 bad.
    #[serde(default)]
    pub quality: u8,
}

/// Why it was not written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It breaks a rule.
    #[error("{0}")]
    Unfit(String),
    /// The database could not go on, or does not know it.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl App {
    /// Makes a group, or changes the one of that id to be so.
    pub async fn put_group(
        &self,
        organisation: &OrganisationId,
        id: Option<&GroupId>,
        group: &GroupFields,
    ) -> Result<OurGroup, Error> {
        check_group(group).map_err(Error::Unfit)?;
        Ok(self.store.put_group(organisation, id, group, self.clock.now()).await?)
    }

    /// Makes a resource, or changes the one of that id to be so.
    pub async fn put_resource(
        &self,
        organisation: &OrganisationId,
        id: Option<&ResourceId>,
        resource: &ResourceFields,
    ) -> Result<OurResource, Error> {
        check_resource(resource).map_err(Error::Unfit)?;
        Ok(self.store.put_resource(organisation, id, resource, self.clock.now()).await?)
    }

    /// Writes readings of a resource, all or none.
    pub async fn set_readings(
        &self,
        organisation: &OrganisationId,
        resource: &ResourceId,
        wanted: Vec<Wanted>,
    ) -> Result<Counts, Error> {
        for reading in &wanted {
            check_reading(reading).map_err(Error::Unfit)?;
        }
        let edits = by_series(resource, wanted);
        Ok(self.store.edit_readings(organisation, &edits, self.clock.now()).await?)
    }
}

fn check_group(group: &GroupFields) -> Sound {
    described(&group.name, &group.kind)?;
    sound::boundary(&group.boundary)?;
    sound::extra(&serde_json::json!(group.extra).to_string())
}

fn check_resource(resource: &ResourceFields) -> Sound {
    described(&resource.name, &resource.kind)?;
    resource.position.map_or(Ok(()), sound::position)?;
    resource.elevation.map_or(Ok(()), sound::elevation)?;
    resource.owner.as_deref().map_or(Ok(()), |owner| sound::name("owner", owner))?;
    sound::groups(resource.groups.len())?;
    sound::extra(&serde_json::json!(resource.extra).to_string())
}

fn described(name: &str, kind: &str) -> Sound {
    sound::name("name", name)?;
    sound::name("kind", kind)?;
    if name.trim().is_empty() || kind.trim().is_empty() {
        return Err("it needs a name and a kind".to_owned());
    }
    Ok(())
}

fn check_reading(reading: &Wanted) -> Sound {
    sound::quantity(&reading.name, &reading.property, &reading.unit)?;
    if reading.property.is_empty() {
        return Err("a reading needs a property: what was observed".to_owned());
    }
    let Moment(time) = reading.time;
    sound::point(time, reading.value, reading.quality).map_err(|why| at(time, &why))
}

fn at(time: Timestamp, why: &str) -> String {
    format!("the reading at {}: {why}", crate::domain::clock::rfc3339(time))
}

/// Readings of one series together, each series once.
fn by_series(resource: &ResourceId, wanted: Vec<Wanted>) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    for Wanted { property, unit, name, time: Moment(time), value, quality } in wanted {
        let point = EditedPoint { time, value, quality };
        let known = edits
            .iter_mut()
            .find(|edit| edit.property == property && edit.unit == unit && edit.name == name);
        if let Some(edit) = known {
            edit.points.push(point);
        } else {
            let (resource, points) = (resource.clone(), vec![point]);
            edits.push(Edit { resource, name, property, unit, points });
        }
    }
    edits
}
