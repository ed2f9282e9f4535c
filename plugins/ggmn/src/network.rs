//! Monitoring networks as groups. A network holds series, so a well is in those of its series. API v3
//! has no networks.

use std::collections::{BTreeSet, HashMap};

use ourwater_sdk::{GetRequest, Group, Items, Page, Rejection, Result, paging};
use serde_json::{Value, json};

use crate::config::{Config, Version, wrong};
use crate::server;
use crate::value::{shown, text};
use crate::walk::{self, Cursor, Part};
use crate::well::{Well, field};
use crate::{time, value};

const PATH: &str = "monitoringnetworks/";

/// Networks whose series are asked for with each page of wells.
const NETWORKS_MAX: usize = 50;

/// Series of one network.
const SERIES_MAX: usize = 20_000;

/// Which networks each series is in.
#[derive(Debug, Default)]
pub(crate) struct Members {
    by_uuid: HashMap<String, BTreeSet<String>>,
    /// By the code of the series' location: for stations that do not name their series.
    by_code: HashMap<String, Vec<(Value, String)>>,
}

/// A page of groups.
pub(crate) fn get(config: &Config, request: &GetRequest) -> Result<Page> {
    if config.version == Version::V3 {
        // That there are none is said by a server that answers.
        server::knock(config)?;
        let cursor = paging::write(&Cursor::default())?;
        return Ok(paging::page(Items::Groups(Vec::new()), cursor, false));
    }
    let mut cursor: Option<Cursor> = paging::read(request.cursor.as_deref())?;
    // A selection of wells comes here too: their ids are numbers, and those of networks are not.
    let is_network = |id: &&String| !id.bytes().all(|byte| byte.is_ascii_digit());
    let only: Vec<String> = request.only.iter().filter(is_network).cloned().collect();
    let parts = parts(if only.is_empty() { &config.networks } else { &only });
    let found = walk::next(config, PATH, &parts, &mut cursor, request.limit.max(1))?;
    let mut rejected: Vec<Rejection> = found.missing.into_iter().map(missing).collect();
    let mut groups = Vec::new();
    for network in &found.records {
        match group(network) {
            Ok(group) => groups.push(group),
            Err(rejection) => rejected.push(rejection),
        }
    }
    let more = cursor.is_some();
    let cursor = paging::write(&cursor.unwrap_or_default())?;
    Ok(Page { rejected, ..paging::page(Items::Groups(groups), cursor, more) })
}

impl Members {
    pub(crate) fn read(config: &Config) -> Result<Self> {
        let mut members = Self::default();
        for network in networks(config)? {
            let path = format!("{PATH}{network}/timeseries/");
            let too_many = || {
                let text =
                    format!("network {network} has more than {SERIES_MAX} series; name others");
                wrong("networks", &text)
            };
            for series in walk::all(config, &path, &[], SERIES_MAX, too_many)? {
                members.add(&network, &series);
            }
        }
        Ok(members)
    }

    /// The networks that a well's series are in.
    pub(crate) fn of(&self, well: &Well) -> Vec<String> {
        let by_uuid = well.series.iter().filter_map(|named| self.by_uuid.get(&named.uuid));
        let mut networks: BTreeSet<&String> = by_uuid.flatten().collect();
        let called = well.code.as_ref().and_then(|code| self.by_code.get(code));
        let by_code = called.into_iter().flatten().filter(|(location, _)| well.is_at(location));
        networks.extend(by_code.map(|(_, network)| network));
        networks.into_iter().cloned().collect()
    }

    fn add(&mut self, network: &str, series: &Value) {
        if let Some(uuid) = text(field(series, "uuid")) {
            self.by_uuid.entry(uuid).or_default().insert(network.to_owned());
        }
        let location = field(series, "location");
        if let Some(code) = text(field(location, "code")) {
            let there = self.by_code.entry(code).or_default();
            there.push((location.clone(), network.to_owned()));
        }
    }
}

fn networks(config: &Config) -> Result<Vec<String>> {
    let too_many = || {
        let text = format!(
            "the server has more than {NETWORKS_MAX} monitoring networks; name those that matter"
        );
        wrong("networks", &text)
    };
    if config.version == Version::V3 {
        return Ok(Vec::new());
    }
    if config.networks.len() > NETWORKS_MAX {
        return Err(too_many());
    }
    if !config.networks.is_empty() {
        let plain = |id: &&String| value::is_plain(id);
        return Ok(config.networks.iter().filter(plain).cloned().collect());
    }
    let all = walk::all(config, PATH, &[], NETWORKS_MAX, too_many)?;
    let uuids = all.iter().filter_map(|network| text(field(network, "uuid")));
    Ok(uuids.filter(|uuid| value::is_plain(uuid)).collect())
}

fn parts(named: &[String]) -> Vec<Part> {
    if named.is_empty() {
        return vec![Part::List(Vec::new())];
    }
    named.iter().cloned().map(Part::One).collect()
}

fn group(network: &Value) -> std::result::Result<Group, Rejection> {
    let uuid = text(field(network, "uuid")).filter(|uuid| value::is_plain(uuid));
    let uuid = uuid.ok_or_else(|| Rejection {
        place: format!("monitoring network {}", shown(field(network, "name"))),
        reason: "it has no uuid".to_owned(),
        raw: shown(network),
    })?;
    let description = text(field(network, "description"));
    Ok(Group {
        name: text(field(network, "name")).unwrap_or_else(|| uuid.clone()),
        id: Some(uuid),
        kind: "network".to_owned(),
        boundary: Vec::new(),
        updated: time::read(field(network, "last_modified")),
        extra: description.map(|it| json!({"description": it}).to_string()).unwrap_or_default(),
    })
}

fn missing(id: String) -> Rejection {
    let reason = "Lizard has no monitoring network with this uuid, or none that the key may see";
    Rejection { place: format!("monitoring network {id}"), reason: reason.to_owned(), raw: id }
}
