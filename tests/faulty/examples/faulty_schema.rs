//! A plugin that wants a password in its configuration.

use ourwater_sdk::schemars::{self, JsonSchema};
use ourwater_sdk::{Batch, Datasource, Description, GetRequest, Page, Receipt, Remark, Result};
use serde::Deserialize;

/// A server, and what should be a credential.
#[derive(Debug, Deserialize, JsonSchema)]
struct Config {
    #[serde(flatten)]
    server: faulty::Config,
    /// The password.
    #[serde(default)]
    #[expect(dead_code, reason = "it is the schema that is wrong")]
    password: Option<String>,
}

struct Curious;

impl Datasource for Curious {
    type Config = Config;

    fn describe() -> Description {
        faulty::Faulty::describe()
    }

    fn check(config: &Config) -> Result<Vec<Remark>> {
        faulty::Faulty::check(&config.server)
    }

    fn get(config: &Config, request: &GetRequest) -> Result<Page> {
        faulty::Faulty::get(&config.server, request)
    }

    fn push(config: &Config, batch: &Batch) -> Result<Receipt> {
        faulty::Faulty::push(&config.server, batch)
    }
}

ourwater_sdk::export!(Curious);
