//! What the server says of what it was told, in LoopBack 2's shape or 3's.

use ourwater_sdk::Delay;
use ourwater_sdk::http::{self, Call, Response, Unwritten};
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
    /// The server is through with it, and it may have been done all the same: what comes after
    /// storing fails with such answers too. Looking will tell.
    Doubtful(String),
    /// It may have been done, or may be under way still.
    Unclear(Delay),
}

/// Why one record of an array was not taken.
#[derive(Debug)]
pub(super) struct Blame {
    /// The record certainly was not stored.
    pub(super) is_sure: bool,
    pub(super) reason: String,
}

/// Sends what changes something: a record of `model`, or an array of such.
pub(super) fn tell(call: &Call, model: &str) -> Result<Said, Unwritten> {
    call.write().map(|response| said(&response, model))
}

fn said(response: &Response, model: &str) -> Said {
    let unclear = |reason: String| Said::Unclear(Delay { reason, after_ms: None });
    let status = response.status;
    if (200..=299).contains(&status) {
        return match http::json(response) {
            Ok(value) => Said::Done(value),
            Err(failure) => unclear(format!("{failure:?}")),
        };
    }
    // LoopBack 2 and 3 both answer {"error": …}, with a statusCode or a status.
    let answer = serde_json::from_slice::<Value>(&response.body).unwrap_or_default();
    let Some(error) = answer.get("error").filter(|error| error.is_object()) else {
        let reason = format!("the server answered {status}");
        return if status == 500 { unclear(reason) } else { Said::Refused { status, reason } };
    };
    if let Some(details) = error.get("details").and_then(Value::as_array) {
        return Said::Partly(details.iter().map(|detail| blame(detail, model)).collect());
    }
    let reason = reason(error);
    if status != 500 && is_sure(error, model) {
        Said::Refused { status, reason }
    } else {
        Said::Doubtful(reason)
    }
}

fn blame(detail: &Value, model: &str) -> Option<Blame> {
    let there = !detail.is_null();
    there.then(|| Blame { is_sure: is_sure(detail, model), reason: reason(detail) })
}

/// What is found wrong before storing is the client's fault, and what fails after it the server's;
/// but a resource that is updated after its reading was stored may be found invalid as well.
fn is_sure(error: &Value, model: &str) -> bool {
    let status = ["statusCode", "status"].iter().find_map(|name| error.get(name)?.as_u64());
    let of = error.pointer("/details/context").and_then(Value::as_str);
    let other = of.is_some_and(|of| !of.eq_ignore_ascii_case(model));
    let invalid = error.get("name").is_some_and(|name| name == "ValidationError");
    let wrong = status.map_or(invalid, |status| (400..=499).contains(&status));
    wrong && !other && (!invalid || of.is_some())
}

fn reason(error: &Value) -> String {
    cut(error.get("message").and_then(Value::as_str).unwrap_or("the server gives no reason"))
}

fn cut(text: &str) -> String {
    let plain = text.chars().map(|it| if it.is_control() { ' ' } else { it });
    plain.take(REASON_CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Said {
        let body = body.as_bytes().to_vec();
        said(&Response { status, headers: Vec::new(), body }, "reading")
    }

    #[test]
    fn an_array_is_half_stored_in_both_shapes() {
        let three = r#"{"error":{"statusCode":500,"message":"m","details":[null,{"statusCode":422,"name":"ValidationError","message":"bad","details":{"context":"reading"}},{"statusCode":422,"name":"ValidationError","details":{"context":"resource"}},{"statusCode":500,"message":"Internal Server Error"}]}}"#;
        let two = r#"{"error":{"name":"Error","status":500,"message":"m","stack":"s","details":[null,{"name":"ValidationError","status":422,"statusCode":422,"message":"bad","details":{"context":"reading"}},{"name":"ValidationError","details":{"context":"resource"}},{"name":"Error","message":"resource doesnt exist!","stack":"s"}]}}"#;
        for body in [three, two] {
            let Said::Partly(fates) = answer(500, body) else { panic!("{body}") };
            let sure: Vec<_> =
                fates.iter().map(|fate| fate.as_ref().map(|it| it.is_sure)).collect();
            assert_eq!(sure, [None, Some(true), Some(false), Some(false)]);
        }
    }

    #[test]
    fn a_500_without_details_says_nothing_of_what_was_stored() {
        assert!(matches!(answer(500, "<html>"), Said::Unclear(_)));
        let own = r#"{"error":{"statusCode":500,"message":"Internal Server Error"}}"#;
        assert!(matches!(answer(500, own), Said::Doubtful(_)));
        let other = r#"{"error":{"statusCode":422,"name":"ValidationError","details":{"context":"resource"}}}"#;
        assert!(matches!(answer(422, other), Said::Doubtful(_)));
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
