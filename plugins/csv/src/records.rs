//! One page of resources or groups, a row each.

use ourwater_sdk::{GetRequest, Group, Items, Page, Position, Resource, Result, paging};

use crate::column::{self, Cells};
use crate::config::{Column, Config, GroupsTable, ResourcesTable, Text};
use crate::cursor::{self, Cursor};
use crate::failure::config as fault;
use crate::layout;
use crate::number::{self, Format};
use crate::rejected::Rejected;
use crate::row::{MAX_ID_BYTES, MAX_PAGE_BYTES};
use crate::table::{Row, Step};
use crate::time::{Clock, Trouble};
use crate::zone::Meaning;

/// What a row is not.
type Reason = String;

/// The page of resources after the request's cursor.
pub(crate) fn resources(
    config: &Config,
    table: &ResourcesTable,
    request: &GetRequest,
) -> Result<Page> {
    let columns = |header: &[String]| Resources::of(config, table, header);
    let read = |columns: &mut Resources, row: &Row<'_>| columns.read(row);
    let (resources, page) =
        page(config, request, columns, read, |resource| resource.id.as_deref())?;
    Ok(Page { items: Items::Resources(resources), ..page })
}

/// The page of groups after the request's cursor.
pub(crate) fn groups(config: &Config, table: &GroupsTable, request: &GetRequest) -> Result<Page> {
    let columns = |header: &[String]| Groups::of(config, table, header);
    let read = |columns: &mut Groups, row: &Row<'_>| columns.read(row);
    let (groups, page) = page(config, request, columns, read, |group| group.id.as_deref())?;
    Ok(Page { items: Items::Groups(groups), ..page })
}

