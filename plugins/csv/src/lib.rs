//! Readings, resources and groups from and to CSV files as people really have them.
//!
//! [`config`] says what the columns mean and [`detect`] works that out from the file itself.
//! [`source`] gives the file as text in ranges, [`table`] its rows, [`row`] what a row says,
//! [`page`] a page of readings and [`records`] one of resources or groups; [`export`] writes.
//! A row is a reading, or empty, or a rejection that names its line: never silently anything else.

mod check;
mod column;
mod config;
mod cursor;
mod detect;
mod encoding;
mod export;
mod failure;
mod gather;
mod hour;
mod layout;
mod number;
mod page;
mod records;
mod rejected;
mod row;
mod sheet;
mod source;
mod table;
mod time;
mod zone;

use ourwater_sdk::{
    Batch, Datasource, Datatype, Description, Duplicates, GetRequest, Items, Kind, Page, Paging,
    Proposal, Receipt, Remark, Result, paging,
};

pub use config::Config;
pub use cursor::forget;

/// The CSV datasource.
#[derive(Debug)]
pub struct Csv;

impl Datasource for Csv {
    type Config = Config;

    fn describe() -> Description {
        Description {
            name: "csv".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kind: Kind::File,
            gets: vec![Datatype::Group, Datatype::Resource, Datatype::Reading],
            pushes: vec![Datatype::Group, Datatype::Resource, Datatype::Reading],
            paging: Paging::Whole,
            duplicates: Duplicates::StoresBoth,
            decimals: None,
            step: 1,
            schema: String::new(),
            asks: r#"{"files":"reads the uploaded file, appends to the exported one"}"#.to_owned(),
            extra: String::new(),
        }
    }

    fn propose(config: &serde_json::Value) -> Result<Proposal> {
        detect::propose(config)
    }

    fn check(config: &Config) -> Result<Vec<Remark>> {
        check::check(config)
    }

    fn get(config: &Config, request: &GetRequest) -> Result<Page> {
        let Config { readings, resources, groups, .. } = config;
        match request.datatype {
            Datatype::Reading => match readings {
                Some(table) => page::get(config, table, request),
                None => Ok(nothing(Items::Readings(Vec::new()))),
            },
            Datatype::Resource => match resources {
                Some(table) => records::resources(config, table, request),
                None => Ok(nothing(Items::Resources(Vec::new()))),
            },
            Datatype::Group => match groups {
                Some(table) => records::groups(config, table, request),
                None => Ok(nothing(Items::Groups(Vec::new()))),
            },
        }
    }

    fn push(config: &Config, batch: &Batch) -> Result<Receipt> {
        export::push(config, batch)
    }
}

/// The empty last page of what the file does not hold.
fn nothing(items: Items) -> Page {
    paging::page(items, "{}".to_owned(), false)
}

ourwater_sdk::export!(Csv);
