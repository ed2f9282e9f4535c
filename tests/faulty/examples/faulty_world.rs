//! A plugin that wants to reach servers and does not say why.

use ourwater_sdk::{Datasource, Description, GetRequest, Page, Remark, Result};

struct Silent;

impl Datasource for Silent {
    type Config = faulty::Config;

    fn describe() -> Description {
        let asks =
            r#"{"http": "", "credentials": {"access": {"why": "to be known", "header": "x-key"}}}"#;
        Description { asks: asks.to_owned(), ..faulty::Faulty::describe() }
    }

    fn check(config: &faulty::Config) -> Result<Vec<Remark>> {
        faulty::Faulty::check(config)
    }

    fn get(config: &faulty::Config, request: &GetRequest) -> Result<Page> {
        faulty::Faulty::get(config, request)
    }

    fn push(config: &faulty::Config, batch: &ourwater_sdk::Batch) -> Result<ourwater_sdk::Receipt> {
        faulty::Faulty::push(config, batch)
    }
}

ourwater_sdk::export!(Silent);
