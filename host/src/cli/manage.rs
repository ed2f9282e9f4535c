//! What there is, one file a kind: create, list, show, change, delete.

mod admin;
mod conflict;
mod credential;
mod datasource;
mod file;
mod group;
mod org;
mod plugin;
mod readings;
mod resource;
mod run;
mod sync;

use serde::Serialize;
use serde_json::json;

use super::output::Output;

pub(super) use admin::Admin;
pub(super) use conflict::Conflict;
pub(super) use datasource::Datasource;
pub(super) use file::File;
pub(super) use group::Group;
pub(super) use org::Org;
pub(super) use plugin::Plugin;
pub(super) use readings::Readings;
pub(super) use resource::Resource;
pub(super) use run::Run;
pub(super) use sync::Sync;

/// Some of one kind, one a line or as a JSON array.
fn list<T: Serialize>(output: Output, items: &[T], line: impl Fn(&T) -> String) {
    for item in items {
        output.say(&super::output::clean(&line(item)));
    }
    output.object(&json!(items));
}

/// One, as JSON in either case: it is for reading and for programs alike.
fn show<T: Serialize>(output: Output, item: &T) {
    let object = json!(item);
    output.show(&format!("{object:#}"), &object);
}
