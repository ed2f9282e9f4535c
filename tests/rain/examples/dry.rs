//! A gauge where it never rains: what a call costs that gives nothing.

use ourwater_sdk::{
    Datasource, Datatype, Description, GetRequest, Items, Kind, Page, Remark, Result, paging,
};

/// Nothing to fill in.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {}

/// Gives an empty page, always the last one.
#[derive(Debug)]
pub struct Dry;

impl Datasource for Dry {
    type Config = Config;

    fn describe() -> Description {
        Description::of("dry", "1.0.0", Kind::File, [Datatype::Reading])
    }

    fn check(_: &Config) -> Result<Vec<Remark>> {
        Ok(vec![])
    }

    fn get(_: &Config, _: &GetRequest) -> Result<Page> {
        Ok(paging::page(Items::Readings(vec![]), "end".to_owned(), false))
    }
}

ourwater_sdk::export!(Dry);
