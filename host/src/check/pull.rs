//! Pulls, page after page, and what they bring where nothing goes wrong.

use crate::domain::page::{Items, Page, PageRequest};
use crate::domain::plugin::{Failure, Paging};
use crate::domain::sync::Datatype;

use super::guest::Guest;
use super::record::{self, Record, Records};
use super::subject::Subject;
use super::verdict::Ended;
use super::world::World;

/// Pages of one pull, after which it counts as endless: a fixture holds far fewer records.
pub(super) const PAGES_MAX: usize = 2_000;

/// A page that holds all of any fixture.
pub(super) const LARGE: u32 = 10_000;

/// Pages into which a pull is cut where every cursor is tried.
const CUTS: usize = 24;

/// Resources that are asked for one by one.
const RESOURCES_MAX: usize = 10;

/// What one sequence of pages is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Track {
    pub(super) datatype: Datatype,
    pub(super) only: Vec<String>,
}

/// The pages of a pull, and where it began.
#[derive(Debug, Clone)]
pub(super) struct Trail {
    pub(super) start: Option<String>,
    pub(super) pages: Vec<Page>,
}

/// Why a pull ended before its end.
#[derive(Debug)]
pub(super) enum Stopped {
    Failed { page: usize, failure: Failure, trail: Trail },
    Endless,
}

/// What is there at the beginning, got with the largest page.
#[derive(Debug)]
pub(super) struct Baseline {
    pub(super) tracks: Vec<(Track, Trail)>,
}

impl Track {
    pub(super) fn request(&self, limit: u32, cursor: Option<String>) -> PageRequest {
        let Self { datatype, only } = self.clone();
        PageRequest { datatype, cursor, limit, since: None, only }
    }

    /// In words, for what was seen.
    pub(super) fn name(&self) -> String {
        match self.only.as_slice() {
            [] => format!("{}s", self.datatype),
            only => format!("{}s of {}", self.datatype, only.join(", ")),
        }
    }

    /// Pulls to the end of the data.
    pub(super) async fn pull(
        &self,
        guest: &mut Guest<'_>,
        limit: u32,
        start: Option<String>,
    ) -> Result<Trail, Stopped> {
        let mut trail = Trail { start, pages: Vec::new() };
        while trail.pages.len() < PAGES_MAX {
            let request = self.request(limit, trail.cursor());
            match guest.get(&request).await {
                Ok(page) => {
                    let more = page.more;
                    trail.pages.push(page);
                    if !more {
                        return Ok(trail);
                    }
                }
                Err(failure) => {
                    return Err(Stopped::Failed { page: trail.pages.len(), failure, trail });
                }
            }
        }
        Err(Stopped::Endless)
    }
}

impl Trail {
    /// Where the next page begins.
    pub(super) fn cursor(&self) -> Option<String> {
        self.pages.last().map(|page| page.cursor.clone()).or_else(|| self.start.clone())
    }

    pub(super) fn records(&self) -> Vec<Record> {
        self.pages.iter().flat_map(record::listed).collect()
    }

    pub(super) fn standing(&self) -> Records {
        record::standing(&self.pages)
    }

    /// A page size that cuts it into some two dozen pages, or one record each.
    pub(super) fn small(&self) -> u32 {
        let records = self.pages.iter().map(|page| page.items.count()).sum::<usize>();
        u32::try_from(records / CUTS).unwrap_or(u32::MAX).max(1)
    }
}

impl Baseline {
    /// Everything there is, datatype by datatype, or resource by resource where the plugin wishes.
    pub(super) async fn get(subject: &Subject) -> Result<Self, Ended> {
        let world = World::new(subject)?;
        let mut guest = world.guest().await?;
        let mut tracks = Vec::new();
        let mut ids = Vec::new();
        for datatype in [Datatype::Group, Datatype::Resource, Datatype::Reading] {
            if !subject.gets(datatype) {
                continue;
            }
            let each = datatype == Datatype::Reading
                && subject.description().paging == Paging::EachResource;
            let selections: Vec<Vec<String>> = if each {
                ids.iter().map(|id: &String| vec![id.clone()]).collect()
            } else {
                vec![vec![]]
            };
            for only in selections {
                let track = Track { datatype, only };
                let trail = track.pull(&mut guest, LARGE, None).await?;
                if datatype == Datatype::Resource {
                    ids = resource_ids(&trail);
                }
                tracks.push((track, trail));
            }
        }
        Ok(Self { tracks })
    }

    pub(super) fn records(&self) -> usize {
        self.tracks.iter().map(|(_, trail)| trail.standing().len()).sum()
    }
}

fn resource_ids(trail: &Trail) -> Vec<String> {
    let ids = trail.pages.iter().flat_map(|page| match &page.items {
        Items::Resources(places) => places.iter().map(|it| it.id.clone()).collect(),
        _ => Vec::new(),
    });
    ids.take(RESOURCES_MAX).collect()
}

/// Where a pull was to succeed.
impl From<Stopped> for Ended {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Failed { page, failure, trail } => {
                let cursor = trail.cursor().unwrap_or_else(|| "none".to_owned());
                let cursor: String = cursor.chars().take(200).collect();
                Self::Failed(format!(
                    "page {page} after cursor {cursor}: expected a page, got {failure}"
                ))
            }
            Stopped::Endless => {
                Self::NotRun("a pull does not end: see the check `paging-ends`".to_owned())
            }
        }
    }
}
