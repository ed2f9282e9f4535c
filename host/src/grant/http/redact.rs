//! Secrets an answer echoes are replaced before the plugin sees it.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use hyper::header::HeaderValue;
use memchr::memmem;
use url::form_urlencoded::byte_serialize;

use super::Response;
use super::connection::Answer;
use crate::domain::secret::Secret;

/// What stands in its place.
const REDACTED: &[u8] = b"[redacted]";

/// Shorter ones, bytes, are left: "2017" as a password would take every such year out of the data.
const SECRET_BYTES_MIN: usize = 8;

/// Knows the secrets, in the forms in which servers repeat them.
#[derive(Default)]
pub(super) struct Redactor {
    forms: Vec<Vec<u8>>,
}

impl Redactor {
    /// One more secret.
    pub(super) fn learn(&mut self, secret: &Secret) {
        let text = secret.expose();
        if text.len() < SECRET_BYTES_MIN {
            return;
        }
        let form: String = byte_serialize(text.as_bytes()).collect();
        let json = serde_json::Value::from(text).to_string();
        let forms = [
            text.to_owned(),
            form.replace('+', "%20"),
            form,
            json.trim_matches('"').to_owned(),
            BASE64_STANDARD.encode(text),
            BASE64_URL_SAFE_NO_PAD.encode(text),
        ];
        self.forms.extend(forms.into_iter().map(String::into_bytes));
        // A form that holds another one goes first, so that nothing of it is left.
        self.forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        self.forms.dedup();
    }

    /// The answer as the plugin may see it.
    pub(super) fn clear(&self, answer: Answer) -> Response {
        let Answer { status, headers, body } = answer;
        let value = |value: &HeaderValue| {
            String::from_utf8_lossy(&self.without(value.as_bytes().to_vec())).into_owned()
        };
        let headers = headers.iter().map(|(name, it)| (name.to_string(), value(it))).collect();
        Response { status, headers, body: self.without(body) }
    }

    fn without(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for form in &self.forms {
            let mut found = memmem::find_iter(&bytes, form).peekable();
            if found.peek().is_none() {
                continue;
            }
            let mut clear = Vec::with_capacity(bytes.len());
            let mut rest = 0;
            for at in found {
                clear.extend_from_slice(bytes.get(rest..at).unwrap_or_default());
                clear.extend_from_slice(REDACTED);
                rest = at + form.len();
            }
            clear.extend_from_slice(bytes.get(rest..).unwrap_or_default());
            bytes = clear;
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_form_a_server_repeats_it_in() {
        let secret = Secret::new("p&ss \"word\"/1").unwrap();
        let mut redactor = Redactor::default();
        redactor.learn(&secret);
        for echo in [
            "p&ss \"word\"/1",
            r#"p&ss \"word\"/1"#,
            "p%26ss+%22word%22%2F1",
            "p%26ss%20%22word%22%2F1",
            "cCZzcyAid29yZCIvMQ==",
            "cCZzcyAid29yZCIvMQ",
        ] {
            let clear = redactor.without(format!("you said {echo}, {echo}.").into_bytes());
            let clear = String::from_utf8(clear).unwrap();
            assert_eq!(clear.matches("[redacted]").count(), 2, "{clear}");
            assert!(!clear.contains("word") && !clear.contains("d29yZ"), "{clear}");
        }
    }

    #[test]
    fn a_short_one_is_left_since_it_would_take_data_with_it() {
        let mut redactor = Redactor::default();
        redactor.learn(&Secret::new("2017").unwrap());
        assert_eq!(redactor.without(b"2017-04-03".to_vec()), b"2017-04-03");
    }
}
