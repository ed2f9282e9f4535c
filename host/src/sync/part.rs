//! Parts of a selection that are read by themselves, each with a cursor of its own.
//!
//! A cursor belongs to what was asked, so ids selected later are asked for alone, from their
//! beginning, and the rest is not fetched again. Of a source that pages each resource, every
//! resource is a part.

use std::collections::BTreeSet;

use crate::domain::plugin::Paging;
use crate::domain::sync::Datatype;
use crate::store;
use crate::store::cursor::Standing;

use super::pull::Job;

/// Resources that are read one by one in a run.
const PARTS_MAX: usize = 100_000;

/// What is asked for by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Its number.
    pub(super) number: i64,
    /// The ids; none: all.
    pub(super) only: Vec<String>,
    /// Where it stands; none: at its beginning.
    pub(super) standing: Option<Standing>,
}

/// The parts of a datatype, in order.
pub(super) async fn parts(job: &Job, datatype: Datatype) -> Result<Vec<Part>, store::Error> {
    let standings = job.store.standings(&job.sync.id, datatype).await?;
    let wanted = match (job.paging, datatype) {
        (Paging::EachResource, Datatype::Reading) => {
            let only = job.sync.only.ids().to_vec();
            let ids = if only.is_empty() {
                job.store.linked_resources(&job.datasource.id).await?
            } else {
                only
            };
            each(&standings, ids)
        }
        _ => whole(&standings, job.sync.only.ids(), &job.digest),
    };
    let kept: BTreeSet<i64> = wanted.iter().map(|part| part.number).collect();
    let gone: Vec<i64> =
        standings.iter().map(|it| it.part).filter(|part| !kept.contains(part)).collect();
    if !gone.is_empty() {
        job.store.forget_parts(&job.sync.id, datatype, &gone).await?;
    }
    Ok(wanted)
}

/// One part, and one more for what was selected since; all in one again where less is selected, or
/// something else, or the cursors belong to something else.
fn whole(standings: &[Standing], only: &[String], digest: &str) -> Vec<Part> {
    let asked: BTreeSet<&String> = standings.iter().flat_map(|it| &it.only).collect();
    let wanted: BTreeSet<&String> = only.iter().collect();
    let all = only.is_empty() && standings.iter().any(|it| it.only.is_empty());
    let some = !only.is_empty()
        && !standings.is_empty()
        && standings.iter().all(|it| !it.only.is_empty())
        && asked.is_subset(&wanted);
    let unchanged = standings.iter().all(|it| it.digest == digest);
    if !unchanged || !(all || some) {
        let standing = standings.first().filter(|it| it.part == 0 && it.only == only).cloned();
        return vec![Part { number: 0, only: only.to_vec(), standing }];
    }
    let mut parts: Vec<Part> = standings.iter().map(known).collect();
    let added: Vec<String> = wanted.difference(&asked).map(|id| (*id).clone()).collect();
    if !added.is_empty() {
        let number = standings.last().map_or(0, |it| it.part + 1);
        parts.push(Part { number, only: added, standing: None });
    }
    parts
}

/// A part for each id, those that stand somewhere under their number.
fn each(standings: &[Standing], ids: Vec<String>) -> Vec<Part> {
    let mut next = standings.last().map_or(0, |it| it.part + 1);
    let part = |id: String| {
        let known_one = standings.iter().find(|it| it.only.as_slice() == [id.clone()]);
        known_one.map_or_else(
            || {
                next += 1;
                Part { number: next - 1, only: vec![id], standing: None }
            },
            known,
        )
    };
    ids.into_iter().take(PARTS_MAX).map(part).collect()
}

fn known(standing: &Standing) -> Part {
    Part { number: standing.part, only: standing.only.clone(), standing: Some(standing.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(part: i64, only: &[&str]) -> Standing {
        Standing {
            part,
            only: ids(only),
            digest: "d".to_owned(),
            cursor: Some("c".to_owned()),
            pass: 1,
            complete: true,
            run: String::new(),
        }
    }

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn asked(parts: &[Part]) -> Vec<(i64, String, bool)> {
        let part = |it: &Part| (it.number, it.only.join(","), it.standing.is_some());
        parts.iter().map(part).collect()
    }

    #[test]
    fn what_is_selected_later_is_asked_for_alone() {
        let standings = [standing(0, &["a", "b"])];
        let parts = whole(&standings, &ids(&["a", "b", "c"]), "d");
        assert_eq!(asked(&parts), [(0, "a,b".to_owned(), true), (1, "c".to_owned(), false)]);
    }

    #[test]
    fn what_is_no_longer_selected_makes_one_part_of_the_rest() {
        let standings = [standing(0, &["a", "b"]), standing(1, &["c"])];
        let parts = whole(&standings, &ids(&["a", "c"]), "d");
        assert_eq!(asked(&parts), [(0, "a,c".to_owned(), false)]);
        let parts = whole(&standings, &[], "d");
        assert_eq!(asked(&parts), [(0, String::new(), false)]);
    }

    #[test]
    fn a_cursor_that_belongs_to_another_configuration_starts_anew() {
        let parts = whole(&[standing(0, &[])], &[], "other");
        assert_eq!(asked(&parts), [(0, String::new(), true)]);
        let parts = whole(&[standing(0, &["a"]), standing(1, &["b"])], &ids(&["a", "b"]), "other");
        assert_eq!(asked(&parts), [(0, "a,b".to_owned(), false)]);
    }

    #[test]
    fn of_a_source_that_pages_each_resource_every_one_has_its_place() {
        let parts = each(&[standing(4, &["b"])], ids(&["a", "b"]));
        assert_eq!(asked(&parts), [(5, "a".to_owned(), false), (4, "b".to_owned(), true)]);
    }
}
