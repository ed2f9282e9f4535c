//! Where tokens come from: a login of the other system's own, or OAuth 2 for a client.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hyper::Method;
use hyper::header::{self, HeaderMap, HeaderValue};
use serde::Deserialize;
use serde_json::Value;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::asked::Asked;
use super::connection::Answer;
use super::{Broken, pace, shown};
use crate::domain::credential::{Carrier, ClientProof, CredentialName, Login, Oauth2};
use crate::domain::origin::Origin;
use crate::domain::secret::Secret;

/// A token is not used this long before it ends, or a tenth of its life where that is less.
const SLACK: Duration = Duration::from_secs(30);

/// What a server may say is wrong (RFC 6749, 5.2). Any other word of its could hold anything.
const REASONS: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

/// A place to get a token at.
pub(super) struct Door<'key> {
    pub(super) name: CredentialName,
    pub(super) origin: Origin,
    pub(super) recipe: Recipe<'key>,
}

/// How it is asked for.
pub(super) enum Recipe<'key> {
    Login { user: &'key str, password: &'key Secret, login: &'key Login },
    Oauth2 { client: &'key str, secret: &'key Secret, oauth2: &'key Oauth2 },
}

/// What was got.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) secret: Secret,
    /// When it is no longer used, where that is known.
    pub(super) until: Option<Instant>,
}

/// RFC 6749, 5.1. Its life may be missing, or a text: those who write it so are not few.
#[derive(Deserialize)]
struct Given {
    access_token: Option<Secret>,
    token_type: Option<String>,
    expires_in: Option<Value>,
}

impl Door<'_> {
    /// How its tokens go with a request.
    pub(super) fn carrier(&self) -> &Carrier {
        match &self.recipe {
            Recipe::Login { login, .. } => &login.send,
            Recipe::Oauth2 { .. } => &Carrier::Bearer,
        }
    }

    /// What is sent to get a token.
    pub(super) fn request(&self) -> Result<Asked, Broken> {
        let json = HeaderValue::from_static("application/json");
        let mut headers = HeaderMap::from_iter([(header::ACCEPT, json.clone())]);
        let (url, body) = match &self.recipe {
            Recipe::Login { user, password, login } => {
                headers.insert(header::CONTENT_TYPE, json);
                (self.url(&login.path)?, filled_in(login, user, password))
            }
            Recipe::Oauth2 { client, secret, oauth2 } => {
                let form = HeaderValue::from_static("application/x-www-form-urlencoded");
                headers.insert(header::CONTENT_TYPE, form);
                (self.url(&oauth2.token)?, form_of(oauth2, client, secret))
            }
        };
        let (origin, body) = (self.origin.clone(), Bytes::from(body));
        let mut asked = Asked { origin, method: Method::POST, url, headers, body };
        if let Recipe::Oauth2 { client, secret, oauth2 } = &self.recipe
            && oauth2.proof == ClientProof::Basic
        {
            let pair = BASE64_STANDARD.encode(pair(client, secret));
            asked.set_header("authorization", &format!("Basic {pair}"))?;
        }
        Ok(asked)
    }

    /// The token, or what the lack of it means.
    pub(super) fn token(&self, answer: &Answer) -> Result<Token, Broken> {
        let Self { name, origin, .. } = self;
        match answer.status {
            200..300 => {}
            status @ (408 | 425 | 429 | 500..) => {
                let reason = format!("the login at {origin} answered {status}");
                let after_ms = pace::retry_after(&answer.headers).map(pace::ms);
                return Err(Broken::Unsent { reason, after_ms });
            }
            status => {
                let why = reason(answer);
                return Err(Broken::Denied(format!(
                    "the login at {origin} answered {status}{why}: look at the credential {name}"
                )));
            }
        }
        let given = match &self.recipe {
            Recipe::Login { login, .. } => at_pointer(answer, &login.token),
            Recipe::Oauth2 { .. } => as_specified(answer),
        };
        given.map_err(|why| Broken::Denied(format!("the login at {origin} gave no token {why}")))
    }

    /// The request itself was never sent, whatever became of the login.
    pub(super) fn not_sent(&self, broken: Broken) -> Broken {
        let reason = |why: &str| format!("before the login with {}: {why}", self.name);
        match broken {
            Broken::Lost { reason: why } => Broken::unsent(reason(&why)),
            Broken::Unsent { reason: why, after_ms } => {
                Broken::Unsent { reason: reason(&why), after_ms }
            }
            Broken::Denied(why) | Broken::TooLarge(why) => Broken::Denied(reason(&why)),
        }
    }

    fn url(&self, path: &str) -> Result<Url, Broken> {
        let url = Url::parse(&self.origin.to_string()).and_then(|origin| origin.join(path));
        let url = url.ok().filter(|url| Origin::of(url).is_ok_and(|it| it == self.origin));
        url.ok_or_else(|| {
            Broken::Denied(format!("the plugin's login path {} leaves the origin", shown(path)))
        })
    }
}

/// A client's name and secret as HTTP Basic takes them (RFC 6749, 2.3.1).
pub(super) fn pair(client: &str, secret: &Secret) -> String {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    format!("{}:{}", encoded(client), encoded(secret.expose()))
}

fn filled_in(login: &Login, user: &str, password: &Secret) -> String {
    let body: serde_json::Map<String, Value> = [
        (login.user.clone(), Value::from(user)),
        (login.password.clone(), Value::from(password.expose())),
    ]
    .into_iter()
    .collect();
    Value::from(body).to_string()
}

fn form_of(oauth2: &Oauth2, client: &str, secret: &Secret) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    if let Some(scope) = &oauth2.scope {
        form.append_pair("scope", scope);
    }
    if oauth2.proof == ClientProof::Body {
        form.append_pair("client_id", client).append_pair("client_secret", secret.expose());
    }
    form.finish()
}

fn at_pointer(answer: &Answer, pointer: &str) -> Result<Token, String> {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let token = body.as_ref().and_then(|body| body.pointer(pointer)?.as_str());
    let secret = token.and_then(|token| Secret::new(token).ok());
    let secret = secret.ok_or_else(|| format!("at {}", shown(pointer)))?;
    Ok(Token { secret, until: None })
}

fn as_specified(answer: &Answer) -> Result<Token, String> {
    let given: Option<Given> = serde_json::from_slice(&answer.body).ok();
    let given = given.ok_or_else(|| "in JSON".to_owned())?;
    let secret = given.access_token.ok_or_else(|| "as access_token".to_owned())?;
    if !given.token_type.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err("that goes as a bearer token".to_owned());
    }
    let life = given.expires_in.and_then(|it| it.as_u64().or_else(|| it.as_str()?.parse().ok()));
    let used =
        |life: Duration| Instant::now().checked_add(life.saturating_sub(SLACK.min(life / 10)));
    Ok(Token { secret, until: life.map(Duration::from_secs).and_then(used) })
}

/// What the server says is wrong, where it says so in a word that is known.
fn reason(answer: &Answer) -> String {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let said = body.as_ref().and_then(|body| body.get("error")?.as_str());
    said.filter(|said| REASONS.contains(said)).map_or_else(String::new, |said| format!(" ({said})"))
}
