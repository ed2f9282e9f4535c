//! An answer without records that says there are more is a page, and not the end.

use serde_json::Value;

use crate::domain::page::Page;

use super::fault::{At, Fault};
use super::pull::{PAGES_MAX, Stopped, Track};
use super::record::{Records, lacking, standing};
use super::remote::Request;
use super::subject::Subject;
use super::verdict::{Ended, Held};
use super::world::World;

/// Records a page, where a pull has to be of several.
const LIMIT: u32 = 2;

/// Answers that are emptied.
const ANSWERS_MAX: usize = 12;

/// Parts of the names of fields that say whether more follows.
const MORE_WORDS: [&str; 4] = ["next", "more", "cursor", "continu"];

/// Whichever answer in the middle comes empty, what follows it still comes.
pub(super) async fn empty_page(subject: &Subject) -> Held {
    let mut tried = 0;
    for (track, _) in &subject.baseline()?.tracks {
        for (at, following) in middles(subject, track).await?.into_iter().take(ANSWERS_MAX) {
            let world = World::new(subject)?;
            world.inject(At::Only(at), Fault::rewrite(empty));
            let place = format!("{}, answer {at} without records", track.name());
            let pulled = track.pull(&mut world.guest().await?, LIMIT, None).await;
            let trail = pulled.map_err(|stopped| Ended::from(stopped).at(&place))?;
            if let Some(difference) = lacking(&following, &trail.standing()) {
                return Err(Ended::Failed(format!("{place}: of those after it, {difference}")));
            }
            tried += 1;
        }
    }
    match tried {
        0 => Err(Ended::not_applicable("no answer of the fixture says that more follow it")),
        _ => Ok(()),
    }
}

/// The answers after which more come and which say so, each with what later answers bring.
async fn middles(subject: &Subject, track: &Track) -> Result<Vec<(usize, Records)>, Ended> {
    let world = World::new(subject)?;
    let mut guest = world.guest().await?;
    let (mut pages, mut ends, mut cursor) = (Vec::new(), Vec::new(), None);
    while pages.last().is_none_or(|page: &Page| page.more) {
        if pages.len() >= PAGES_MAX {
            return Err(Stopped::Endless.into());
        }
        let page = guest.get(&track.request(LIMIT, cursor)).await?;
        ends.push(world.requests_made());
        cursor = Some(page.cursor.clone());
        pages.push(page);
    }
    let says_more = |(at, request): (usize, Request)| {
        let body: Value = serde_json::from_slice(&request.body).ok()?;
        let end = ends.iter().find(|end| at < **end)?;
        let next = ends.iter().position(|later| later > end)?;
        let following = standing(pages.get(next..)?);
        let says = list(&body).is_some() && more(&body) && !following.is_empty();
        says.then_some((at, following))
    };
    Ok(world.requests().into_iter().enumerate().filter_map(says_more).collect())
}

/// The list of records of an answer that holds other things beside it.
fn list(body: &Value) -> Option<&str> {
    let holds =
        |value: &Value| value.as_array().is_some_and(|all| all.iter().any(Value::is_object));
    body.as_object()?.iter().find(|(_, value)| holds(value)).map(|(name, _)| name.as_str())
}

fn more(body: &Value) -> bool {
    let Some(fields) = body.as_object() else { return false };
    fields.iter().any(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let says = MORE_WORDS.iter().any(|word| name.contains(word))
            && !matches!(value, Value::Null | Value::Bool(false))
            && value != "";
        says || more(value)
    })
}

fn empty(body: &mut Value) {
    if let Some(name) = list(body).map(str::to_owned) {
        body[&name] = Value::Array(Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_says_that_more_follow_and_is_emptied() {
        let mut answer = json!({"results": [{"a": 1}], "links": {"next": "/wells?page=2"}});
        assert!(more(&answer));
        empty(&mut answer);
        assert_eq!(answer["results"], json!([]));
        assert!(!more(&json!({"results": [{"a": 1}], "next": null})));
        assert_eq!(list(&json!([{"a": 1}])), None);
    }
}
