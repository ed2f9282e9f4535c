//! Between the contract's functions and [`Datasource`]: configurations are parsed here, once a call.

use std::marker::PhantomData;

use crate::bindings::exports::ourwater::datasource::datasource::Guest;
use crate::{
    Batch, Datasource, Description, Failure, GetRequest, Page, Proposal, Receipt, Remark, Result,
};

/// The component made of a [`Datasource`].
#[derive(Debug)]
pub struct Adapter<D>(PhantomData<D>);

impl<D: Datasource> Guest for Adapter<D> {
    fn describe() -> Description {
        Description { schema: schema::<D>(), ..D::describe() }
    }

    fn propose(config: String) -> Result<Proposal> {
        D::propose(&object(&config)?)
    }

    fn check(config: String) -> Result<Vec<Remark>> {
        D::check(&parse::<D>(&config)?)
    }

    fn get(config: String, request: GetRequest) -> Result<Page> {
        D::get(&parse::<D>(&config)?, &request)
    }

    fn push(config: String, batch: Batch) -> Result<Receipt> {
        D::push(&parse::<D>(&config)?, &batch)
    }
}

fn schema<D: Datasource>() -> String {
    schemars::schema_for!(D::Config).as_value().to_string()
}

fn object(config: &str) -> Result<serde_json::Value> {
    match serde_json::from_str(config) {
        Ok(value @ serde_json::Value::Object(_)) => Ok(value),
        Ok(_) => Err(invalid("the configuration must be a JSON object")),
        Err(error) => Err(invalid(&error.to_string())),
    }
}

fn parse<D: Datasource>(config: &str) -> Result<D::Config> {
    serde_json::from_str(config).map_err(|error| invalid(&error.to_string()))
}

/// serde names a field between backquotes ("missing field `file`"): that is the remark's field. A
/// value of a wrong type stands there too, and is none.
fn invalid(text: &str) -> Failure {
    let names_field = ["missing field", "unknown field", "duplicate field"];
    let named = names_field.iter().any(|beginning| text.starts_with(beginning));
    let field = text.split('`').nth(1).filter(|_| named).unwrap_or_default().to_owned();
    Failure::Config(Remark { field, text: text.to_owned() })
}
