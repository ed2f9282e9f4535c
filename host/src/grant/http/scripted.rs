//! A script in place of a network: requests are judged, given their key and cleared as any other.

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use super::asked::Asked;
use super::connection::Answer;
use super::{Broken, Http, HttpLimits, Response, Way};
use crate::domain::credential::{CredentialName, Key};
use crate::domain::origin::Origin;

/// Answers a request at once, or says in which way there is no answer.
pub type Remote = Arc<dyn Fn(Sent) -> Result<Response, Broken> + Send + Sync>;

/// A request as a server gets it, its key included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// GET, POST and so on.
    pub method: String,
    /// Absolute.
    pub url: String,
    /// Names in small letters, and values.
    pub headers: Vec<(String, String)>,
    /// Bytes; none is empty.
    pub body: Vec<u8>,
}

impl Http {
    /// Requests to `origins` that `remote` answers; nothing reaches a network.
    pub fn scripted(
        remote: Remote,
        origins: Vec<Origin>,
        keys: BTreeMap<CredentialName, Key>,
        limits: HttpLimits,
    ) -> Self {
        Self::over(Way::Script(remote), origins, keys, limits)
    }
}

/// What the script answers, under the limits of an answer.
pub(super) fn answer(
    remote: &Remote,
    asked: &Asked,
    limits: &HttpLimits,
) -> Result<Answer, Broken> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let Response { status, headers, body } = remote(Sent {
        method: asked.method.to_string(),
        url: asked.url.to_string(),
        headers: asked.headers.iter().map(|(name, it)| (name.to_string(), text(it))).collect(),
        body: asked.body.to_vec(),
    })?;
    let most = limits.answer_bytes_max;
    if body.len() > most {
        return Err(Broken::TooLarge(format!("answer: at most {most} bytes, this one has more")));
    }
    let parsed = headers.iter().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(value).ok()?))
    });
    let mut headers = HeaderMap::new();
    for (name, value) in parsed {
        headers.append(name, value);
    }
    Ok(Answer { status, headers, body })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Request;
    use super::*;
    use crate::domain::credential::{Carrier, Way};
    use crate::domain::secret::Secret;

    #[tokio::test]
    async fn a_script_sees_the_key_and_the_plugin_does_not() {
        let echo: Remote = Arc::new(|sent| {
            let said = sent.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
            Ok(Response { status: 200, headers: Vec::new(), body: said.collect::<String>().into() })
        });
        let origins = vec!["https://a.example".parse().unwrap()];
        let secret = Secret::new("canary-of-the-test").unwrap();
        let key = Key { way: Way::Fixed(Carrier::Bearer, secret), origins: origins.clone() };
        let keys = [("access".parse().unwrap(), key)].into_iter().collect();
        let http = Http::scripted(echo, origins, keys, HttpLimits::default());
        let get = |url: &str| Request {
            method: "GET".to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: None,
            credential: Some("access".to_owned()),
        };
        let soon = Duration::from_secs(9);
        let answer = http.send(get("https://a.example/x"), soon).await.unwrap();
        assert_eq!(String::from_utf8(answer.body).unwrap(), "authorization: Bearer [redacted]\n");
        let denied = http.send(get("https://b.example/x"), soon).await;
        assert!(matches!(denied, Err(Broken::Denied(_))), "{denied:?}");
    }
}
