//! Answers that are none: each is called what it is, and the pull goes on from there later.

use crate::domain::clock::Clock;
use crate::domain::plugin::Failure;

use super::deliver;
use super::fault::{At, Fault};
use super::pull::{LARGE, Stopped, Track};
use super::record::difference;
use super::script::http_date;
use super::subject::Subject;
use super::verdict::{Ended, Held, ensure};
use super::world::World;

/// Requests of a pull at which something goes wrong.
const REQUESTS_MAX: usize = 12;

/// A wait as servers ask for it.
const WAIT_MS: u64 = 30_000;

/// What the other clock and rounding to seconds may take off a wait that is a date.
const WAIT_SLACK_MS: u64 = 5_000;

/// A page for people, where data was asked for.
const PAGE: &str = "<!DOCTYPE html><html><head><title>Maintenance</title></head>\
    <body><h1>We will be back soon</h1></body></html>";

/// The right class of a failure, or what is wrong with this one.
type Right = fn(&Failure) -> bool;

/// A limiter asks for patience, in seconds or with a date.
pub(super) async fn retry_after(subject: &Subject) -> Held {
    let now = Clock::System.now();
    let seconds = Fault::answer(429, &[("retry-after", "30")], "slow down");
    let later = http_date(now.saturating_add_unsigned(WAIT_MS));
    let headers = [("date", http_date(now)), ("retry-after", later)];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let dated = Fault::answer(429, &headers, "slow down");
    let exactly: Right = |failure| after_ms(failure) == Some(WAIT_MS);
    let nearly: Right = |failure| {
        let slack = WAIT_MS - WAIT_SLACK_MS..=WAIT_MS;
        after_ms(failure).is_some_and(|wait| slack.contains(&wait))
    };
    let wait = "`unavailable` after 30 s";
    endure(subject, &seconds, "429 with Retry-After: 30", (wait, exactly)).await?;
    endure(subject, &dated, "429 with Retry-After as a date in 30 s", (wait, nearly)).await?;
    push_later(subject, &seconds, "429 with Retry-After: 30", (wait, exactly)).await
}

/// The server has a bad day.
pub(super) async fn server_error(subject: &Subject) -> Held {
    for status in [500, 502, 503, 504] {
        let fault = Fault::answer(status, &[], "upstream failed");
        endure(subject, &fault, &format!("an answer {status}"), UNAVAILABLE).await?;
    }
    let fault = Fault::answer(503, &[], "upstream failed");
    push_later(subject, &fault, "an answer 503", UNAVAILABLE).await
}

/// The connection ends in the middle of an answer, or before it.
pub(super) async fn cut_body(subject: &Subject) -> Held {
    endure(subject, &Fault::Lost, "a connection that ended", UNAVAILABLE).await?;
    endure(subject, &Fault::Cut, "half of an answer's body", UNAVAILABLE).await
}

/// A proxy, a login or a maintenance page answers with 200.
pub(super) async fn html(subject: &Subject) -> Held {
    let fault = Fault::answer(200, &[("content-type", "text/html; charset=utf-8")], PAGE);
    endure(subject, &fault, "a page of HTML with status 200", UNAVAILABLE).await
}

/// The server points to another host.
pub(super) async fn redirect(subject: &Subject) -> Held {
    let fault = Fault::answer(302, &[("location", "https://elsewhere.example/login")], "");
    endure(subject, &fault, "a redirect to another host", STOPS).await
}

/// What was not allowed is told to a person, and nothing else is tried.
pub(super) async fn undeclared_host(subject: &Subject) -> Held {
    let tracks = tracks(subject)?;
    for track in tracks {
        let mut world = World::new(subject)?;
        world.forget_origins();
        let got = world.guest().await?.get(&track.request(LARGE, None)).await;
        let got = match got {
            Err(Failure::Denied(_)) => continue,
            Err(failure) => failure.to_string(),
            Ok(page) => format!("a page of {}", page.items.count()),
        };
        return Err(Ended::Failed(format!(
            "{} where no host may be reached: expected `denied`, got {got}",
            track.name()
        )));
    }
    Ok(())
}

const UNAVAILABLE: (&str, Right) =
    ("`unavailable`", |failure| matches!(failure, Failure::Unavailable { .. }));

const STOPS: (&str, Right) = ("`config` or `denied`", |failure| {
    matches!(failure, Failure::Config { .. } | Failure::Denied(_))
});

