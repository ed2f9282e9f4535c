//! Wells and readings from and to GGMN, and any other Lizard server, by its API v3 or v4.
//!
//! [`server`] asks, [`walk`] goes through its lists, and [`value`], [`time`], [`quantity`] and
//! [`flag`] say what stands in them. [`resource`] gives wells, [`network`] the groups they are in,
//! [`reading`] the readings of each [`series`]; [`push`] takes readings, and says truly of each what
//! became of it. [`check`] tries a configuration, and finds out what it leaves open.

mod check;
mod config;
mod event;
mod flag;
mod network;
mod push;
mod quantity;
mod reading;
mod resource;
mod series;
mod server;
mod time;
mod value;
mod walk;
mod well;

use ourwater_sdk::{
    Batch, Datasource, Datatype, Description, Duplicates, Failure, GetRequest, Items, Kind, Page,
    Paging, Proposal, Receipt, Remark, Result,
};

pub use config::{Bbox, Config, Version};

/// What the host has to grant, and how it logs in.
const ASKS: &str = r#"{"http":"reads wells and readings of the Lizard server at the url, and writes readings there","credentials":{"access":{"why":"most wells are shown to their organisation only, and readings are taken from it only. The user is __key__ and the password a personal API key: in Lizard, under management, personal API keys, new item. API v3 may want a user's own name and password instead","basic":true}}}"#;

/// The GGMN datasource.
#[derive(Debug)]
pub struct Ggmn;

impl Datasource for Ggmn {
    type Config = Config;

    fn describe() -> Description {
        let gets = [Datatype::Group, Datatype::Resource, Datatype::Reading];
        Description {
            pushes: vec![Datatype::Reading],
            paging: Paging::EachResource,
            duplicates: Duplicates::Overwrites,
            asks: ASKS.to_owned(),
            ..Description::of("ggmn", env!("CARGO_PKG_VERSION"), Kind::Api, gets)
        }
    }

    fn propose(config: &serde_json::Value) -> Result<Proposal> {
        check::propose(config)
    }

    fn check(config: &Config) -> Result<Vec<Remark>> {
        check::check(config)
    }

    fn get(config: &Config, request: &GetRequest) -> Result<Page> {
        config.validate()?;
        match request.datatype {
            Datatype::Group => network::get(config, request),
            Datatype::Resource => resource::get(config, request),
            Datatype::Reading => reading::get(config, request),
        }
    }

    fn push(config: &Config, batch: &Batch) -> Result<Receipt> {
        config.validate()?;
        match &batch.items {
            Items::Readings(all) => push::push(config, all, batch),
            Items::Resources(_) => Err(Failure::Unsupported(
                "wells are made in Lizard itself, by its administrators or its import".to_owned(),
            )),
            Items::Groups(_) => Err(Failure::Unsupported(
                "monitoring networks are made in Lizard itself".to_owned(),
            )),
        }
    }
}

ourwater_sdk::export!(Ggmn);
