//! Tries a configuration, and finds out what it leaves open.

use ourwater_sdk::{Choice, Failure, Proposal, Question, Remark, Result};
use serde_json::{Value, json};

use crate::config::{Config, Version, wrong};
use crate::resource;
use crate::server;
use crate::value::number;
use crate::walk::{self, Cursor, Part};
use crate::well::{self, Well};

/// Codes that are looked up; each is a question.
const CODES_TRIED: usize = 10;

/// Tries the configuration. Writes nothing.
pub(crate) fn check(config: &Config) -> Result<Vec<Remark>> {
    config.validate()?;
    server::knock(config)?;
    let mut remarks = vec![remark("url", "the server answers")];
    if config.selects_all() {
        remarks.push(everything(config)?);
    }
    if config.codes.is_empty() {
        remarks.extend(selected(config)?);
    }
    for code in config.codes.iter().take(CODES_TRIED) {
        remarks.extend(unknown_code(config, code)?);
    }
    let text = if config.anonymous {
        "without an API key only public wells are shown, and no reading is taken"
    } else {
        "whether the key may also write shows when a reading is pushed: its owner has to be a \
         supplier of the series or an administrator of their organisation"
    };
    remarks.push(remark("access", text));
    if config.version == Version::V3 {
        remarks.push(remark("version", "API v3 has no monitoring networks, and so no groups"));
    }
    Ok(remarks)
}

/// Works out the version of the API by asking for both.
pub(crate) fn propose(config: &Value) -> Result<Proposal> {
    let mut proposed = config.clone();
    if config.get("url").and_then(Value::as_str).is_none_or(|url| url.trim().is_empty()) {
        let text = "Which Lizard? Its address, such as https://ggmn.lizard.net";
        let undecided = vec![question("url", text, Vec::new())];
        return Ok(Proposal { config: proposed.to_string(), found: Vec::new(), undecided });
    }
    let (mut found, mut undecided) = (Vec::new(), Vec::new());
    if config.get("version").is_none() {
        let (name, why) = version(config)?;
        proposed["version"] = json!(name);
        found.push(remark("version", why));
    }
    let full: Config = read(&proposed)?;
    // Who names no codes, in so many words, wants all.
    if full.selects_all() && config.get("codes").is_none() {
        let text = "Which wells? Without codes, a bbox or an organisation all that the key may \
                    see are read, and that may be a hundred thousand";
        undecided.push(question("codes", text, some_codes(&full)?));
    }
    Ok(Proposal { config: proposed.to_string(), found, undecided })
}

/// The newer version that answers.
fn version(config: &Value) -> Result<(&'static str, &'static str)> {
    let with = |name: &str| {
        let mut tried = config.clone();
        tried["version"] = json!(name);
        read(&tried).and_then(|config| server::knock(&config))
    };
    match with("v4") {
        Ok(()) => Ok(("v4", "the server answers API v4, which says what changed")),
        // There is nothing at its address: an older server, or no Lizard at all.
        Err(Failure::Config(_)) => {
            with("v3").map(|()| ("v3", "the server answers API v3, and not v4"))
        }
        Err(failure) => Err(failure),
    }
}

fn everything(config: &Config) -> Result<Remark> {
    let listing = server::list(config, well::PATH, &[], 1, 1)?;
    let count = listing.and_then(|answer| number(&answer.body.count));
    let there = count.map_or_else(String::new, |count| format!(" The server speaks of {count}."));
    let text = format!(
        "no wells are selected, so that each run asks for all of them; give codes, a bbox or an \
         organisation, or choose wells by their ids.{there}"
    );
    Ok(remark("codes", &text))
}

/// Whether anything is selected, and by the server itself.
fn selected(config: &Config) -> Result<Option<Remark>> {
    let wells = some(config, &resource::parts(config, &[]))?;
    let field = if config.bbox.is_some() { "bbox" } else { "organisation" };
    let wanted = wells.iter().filter(|well| well.is_wanted(config)).count();
    Ok(if wells.is_empty() {
        Some(remark(field, "there is no well, or none that the key may see"))
    } else if wanted < wells.len() {
        let text = "the server does not select so, and gives other wells too: each run has to \
                    walk through all of them";
        Some(remark(field, text))
    } else {
        None
    })
}

fn unknown_code(config: &Config, code: &str) -> Result<Option<Remark>> {
    let one = Config { codes: vec![code.to_owned()], ..config.clone() };
    let wells = some(&one, &resource::parts(&one, &[]))?;
    let there = wells.iter().any(|well| well.is_wanted(&one));
    let text = format!("no well that is selected has the code {code:?}, or the key may not see it");
    Ok((!there).then(|| remark("codes", &text)))
}

fn some_codes(config: &Config) -> Result<Vec<Choice>> {
    let wells = some(config, &[Part::List(Vec::new())])?;
    let choice = |well: &Well| {
        let code = well.code.clone()?;
        let at = well.position.map(|at| format!(" at {}, {}", at.longitude, at.latitude));
        let example = format!("well {}{}", well.id, at.unwrap_or_default());
        Some(Choice { value: json!([code]).to_string(), example })
    };
    let all = Choice { value: "[]".to_owned(), example: "all of them".to_owned() };
    Ok(wells.iter().filter_map(choice).chain([all]).collect())
}

/// A few of the wells that these parts give.
fn some(config: &Config, parts: &[Part]) -> Result<Vec<Well>> {
    const WELLS: u32 = 5;
    let mut cursor: Option<Cursor> = None;
    let found = walk::next(config, well::PATH, parts, &mut cursor, WELLS)?;
    Ok(found.records.into_iter().filter_map(|station| Well::read(station).ok()).collect())
}

fn read(config: &Value) -> Result<Config> {
    let config: Config = serde_json::from_value(config.clone()).map_err(|error| {
        let text = error.to_string();
        wrong(text.split('`').nth(1).unwrap_or_default(), &text)
    })?;
    config.validate()?;
    Ok(config)
}

fn remark(field: &str, text: &str) -> Remark {
    Remark { field: field.to_owned(), text: text.to_owned() }
}

fn question(field: &str, text: &str, choices: Vec<Choice>) -> Question {
    Question { field: field.to_owned(), text: text.to_owned(), choices }
}
