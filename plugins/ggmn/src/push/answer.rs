//! What the server says of what it was told.

use ourwater_sdk::Delay;
use ourwater_sdk::http::{Call, Response, Unwritten};
use serde_json::Value;

/// Characters of the server's reason that are kept.
const REASON_CHARACTERS_MAX: usize = 300;

/// What the server says of a request.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    Done,
    /// Nothing was done, and will not be.
    Refused {
        status: u16,
        reason: String,
    },
    /// It may have been done.
    Unclear(Delay),
    /// The address is none of Lizard's.
    Elsewhere {
        status: u16,
    },
}

/// Sends what changes something: so many events.
pub(super) fn tell(call: &Call, events: usize) -> Result<Said, Unwritten> {
    call.write().map(|response| said(&response, events))
}

fn said(response: &Response, events: usize) -> Said {
    let unclear = |reason: &str| Said::Unclear(Delay { reason: reason.to_owned(), after_ms: None });
    let status = response.status;
    let answer = serde_json::from_slice::<Value>(&response.body);
    match (status, answer) {
        // API v3 gives back what it took, its values as texts.
        (200..=299, Ok(Value::Array(taken))) if taken.len() != events => {
            unclear("the server does not give back each reading that it was told")
        }
        (200..=299, Ok(_)) => Said::Done,
        (200..=299, Err(_)) if response.body.is_empty() => Said::Done,
        (200..=299, Err(_)) => unclear("the server's answer to readings is not understood"),
        (500, _) => unclear("the server answered 500"),
        (404 | 405, Err(_)) => Said::Elsewhere { status },
        (_, answer) => Said::Refused { status, reason: reason(status, answer.ok().as_ref()) },
    }
}

/// A text, or texts below the names of fields and in lists, as Django gives them.
fn reason(status: u16, answer: Option<&Value>) -> String {
    let mut said = Vec::new();
    if let Some(answer) = answer {
        texts(answer, "", &mut said);
    }
    let said = if said.is_empty() { "it gives no reason".to_owned() } else { said.join("; ") };
    let plain = said.chars().map(|it| if it.is_control() { ' ' } else { it });
    let said: String = plain.take(REASON_CHARACTERS_MAX).collect();
    format!("Lizard answered {status}: {said}")
}

fn texts(value: &Value, name: &str, said: &mut Vec<String>) {
    const TEXTS_MAX: usize = 10;
    if said.len() >= TEXTS_MAX {
        return;
    }
    match value {
        Value::String(text) if matches!(name, "" | "detail" | "non_field_errors") => {
            said.push(text.clone());
        }
        Value::String(text) => said.push(format!("{name}: {text}")),
        Value::Array(all) => all.iter().for_each(|one| texts(one, name, said)),
        Value::Object(all) => all.iter().for_each(|(name, one)| texts(one, name, said)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Said {
        let body = body.as_bytes().to_vec();
        said(&Response { status, headers: Vec::new(), body }, 2)
    }

    #[test]
    fn an_upload_is_done_when_each_of_its_readings_comes_back() {
        assert_eq!(answer(200, r#"[{"value":"1"},{"value":"2"}]"#), Said::Done);
        assert_eq!(answer(204, ""), Said::Done);
        for body in [r#"[{"value":"1"}]"#, "<html>", "[{"] {
            assert!(matches!(answer(200, body), Said::Unclear(_)), "{body}");
        }
        assert!(matches!(answer(500, "{}"), Said::Unclear(_)));
    }

    #[test]
    fn a_refusal_keeps_its_reason_and_a_page_for_people_is_no_refusal() {
        let Said::Refused { status: 400, reason } =
            answer(400, r#"[{},{"value":["A valid number is required."]}]"#)
        else {
            panic!("refused")
        };
        assert_eq!(reason, "Lizard answered 400: value: A valid number is required.");
        assert!(matches!(answer(404, r#"{"detail":"Not found."}"#), Said::Refused { .. }));
        assert_eq!(answer(404, "<html>"), Said::Elsewhere { status: 404 });
        assert!(matches!(answer(413, "<html>"), Said::Refused { .. }));
    }
}
