//! Questions to the server and what it is told, in LoopBack's words.

use ourwater_sdk::http::{Answer, Call, Fault};
use ourwater_sdk::{Failure, Result};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::config::Config;

/// Rows of one answer; they weigh some 150 bytes each.
pub(crate) const ROWS_MAX: u32 = 5_000;

/// Which rows, in which order, and what of them.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    /// Holds rows: "readings" and so on.
    pub(crate) from: &'static str,
    pub(crate) columns: &'a [&'a str],
    /// All of them have to hold.
    pub(crate) conditions: Vec<Value>,
    /// Columns, ascending.
    pub(crate) order: &'a [&'a str],
    pub(crate) limit: u32,
}

/// The rows, and the server's time.
pub(crate) fn find<T: DeserializeOwned>(
    config: &Config,
    question: &Question<'_>,
) -> Result<Answer<Vec<T>>> {
    let fields = question.columns.iter().map(|&column| (column.to_owned(), Value::Bool(true)));
    let order: Vec<String> = question.order.iter().map(|column| format!("{column} ASC")).collect();
    let mut filter = json!({
        "fields": Value::Object(fields.collect()),
        "order": order,
        "limit": question.limit,
    });
    let empty = |condition: &&Value| condition.as_object().is_none_or(|it| !it.is_empty());
    let conditions: Vec<&Value> = question.conditions.iter().filter(empty).collect();
    if !conditions.is_empty() {
        filter["where"] = json!({"and": conditions});
    }
    let call = call(config, "GET", question.from)?.query("filter", &filter.to_string());
    let answer = call.read::<Vec<T>>(Fault::Config("url"))?;
    if answer.body.len() > question.limit as usize {
        let text = format!("the server gave more than the {} rows asked for", question.limit);
        return Err(Failure::Data(text));
    }
    Ok(answer)
}

/// A request to one of the server's methods.
pub(crate) fn call(config: &Config, verb: &str, method: &str) -> Result<Call> {
    Ok(Call::new(verb, &config.address(method)?).credential(config.credential()))
}
