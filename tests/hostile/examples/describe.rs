//! A plugin that never says what it is.

use ourwater_sdk::{Datasource, Description, GetRequest, Page, Remark, Result};

/// The silent datasource.
#[derive(Debug)]
pub struct Silent;

impl Datasource for Silent {
    type Config = bool;

    fn describe() -> Description {
        loop {
            std::hint::black_box(0);
        }
    }

    fn check(_config: &bool) -> Result<Vec<Remark>> {
        Ok(Vec::new())
    }

    fn get(_config: &bool, _request: &GetRequest) -> Result<Page> {
        loop {
            std::hint::black_box(0);
        }
    }
}

ourwater_sdk::export!(Silent);
