//! What the server says of what it was told, in LoopBack 2's shape or 3's.

use ourwater_sdk::Delay;
use ourwater_sdk::http::{self, Call, Response, Unwritten};
use serde::Deserialize;
use serde_json::Value;

/// Characters of the server's reason that are kept.
const REASON_CHARACTERS_MAX: usize = 300;

/// What the server says of a request.
#[derive(Debug)]
pub(super) enum Said {
    /// Done; with the record, or the records, as stored.
    Done(Value),
    /// Nothing was done, and will not be.
    Refused { status: u16, reason: String },
    /// Of each record of an array: none where it was stored.
    Partly(Vec<Option<Blame>>),
    /// It may have been done.
    Unclear(Delay),
}

/// Why one record of an array was not taken.
#[derive(Debug)]
pub(super) struct Blame {
    status: u16,
    pub(super) reason: String,
}

impl Blame {
    /// Whether the record certainly was not stored: what is found wrong before storing is the
    /// client's fault, and what fails after it is the server's.
    pub(super) fn is_sure(&self) -> bool {
        (400..=499).contains(&self.status)
    }
}

/// LoopBack 2 and 3 both answer `{"error": …}`; 2 has a `status` as well, and a text for 500s.
#[derive(Deserialize)]
struct Envelope {
    error: Wrong,
}

#[derive(Deserialize)]
struct Wrong {
    #[serde(default, rename = "statusCode", alias = "status")]
    status: Value,
    #[serde(default)]
    message: Value,
    #[serde(default)]
    details: Value,
}

/// Sends what changes something.
pub(super) fn tell(call: &Call) -> Result<Said, Unwritten> {
    call.write().map(|response| said(&response))
}

fn said(response: &Response) -> Said {
    let unclear = |reason: String| Said::Unclear(Delay { reason, after_ms: None });
    if (200..=299).contains(&response.status) {
        return match http::json(response) {
            Ok(value) => Said::Done(value),
            Err(failure) => unclear(format!("{failure:?}")),
        };
    }
    let wrong = serde_json::from_slice::<Value>(&response.body).ok().and_then(wrong);
    let details = wrong.as_ref().and_then(|wrong| wrong.details.as_array());
    if let Some(details) = details {
        return Said::Partly(details.iter().map(blame).collect());
    }
    let reason = wrong.map_or_else(|| format!("HTTP {}", response.status), |wrong| reason(&wrong));
    if response.status == 500 {
        return unclear(format!("the server answered 500: {reason}"));
    }
    Said::Refused { status: response.status, reason }
}

/// `details` of an array holds such errors too, so a LoopBack 2 error may have both `status` and
/// `statusCode`: serde would call that a duplicate.
fn wrong(mut value: Value) -> Option<Wrong> {
    if let Some(error) = value.get_mut("error").and_then(Value::as_object_mut)
        && error.contains_key("statusCode")
    {
        error.remove("status");
    }
    serde_json::from_value::<Envelope>(value).ok().map(|envelope| envelope.error)
}

fn blame(detail: &Value) -> Option<Blame> {
    if detail.is_null() {
        return None;
    }
    let status = detail.get("statusCode").or_else(|| detail.get("status")).and_then(Value::as_u64);
    let status = status.and_then(|status| u16::try_from(status).ok());
    let validation = detail.get("name").is_some_and(|name| name == "ValidationError");
    let message = detail.get("message").and_then(Value::as_str).unwrap_or("no reason is given");
    let status = status.unwrap_or(if validation { 422 } else { 500 });
    Some(Blame { status, reason: cut(message) })
}

fn reason(wrong: &Wrong) -> String {
    let status = wrong.status.as_u64().unwrap_or(0);
    wrong.message.as_str().map_or_else(|| format!("HTTP {status}"), cut)
}

fn cut(text: &str) -> String {
    let plain = text.chars().map(|it| if it.is_control() { ' ' } else { it });
    plain.take(REASON_CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Said {
        said(&Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() })
    }

    #[test]
    fn an_array_is_half_stored_in_both_shapes() {
        let three = r#"{"error":{"statusCode":500,"message":"m","details":[null,{"statusCode":422,"message":"bad"},{"statusCode":500,"message":"Internal Server Error"}]}}"#;
        let two = r#"{"error":{"name":"Error","status":500,"statusCode":500,"message":"m","stack":"s","details":[null,{"name":"ValidationError","status":422,"statusCode":422,"message":"bad","stack":"s"},{"name":"Error","message":"resource doesnt exist!","stack":"s"}]}}"#;
        for body in [three, two] {
            let Said::Partly(fates) = answer(500, body) else { panic!("{body}") };
            let sure: Vec<_> = fates.iter().map(|fate| fate.as_ref().map(Blame::is_sure)).collect();
            assert_eq!(sure, [None, Some(true), Some(false)]);
        }
    }

    #[test]
    fn a_500_without_details_says_nothing_of_what_was_stored() {
        for body in
            ["", "<html>", r#"{"error":{"statusCode":500,"message":"Internal Server Error"}}"#]
        {
            assert!(matches!(answer(500, body), Said::Unclear(_)), "{body}");
        }
        assert!(matches!(answer(200, "<html>"), Said::Unclear(_)));
    }

    #[test]
    fn a_refusal_keeps_its_reason() {
        let body = r#"{"error":{"status":400,"statusCode":400,"message":"Reading cannot be in the future!"}}"#;
        let Said::Refused { status, reason } = answer(400, body) else { panic!("refused") };
        assert_eq!((status, reason.as_str()), (400, "Reading cannot be in the future!"));
        assert!(matches!(answer(413, "<html>"), Said::Refused { status: 413, .. }));
    }
}