fn page<C, T>(
    config: &Config,
    request: &GetRequest,
    columns: impl FnOnce(&[String]) -> Result<C>,
    read: impl Fn(&mut C, &Row<'_>) -> std::result::Result<T, Reason>,
    id: impl Fn(&T) -> Option<&str>,
) -> Result<(Vec<T>, Page)> {
    let (header, mut table, _) = cursor::open(config, request)?;
    let mut columns = columns(&header)?;
    let (mut records, mut rejected, mut bytes) = (Vec::new(), Rejected::default(), 0);
    let limit = request.limit.max(1) as usize;
    let asked = |id: Option<&str>| {
        request.only.is_empty() || request.only.iter().any(|only| Some(only.as_str()) == id)
    };
    let more = loop {
        if records.len() + rejected.list.len() >= limit || bytes > MAX_PAGE_BYTES {
            break true;
        }
        let step = table.advance()?;
        let row = table.row();
        bytes += row.raw.len();
        match step {
            Step::End => break false,
            Step::Unreadable(reason) => rejected.row(&row, reason),
            Step::Row if row.is_blank() => {}
            Step::Row => match read(&mut columns, &row) {
                Ok(record) if asked(id(&record)) => records.push(record),
                Ok(_) => {}
                Err(reason) => rejected.row(&row, &reason),
            },
        }
    };
    let place = table.place()?;
    let next = Cursor { sha256: table.file().sha256.clone(), place, cell: 0, hour: None };
    if more {
        cursor::keep(config, header, table);
    }
    let page = paging::page(Items::Groups(Vec::new()), paging::write(&next)?, more);
    Ok((records, Page { rejected: rejected.list, ..page }))
}

/// What both kinds of record have.
struct Common {
    id: Cells,
    name: Cells,
    kind: Cells,
    updated: Option<usize>,
    extra: Option<usize>,
    clock: Clock,
}

pub(crate) struct Resources {
    common: Common,
    longitude: Option<usize>,
    latitude: Option<usize>,
    elevation: Option<usize>,
    owner: Option<usize>,
    groups: Option<usize>,
    numbers: Format,
    missing: Vec<String>,
}

pub(crate) struct Groups {
    common: Common,
    boundary: Option<usize>,
}

impl Common {
    fn kind(kind: Option<&Text>, default: &str) -> Text {
        let constant = crate::config::Constant { constant: default.to_owned() };
        kind.cloned().unwrap_or(Text::Constant(constant))
    }

    fn id(&self, row: &Row<'_>) -> std::result::Result<String, Reason> {
        let id = self.id.text(row).map_err(|reason| format!("there is no id: {reason}"))?;
        if id.is_empty() {
            return Err("there is no id".to_owned());
        }
        if id.len() > MAX_ID_BYTES || id.chars().any(char::is_control) {
            return Err("the id is too long, or has control characters".to_owned());
        }
        Ok(id)
    }

    fn name(&self, row: &Row<'_>) -> std::result::Result<String, Reason> {
        self.name.text(row).map_err(|reason| format!("there is no name: {reason}"))
    }

    fn kind_of(&self, row: &Row<'_>) -> std::result::Result<String, Reason> {
        self.kind.text(row).map_err(|reason| format!("there is no kind: {reason}"))
    }

    fn updated(&mut self, row: &Row<'_>) -> std::result::Result<Option<i64>, Reason> {
        let text = self.updated.and_then(|column| row.get(column)).unwrap_or_default();
        if text.is_empty() {
            return Ok(None);
        }
        match self.clock.read(text, 0) {
            Ok(Meaning::Once(time)) => Ok(Some(time)),
            Ok(_) => Err("its time of change was shown twice: name the offset".to_owned()),
            Err(Trouble::NoZone) => Err("its time of change names no zone".to_owned()),
            Err(Trouble::Rejected(reason)) => Err(format!("its time of change: {reason}")),
        }
    }

    fn extra(&self, row: &Row<'_>) -> std::result::Result<String, Reason> {
        let text = text(row, self.extra)?.unwrap_or_default();
        match serde_json::from_str(&text) {
            _ if text.is_empty() => Ok(text),
            Ok(serde_json::Value::Object(_)) => Ok(text),
            _ => Err("what is extra is not a JSON object".to_owned()),
        }
    }
}

impl Resources {
    pub(crate) fn of(config: &Config, table: &ResourcesTable, header: &[String]) -> Result<Self> {
        let find = |column: &Option<Column>, name: &str| {
            let field = format!("resources.{name}");
            column.as_ref().map(|column| column::find(header, column, &field)).transpose()
        };
        if table.longitude.is_some() != table.latitude.is_some() {
            return Err(fault("resources.latitude", "a position needs latitude and longitude"));
        }
        let name = table.name.as_ref().unwrap_or(&table.id);
        let kind = Common::kind(table.kind.as_ref(), "well");
        Ok(Self {
            common: Common {
                id: column::cells(header, &table.id, "resources.id")?,
                name: column::cells(header, name, "resources.name")?,
                kind: column::cells(header, &kind, "resources.kind")?,
                updated: find(&table.updated, "updated")?,
                extra: find(&table.extra, "extra")?,
                clock: layout::iso_clock(config)?,
            },
            longitude: find(&table.longitude, "longitude")?,
            latitude: find(&table.latitude, "latitude")?,
            elevation: find(&table.elevation, "elevation")?,
            owner: find(&table.owner, "owner")?,
            groups: find(&table.groups, "groups")?,
            numbers: layout::numbers(config)?,
            missing: config.missing.clone(),
        })
    }

    pub(crate) fn read(&mut self, row: &Row<'_>) -> std::result::Result<Resource, Reason> {
        let groups = text(row, self.groups)?.unwrap_or_default();
        Ok(Resource {
            id: Some(self.common.id(row)?),
            name: self.common.name(row)?,
            kind: self.common.kind_of(row)?,
            position: self.position(row)?,
            elevation: self.number(row, self.elevation, "elevation")?,
            owner: text(row, self.owner)?.filter(|owner| !owner.is_empty()),
            groups: groups.split_whitespace().map(str::to_owned).collect(),
            updated: self.common.updated(row)?,
            extra: self.common.extra(row)?,
        })
    }

    fn position(&self, row: &Row<'_>) -> std::result::Result<Option<Position>, Reason> {
        let longitude = self.number(row, self.longitude, "longitude")?;
        let latitude = self.number(row, self.latitude, "latitude")?;
        match (longitude, latitude) {
            (None, None) => Ok(None),
            (Some(longitude), Some(latitude)) => position(longitude, latitude).map(Some),
            _ => Err("its position has only one of latitude and longitude".to_owned()),
        }
    }

    fn number(
        &self,
        row: &Row<'_>,
        column: Option<usize>,
        word: &str,
    ) -> std::result::Result<Option<f64>, Reason> {
        let text = column.and_then(|column| row.get(column)).unwrap_or_default();
        if text.is_empty() || self.missing.iter().any(|missing| missing.as_bytes() == text) {
            return Ok(None);
        }
        let value = number::parse(text, self.numbers);
        value.map(Some).map_err(|reason| format!("its {word}: {reason}"))
    }
}

impl Groups {
    pub(crate) fn of(config: &Config, table: &GroupsTable, header: &[String]) -> Result<Self> {
        let find = |column: &Option<Column>, name: &str| {
            let field = format!("groups.{name}");
            column.as_ref().map(|column| column::find(header, column, &field)).transpose()
        };
        let name = table.name.as_ref().unwrap_or(&table.id);
        let kind = Common::kind(table.kind.as_ref(), "custom");
        Ok(Self {
            common: Common {
                id: column::cells(header, &table.id, "groups.id")?,
                name: column::cells(header, name, "groups.name")?,
                kind: column::cells(header, &kind, "groups.kind")?,
                updated: find(&table.updated, "updated")?,
                extra: find(&table.extra, "extra")?,
                clock: layout::iso_clock(config)?,
            },
            boundary: find(&table.boundary, "boundary")?,
        })
    }

    pub(crate) fn read(&mut self, row: &Row<'_>) -> std::result::Result<Group, Reason> {
        let boundary = text(row, self.boundary)?.unwrap_or_default();
        Ok(Group {
            id: Some(self.common.id(row)?),
            name: self.common.name(row)?,
            kind: self.common.kind_of(row)?,
            boundary: ring(&boundary)?,
            updated: self.common.updated(row)?,
            extra: self.common.extra(row)?,
        })
    }
}

fn text(row: &Row<'_>, column: Option<usize>) -> std::result::Result<Option<String>, Reason> {
    let Some(field) = column.and_then(|column| row.get(column)) else { return Ok(None) };
    let text = std::str::from_utf8(field).map_err(|_| "it is not text in this encoding")?;
    Ok(Some(text.to_owned()))
}

fn ring(text: &str) -> std::result::Result<Vec<Position>, Reason> {
    const SHAPE: &str = "its boundary is not \"longitude latitude; longitude latitude; …\"";
    let points = text.split(';').map(str::trim).filter(|point| !point.is_empty());
    let numbers = Format { decimal: '.', thousands: None };
    points
        .map(|point| {
            let (longitude, latitude) = point.split_once(' ').ok_or(SHAPE)?;
            let number = |text: &str| number::parse(text.trim().as_bytes(), numbers);
            position(number(longitude).map_err(|_| SHAPE)?, number(latitude).map_err(|_| SHAPE)?)
        })
        .collect()
}

fn position(longitude: f64, latitude: f64) -> std::result::Result<Position, Reason> {
    if (-180.0..=180.0).contains(&longitude) && (-90.0..=90.0).contains(&latitude) {
        return Ok(Position { longitude, latitude });
    }
    Err("its position is not on earth: degrees of longitude and latitude are needed".to_owned())
}
