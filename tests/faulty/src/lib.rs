//! Wells and readings of a small REST server, both ways: a good plugin, unless its configuration
//! names a promise to break.
//!
//! [`server`] asks and tells, [`well`] and [`reading`] give pages, [`push`] takes batches. Each
//! [`Fault`] has the name of the check that finds it, and is a mistake people really make.

mod push;
mod reading;
mod server;
mod well;

use ourwater_sdk::schemars::{self, JsonSchema};
use ourwater_sdk::{
    Batch, Datasource, Datatype, Description, Duplicates, Failure, GetRequest, Items, Kind, Page,
    Paging, Receipt, Remark, Result,
};
use serde::Deserialize;
use serde_json::Value;

/// What the host has to grant.
const ASKS: &str = r#"{"http": "reads and writes the server at the url",
    "credentials": {"access": {"why": "the server answers those it knows", "header": "x-key"}}}"#;

/// A promise to break, by the name of the check that finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// A missing field is not named.
    MissingField,
    /// A field of another type is unwrapped.
    WrongTypes,
    /// The configuration is never accepted.
    Fixture,
    /// Trying out the configuration leaves a record.
    WritesNothing,
    /// Twice as many records as were asked for.
    PageSize,
    /// A full page means that more follows, and what follows the last is the first.
    PagingEnds,
    /// The half of an answer that did not fit is kept in memory, and the cursor is beyond it.
    Resume,
    /// A session is left open that only the instance which began it can end.
    TrapResume,
    /// The cursor is a time.
    EqualTimes,
    /// A cursor that cannot be read is unwrapped.
    Cursors,
    /// A value that is a text is unwrapped.
    StrangeValues,
    /// All records of an answer are understood, or none.
    BadRecord,
    /// The last cursor is the beginning.
    Incremental,
    /// The cursor is the time of observation.
    LateRecords,
    /// Whatever was selected, all comes.
    Selection,
    /// Whatever it is asked from, all comes.
    Since,
    /// A wait that is a date is not understood.
    RetryAfter,
    /// A server's failure is called the data's.
    ServerError,
    /// Half an answer is called wrong data.
    CutBody,
    /// What is no JSON holds no records.
    Html,
    /// An answer without records is the last.
    EmptyPage,
    /// A redirect is called a bad day.
    Redirect,
    /// A refusal of the host is called a bad day.
    UndeclaredHost,
    /// Nothing is looked up before it is created.
    PushTwice,
    /// Removals are not counted.
    Receipts,
    /// The first refusal ends the batch.
    BadPush,
    /// Values are rounded more than is said.
    RoundTrip,
    /// A lost answer is an error, after others took effect.
    LostAnswer,
    /// Every answer is kept.
    ThousandPages,
    /// What the server says of the key is passed on.
    Canary,
}

/// A server, and what is done wrong.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Its address, such as `https://wells.example`.
    #[schemars(with = "String", required, extend("x-origin" = true))]
    url: Option<Value>,
    /// The promise to break.
    #[serde(default)]
    fault: Option<Fault>,
}

/// The datasource.
#[derive(Debug)]
pub struct Faulty;

impl Datasource for Faulty {
    type Config = Config;

    fn describe() -> Description {
        Description {
            name: "faulty".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kind: Kind::Api,
            gets: vec![Datatype::Resource, Datatype::Reading],
            pushes: vec![Datatype::Reading],
            paging: Paging::Whole,
            duplicates: Duplicates::StoresBoth,
            decimals: Some(2),
            step: 1000,
            schema: String::new(),
            asks: ASKS.to_owned(),
            extra: String::new(),
        }
    }

    fn check(config: &Config) -> Result<Vec<Remark>> {
        let url = config.url()?;
        if config.breaks(Fault::Fixture) {
            return Err(config_failure("url", "it never fits"));
        }
        if config.breaks(Fault::WritesNothing) {
            server::write(config, "POST", "/probes", &Value::from("hello")).map_err(failed)?;
        }
        well::first(config)?;
        Ok(vec![Remark { field: "url".to_owned(), text: format!("{url} answers") }])
    }

    fn get(config: &Config, request: &GetRequest) -> Result<Page> {
        match request.datatype {
            Datatype::Resource => well::get(config, request),
            Datatype::Reading => reading::get(config, request),
            Datatype::Group => Err(Failure::Unsupported("it has no groups".to_owned())),
        }
    }

    fn push(config: &Config, batch: &Batch) -> Result<Receipt> {
        match &batch.items {
            Items::Readings(columns) => push::push(config, columns, batch.uncertain),
            _ => Err(Failure::Unsupported("it takes readings only".to_owned())),
        }
    }
}

impl Config {
    fn breaks(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn url(&self) -> Result<&str> {
        let field = if self.breaks(Fault::MissingField) { "" } else { "url" };
        let url = self.url.as_ref().ok_or_else(|| config_failure(field, "it is missing"))?;
        if self.breaks(Fault::WrongTypes) {
            return Ok(url.as_str().expect("a URL is a text"));
        }
        let text = url.as_str().filter(|url| url.starts_with("http"));
        text.ok_or_else(|| config_failure("url", "it is no address"))
    }
}

fn config_failure(field: &str, text: &str) -> Failure {
    Failure::Config(Remark { field: field.to_owned(), text: text.to_owned() })
}

fn failed(unwritten: ourwater_sdk::http::Unwritten) -> Failure {
    match unwritten {
        ourwater_sdk::http::Unwritten::Untried(failure) => failure,
        ourwater_sdk::http::Unwritten::Unknown(delay) => Failure::Unavailable(delay),
    }
}
