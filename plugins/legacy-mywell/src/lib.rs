//! Groups, resources and readings from and to LegacyMyWell, a LoopBack server.
//!
//! [`server`] asks and tells, [`row`] is what it answers, [`id`] and [`quantity`] what its numbers
//! mean, [`select`] which of them are wanted. [`group`], [`resource`] and [`reading`] give pages;
//! [`push`] takes batches, and says truly of each record what became of it. [`present`] looks at
//! what is there.

mod config;
mod group;
mod id;
mod present;
mod push;
mod quantity;
mod reading;
mod resource;
mod row;
mod select;
mod server;
mod time;

use ourwater_sdk::{
    Batch, Datasource, Datatype, Description, Duplicates, Failure, GetRequest, Items, Kind, Page,
    Paging, Receipt, Remark, Result,
};

pub use config::Config;

/// What the host has to grant, and how it logs in.
const ASKS: &str = r#"{"http":"reads and writes the LegacyMyWell server at the url","credentials":{"access":{"why":"readings are shown to its users only","login":{"path":"/api/Clients/login","user":"username","password":"password","token":"/id","send":{"query":"access_token"}},"query":"access_token"}}}"#;

/// The LegacyMyWell datasource.
#[derive(Debug)]
pub struct LegacyMyWell;

impl Datasource for LegacyMyWell {
    type Config = Config;

    fn describe() -> Description {
        Description {
            name: "legacy-mywell".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kind: Kind::Api,
            gets: vec![Datatype::Group, Datatype::Resource, Datatype::Reading],
            pushes: vec![Datatype::Resource, Datatype::Reading],
            paging: Paging::Whole,
            duplicates: Duplicates::StoresBoth,
            decimals: Some(2),
            step: 1000,
            schema: String::new(),
            asks: ASKS.to_owned(),
            // It has no names: a resource comes back called by its id.
            extra: r#"{"keeps":{"resource":["kind","position","elevation","owner","groups"]}}"#
                .to_owned(),
        }
    }

    fn check(config: &Config) -> Result<Vec<Remark>> {
        let (resources, more) = resource::count(config)?;
        reading::any(config)?;
        let some = if more { "more than " } else { "" };
        let text = format!("the server answers, and has {some}{resources} resources");
        Ok(vec![Remark { field: "url".to_owned(), text }])
    }

    fn get(config: &Config, request: &GetRequest) -> Result<Page> {
        match request.datatype {
            Datatype::Group => group::get(config, request),
            Datatype::Resource => resource::get(config, request),
            Datatype::Reading => reading::get(config, request),
        }
    }

    fn push(config: &Config, batch: &Batch) -> Result<Receipt> {
        match &batch.items {
            Items::Readings(all) => push::reading::push(config, all, &batch.bases),
            Items::Resources(all) => push::resource::push(config, all, batch.uncertain),
            Items::Groups(_) => Err(Failure::Unsupported(
                "LegacyMyWell takes villages from its own administrators only".to_owned(),
            )),
        }
    }
}

ourwater_sdk::export!(LegacyMyWell);
