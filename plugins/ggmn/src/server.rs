//! Questions to the server in Lizard's words. Its answers may point to other hosts or schemes; only
//! whether there is a next page is believed, and every question goes to the configured address.

use ourwater_sdk::Result;
use ourwater_sdk::http::{Answer, Call, Fault};
use serde::Deserialize;
use serde_json::Value;

use crate::config::{Config, wrong};

/// A page of a list. Its `count` is not to be relied on.
#[derive(Debug, Deserialize)]
pub(crate) struct Listing {
    pub(crate) results: Vec<Value>,
    #[serde(default)]
    next: Value,
    #[serde(default)]
    pub(crate) count: Value,
}

impl Listing {
    pub(crate) fn is_last(&self) -> bool {
        self.next.as_str().is_none_or(|next| next.trim().is_empty())
    }
}

/// A parameter of a question.
pub(crate) type Parameter = (&'static str, String);

/// A page of a list, and the server's time. None: there is no page of this number, since things were
/// removed meanwhile, or the list stands below a thing that is not there.
pub(crate) fn list(
    config: &Config,
    path: &str,
    parameters: &[Parameter],
    page: u32,
    size: u32,
) -> Result<Option<Answer<Listing>>> {
    let mut call = call(config, "GET", path)?;
    for (name, value) in parameters {
        call = call.query(name, value);
    }
    let call = call.query("page", &page.to_string()).query("page_size", &size.to_string());
    let answer = call.find(Fault::Config("url"))?;
    let has_owner = path.trim_end_matches('/').contains('/');
    if answer.is_none() && page == 1 && !has_owner {
        return Err(wrong("url", &format!("there is no {path} at this address")));
    }
    Ok(answer)
}

/// Asks what costs least; who may not, may nothing.
pub(crate) fn knock(config: &Config) -> Result<()> {
    list(config, "organisations/", &[], 1, 1).map(|_| ())
}

/// One thing, by its address; none where there is no such thing, or none that we may see.
pub(crate) fn find(config: &Config, path: &str) -> Result<Option<Value>> {
    let answer = call(config, "GET", path)?.find(Fault::Config("url"))?;
    Ok(answer.map(|answer| answer.body))
}

/// A request to the API.
pub(crate) fn call(config: &Config, verb: &str, path: &str) -> Result<Call> {
    Ok(Call::new(verb, &config.address(path)?).credential(config.credential()))
}
