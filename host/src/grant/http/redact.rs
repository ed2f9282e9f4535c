//! Secrets an answer echoes are replaced before the plugin sees it.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
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

/// How pages write what would be markup.
const HTML: &[(char, &str)] =
    &[('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&#39;")];

/// How servers write JSON that may stand in a page: some these, some those as well.
const JSON_IN_HTML: &[(char, &str)] = &[('&', r"\u0026"), ('<', r"\u003c"), ('>', r"\u003e")];
const JSON_IN_HTML_TOO: &[(char, &str)] = &[('+', r"\u002B"), ('\'', r"\u0027")];

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
        let json = json.get(1..json.len() - 1).unwrap_or_default();
        let forms = [
            text.to_owned(),
            in_small(&form),
            in_small(&form.replace('+', "%20")),
            form.replace('+', "%20"),
            form,
            replaced(text, HTML),
            json.to_owned(),
            json.replace('/', r"\/"),
            replaced(&replaced(json, JSON_IN_HTML), JSON_IN_HTML_TOO),
            replaced(json, JSON_IN_HTML),
            BASE64_STANDARD_NO_PAD.encode(text),
            BASE64_URL_SAFE_NO_PAD.encode(text),
        ];
        self.forms.extend(forms.into_iter().map(String::into_bytes));
        // A form that holds another one goes first, so that nothing of it is left.
        self.forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
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

/// Its escapes with small letters, as some servers write them.
fn in_small(form: &str) -> String {
    let mut escaped = 0;
    let small = |character: char| {
        if character == '%' {
            escaped = 3;
        }
        let inside = escaped > 0;
        escaped -= i32::from(inside);
        if inside { character.to_ascii_lowercase() } else { character }
    };
    form.chars().map(small).collect()
}

fn replaced(text: &str, written: &[(char, &str)]) -> String {
    let mut replaced = String::with_capacity(text.len());
    for character in text.chars() {
        match written.iter().find(|(found, _)| *found == character) {
            Some((_, instead)) => replaced.push_str(instead),
            None => replaced.push(character),
        }
    }
    replaced
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
            "p%26ss+%22word%22%2f1",
            "p%26ss%20%22word%22%2f1",
            r#"p&ss \"word\"\/1"#,
            r#"p\u0026ss \"word\"/1"#,
            "p&amp;ss &quot;word&quot;/1",
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
