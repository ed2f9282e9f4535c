//! Open conflicts of a sync: both values, and a button for each.

use axum::extract::State;
use axum::response::Redirect;
use maud::{Markup, html};
use serde_json::Value;

use super::form::Form;
use super::{Result, csrf, time};
use crate::domain::conflict::{Choice, Conflict};
use crate::domain::id::ConflictId;
use crate::domain::organisation::Zone;
use crate::domain::sync::UnknownWord;
use crate::http::Server;
use crate::http::error::Error;
use crate::http::path::Id;
use crate::http::session::Session;
use crate::store;

/// Decides one, and shows its sync again.
pub(in crate::http) async fn decide(
    State(server): State<Server>,
    id: std::result::Result<Id<ConflictId>, Error>,
    form: Form,
) -> Result<Redirect> {
    let Id(id) = id?;
    let (organisation, store) = (&form.session.organisation.id, &server.app.store);
    let conflict = store.conflict(organisation, &id).await?;
    let choice: Choice = form
        .field("choose")
        .parse()
        .map_err(|error: UnknownWord| Error::unfit("choose", error.to_string()))?;
    let now = server.app.clock.now();
    match store.resolve_conflict(organisation, &id, choice.into(), now).await {
        // Somebody was faster: the page shows it.
        Ok(_) | Err(store::Error::Decided(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(Redirect::to(&format!("/syncs/{}#conflicts", conflict.sync)))
}

/// Those that a person has to decide.
pub(super) fn table(open: &[Conflict], session: &Session, zone: Zone) -> Markup {
    html! {
        @if !open.is_empty() {
            h2 id="conflicts" { "Both sides changed these, differently" }
            p { "Until one value is chosen, a record stays as it is on both sides." }
            section {
                table {
                    thead { tr {
                        th scope="col" { "Record" }
                        th scope="col" { "Agreed before" }
                        th scope="col" { "Here" }
                        th scope="col" { "There" }
                    } }
                    tbody {
                        @for conflict in open { (row(conflict, session, zone)) }
                    }
                }
            }
        }
    }
}

fn row(conflict: &Conflict, session: &Session, zone: Zone) -> Markup {
    let what = match conflict.time {
        Some(time) => time::shown(time, zone),
        None => conflict.field.clone(),
    };
    html! {
        tr {
            td { (conflict.datatype) " " (conflict.record) " " span class="quiet" { (what) } }
            td { @if let Some(base) = &conflict.base { (shown(base)) } @else { "nothing" } }
            @for (choice, value) in
                [(Choice::Ours, &conflict.ours), (Choice::Theirs, &conflict.theirs)]
            {
                td {
                    (shown(value))
                    form method="post" action={ "/conflicts/" (conflict.id) } {
                        (csrf(&session.csrf))
                        input type="hidden" name="choose" value=(choice);
                        button aria-label={ "Take " (choice) ": " (shown(value)) } { "Take this" }
                    }
                }
            }
        }
    }
}

/// A reading by its value, anything else as it is.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(reading) => match reading.get("value") {
            Some(number) => number.to_string(),
            None => value.to_string(),
        },
        other => other.to_string(),
    }
}
