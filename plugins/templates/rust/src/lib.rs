//! Wells and their readings, from and to a server that server.md describes.
//!
//! [`get`] gives pages, [`push`] takes batches; here is what the plugin says of itself.

mod get;
mod push;

use ourwater_sdk::http::{Call, Fault};
use ourwater_sdk::schemars::{self, JsonSchema};
use ourwater_sdk::{
    Batch, Datasource, Datatype, Description, Duplicates, Failure, GetRequest, Kind, Page, Receipt,
    Remark, Result, Series,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// What an administrator fills in. It becomes a JSON Schema, and the comments its help texts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The server's address, such as `https://wells.example.org`.
    #[schemars(extend("x-origin" = true))]
    url: String,
    /// Ask without the credential `access`.
    #[serde(default)]
    anonymous: bool,
}

impl Config {
    /// A request to the server. The host adds the credential; it never comes in here.
    fn call(&self, method: &str, path: &str) -> Result<Call> {
        let base = self.url.trim_end_matches('/');
        if !base.starts_with("https://") && !base.starts_with("http://") {
            let text = "an address begins with https:// or http://".to_owned();
            return Err(Failure::Config(Remark { field: "url".to_owned(), text }));
        }
        let credential = (!self.anonymous).then_some("access");
        Ok(Call::new(method, &format!("{base}/{path}")).credential(credential))
    }
}

/// The datasource.
#[derive(Debug)]
pub struct Wells;

impl Datasource for Wells {
    type Config = Config;

    fn describe() -> Description {
        let gets = [Datatype::Resource, Datatype::Reading];
        Description {
            pushes: vec![Datatype::Reading],
            duplicates: Duplicates::Overwrites,
            asks: asks().to_string(),
            ..Description::of("rest-wells", env!("CARGO_PKG_VERSION"), Kind::Api, gets)
        }
    }

    fn check(config: &Config) -> Result<Vec<Remark>> {
        let call = config.call("GET", "readings")?.query("limit", "1");
        call.read::<Vec<Value>>(Fault::Config("url"))?;
        let text = "the server answers, and gives readings".to_owned();
        Ok(vec![Remark { field: "url".to_owned(), text }])
    }

    fn get(config: &Config, request: &GetRequest) -> Result<Page> {
        get::page(config, request)
    }

    fn push(config: &Config, batch: &Batch) -> Result<Receipt> {
        push::batch(config, batch)
    }
}

/// What the administrator is asked to allow, and why.
fn asks() -> Value {
    json!({
        "http": "reads and writes the wells of the server at the url",
        "credentials": {"access": {"why": "to write readings", "bearer": true, "basic": true}},
    })
}

/// The server keeps one series of each well.
fn series(well: &str) -> Series {
    Series::of(well, "level", "depth-below-ground", "m")
}

ourwater_sdk::export!(Wells);