/// Every request goes wrong, and then one after the other; each time the failure has to be the right
/// one, and a pull that goes on afterwards has to bring everything.
async fn endure(subject: &Subject, fault: &Fault, what: &str, right: (&str, Right)) -> Held {
    for track in tracks(subject)? {
        let world = World::new(subject)?;
        world.inject(At::Every, fault.clone());
        let mut guest = world.guest().await?;
        let got = guest.get(&track.request(LARGE, None)).await;
        let place = format!("{}, {what}", track.name());
        is_right(&got.map(|page| page.items.count()), right).map_err(|ended| ended.at(&place))?;
        once(subject, track, fault, &place, right).await?;
    }
    Ok(())
}

async fn once(
    subject: &Subject,
    track: &Track,
    fault: &Fault,
    place: &str,
    right: (&str, Right),
) -> Held {
    let world = World::new(subject)?;
    let limit = LIMIT;
    let expected = track.pull(&mut world.guest().await?, limit, None).await?.standing();
    let requests = world.requests().len();
    for request in (0..requests).step_by(requests.div_ceil(REQUESTS_MAX).max(1)) {
        let place = format!("{place} to request {request}");
        let world = World::new(subject)?;
        world.inject(At::Only(request), fault.clone());
        let mut guest = world.guest().await?;
        let mut trail = match track.pull(&mut guest, limit, None).await {
            // It may have tried again by itself.
            Ok(trail) => trail,
            Err(Stopped::Failed { failure, trail, .. }) => {
                is_right(&Err(failure), right).map_err(|ended| ended.at(&place))?;
                world.calm();
                let rest = track.pull(&mut guest, limit, trail.cursor()).await;
                let rest = rest.map_err(|stopped| Ended::from(stopped).at(&place))?;
                let mut trail = trail;
                trail.pages.extend(rest.pages);
                trail
            }
            Err(endless) => return Err(endless.into()),
        };
        trail.start = None;
        if let Some(difference) = difference(&expected, &trail.standing()) {
            let seen = format!("{place}, and gone on with: {difference}");
            return Err(Ended::Failed(seen));
        }
    }
    Ok(())
}

/// A push that is put off refuses nothing: what is refused is not sent again as it is.
async fn push_later(subject: &Subject, fault: &Fault, what: &str, right: (&str, Right)) -> Held {
    let Ok(batches) = deliver::batches(subject) else { return Ok(()) };
    for batch in &batches {
        let world = World::new(subject)?;
        world.inject(At::Writes, fault.clone());
        let receipt = world.guest().await?.push(batch).await;
        let place = format!("a push, {what} to every write");
        let stopped = match receipt {
            Ok(receipt) if receipt.refused.is_empty() => receipt.stopped.map_or(Ok(0), Err),
            Ok(receipt) => {
                let refused = receipt.refused.len();
                let seen = format!("{place}: expected nothing refused, got {refused} refused");
                return Err(Ended::Failed(seen));
            }
            Err(failure) => Err(failure),
        };
        let wrote = world.requests().iter().any(|request| At::Writes.hits(0, &request.method));
        if wrote {
            is_right(&stopped, right).map_err(|ended| ended.at(&place))?;
        }
    }
    Ok(())
}

/// Records a page, where a pull has to be of several.
const LIMIT: u32 = 2;

fn is_right(got: &Result<usize, Failure>, (wanted, right): (&str, Right)) -> Held {
    let said = match got {
        Ok(records) => format!("{records} records"),
        Err(failure) if right(failure) => return Ok(()),
        Err(failure @ Failure::Unavailable { after_ms, .. }) => {
            let after =
                after_ms.map_or_else(|| "no delay".to_owned(), |ms| format!("after {ms} ms"));
            format!("{failure} ({after})")
        }
        Err(failure) => failure.to_string(),
    };
    ensure(false, || format!("expected {wanted}, got {said}"))
}

fn after_ms(failure: &Failure) -> Option<u64> {
    match failure {
        Failure::Unavailable { after_ms, .. } => *after_ms,
        _ => None,
    }
}

fn tracks(subject: &Subject) -> Result<impl Iterator<Item = &Track>, Ended> {
    if !subject.asks_http() {
        return Err(Ended::not_applicable("the plugin sends no requests"));
    }
    Ok(subject.baseline()?.tracks.iter().map(|(track, _)| track))
}
