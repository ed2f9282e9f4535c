//! Keys: added to the requests that name them; where there is a login, its token is kept and renewed.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hyper::Method;
use hyper::header::{self, HeaderMap, HeaderValue};
use serde_json::Value;
use url::Url;

use super::asked::Asked;
use super::connection::Answer;
use super::redact::Redactor;
use super::{Broken, Line, shown};
use crate::domain::credential::{Carrier, CredentialName, Key, Login};
use crate::domain::origin::Origin;
use crate::domain::secret::Secret;

const UNAUTHORIZED: u16 = 401;

/// The keys of one grant, and what its logins gave.
pub(super) struct Keys {
    by_name: BTreeMap<CredentialName, Key>,
    logins: HashMap<(CredentialName, Origin), LoggedIn>,
    redactor: Redactor,
}

/// What became of a login. One that was refused is not tried again: accounts get locked.
enum LoggedIn {
    With(Secret),
    Refused(String),
}

/// A login to be made.
struct Door<'key> {
    name: CredentialName,
    origin: Origin,
    user: &'key str,
    password: &'key Secret,
    login: &'key Login,
}

impl Keys {
    pub(super) fn new(keys: BTreeMap<CredentialName, Key>) -> Self {
        let mut redactor = Redactor::default();
        for key in keys.values() {
            match key {
                Key::Fixed(_, secret) | Key::Login { password: secret, .. } => {
                    redactor.learn(secret);
                }
                Key::Basic { user, password } => {
                    redactor.learn(password);
                    if let Ok(pair) = Secret::new(format!("{user}:{}", password.expose())) {
                        redactor.learn(&pair);
                    }
                }
            }
        }
        Self { by_name: keys, logins: HashMap::new(), redactor }
    }

    pub(super) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Sends a request with the key of that name.
    pub(super) async fn exchange(
        &mut self,
        name: &str,
        mut asked: Asked,
        line: &mut Line,
        deadline: Instant,
    ) -> Result<Answer, Broken> {
        let known = self.by_name.iter().find(|(known, _)| known.as_str() == name);
        let Some((name, key)) = known.map(|(name, key)| (name.clone(), key.clone())) else {
            let name = shown(name);
            return Err(Broken::Denied(format!(
                "this datasource has no credential {name}: set it"
            )));
        };
        match &key {
            Key::Fixed(carrier, secret) => add(&mut asked, carrier, secret)?,
            Key::Basic { user, password } => {
                let pair = BASE64_STANDARD.encode(format!("{user}:{}", password.expose()));
                asked.set_header("authorization", &format!("Basic {pair}"))?;
            }
            Key::Login { user, password, login } => {
                let origin = asked.origin.clone();
                let door = Door { name, origin, user, password, login };
                return self.exchange_inside(&door, &asked, line, deadline).await;
            }
        }
        line.exchange(&asked, deadline).await
    }

    /// With a token; where the server no longer takes it, once more with a new one: what it answers
    /// with 401 it did not do.
    async fn exchange_inside(
        &mut self,
        door: &Door<'_>,
        asked: &Asked,
        line: &mut Line,
        deadline: Instant,
    ) -> Result<Answer, Broken> {
        let place = (door.name.clone(), door.origin.clone());
        let (token, new) = match self.logins.get(&place) {
            Some(LoggedIn::Refused(why)) => return Err(Broken::Denied(why.clone())),
            Some(LoggedIn::With(token)) => (token.clone(), false),
            None => (self.log_in(door, line, deadline).await?, true),
        };
        let answer = line.exchange(&with(asked, &door.login.send, &token)?, deadline).await?;
        if answer.status != UNAUTHORIZED || new {
            return Ok(answer);
        }
        self.logins.remove(&place);
        let token = self.log_in(door, line, deadline).await?;
        line.exchange(&with(asked, &door.login.send, &token)?, deadline).await
    }

    async fn log_in(
        &mut self,
        door: &Door<'_>,
        line: &mut Line,
        deadline: Instant,
    ) -> Result<Secret, Broken> {
        let answered = line.exchange(&door.request()?, deadline).await;
        let answer = answered.map_err(|broken| door.not_sent(broken))?;
        let place = (door.name.clone(), door.origin.clone());
        match door.token(&answer) {
            Ok(token) => {
                self.redactor.learn(&token);
                self.logins.insert(place, LoggedIn::With(token.clone()));
                Ok(token)
            }
            Err(broken) => {
                if let Broken::Denied(why) = &broken {
                    self.logins.insert(place, LoggedIn::Refused(why.clone()));
                }
                Err(broken)
            }
        }
    }
}

impl Door<'_> {
    fn request(&self) -> Result<Asked, Broken> {
        let Login { path, user, password, .. } = self.login;
        let url = Url::parse(&self.origin.to_string()).and_then(|origin| origin.join(path));
        let url = url.ok().filter(|url| Origin::of(url).is_ok_and(|it| it == self.origin));
        let url = url.ok_or_else(|| {
            Broken::Denied(format!("the plugin's login path {} leaves the origin", shown(path)))
        })?;
        let body: serde_json::Map<String, Value> = [
            (user.clone(), Value::from(self.user)),
            (password.clone(), Value::from(self.password.expose())),
        ]
        .into_iter()
        .collect();
        let json = HeaderValue::from_static("application/json");
        Ok(Asked {
            origin: self.origin.clone(),
            method: Method::POST,
            url,
            headers: HeaderMap::from_iter([
                (header::CONTENT_TYPE, json.clone()),
                (header::ACCEPT, json),
            ]),
            body: Bytes::from(Value::from(body).to_string()),
        })
    }

    /// The token, or what the lack of it means.
    fn token(&self, answer: &Answer) -> Result<Secret, Broken> {
        let Self { name, origin, login, .. } = self;
        match answer.status {
            200..300 => {}
            status @ (408 | 425 | 429 | 500..) => {
                let reason = format!("the login at {origin} answered {status}");
                return Err(Broken::Unsent { reason, after_ms: after_ms(answer) });
            }
            status => {
                return Err(Broken::Denied(format!(
                    "the login at {origin} answered {status}: look at the credential {name}"
                )));
            }
        }
        let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let token = body.as_ref().and_then(|body| body.pointer(&login.token)?.as_str());
        token.and_then(|token| Secret::new(token).ok()).ok_or_else(|| {
            let place = shown(&login.token);
            Broken::Denied(format!("the login at {origin} gave no token at {place}"))
        })
    }

    /// The request itself was never sent, whatever became of the login.
    fn not_sent(&self, broken: Broken) -> Broken {
        let reason = |why: &str| format!("before the login with {}: {why}", self.name);
        match broken {
            Broken::Lost { reason: why } => Broken::unsent(reason(&why)),
            Broken::Unsent { reason: why, after_ms } => {
                Broken::Unsent { reason: reason(&why), after_ms }
            }
            Broken::Denied(why) | Broken::TooLarge(why) => Broken::Denied(reason(&why)),
        }
    }
}

fn with(asked: &Asked, carrier: &Carrier, token: &Secret) -> Result<Asked, Broken> {
    let mut asked = asked.clone();
    add(&mut asked, carrier, token)?;
    Ok(asked)
}

fn add(asked: &mut Asked, carrier: &Carrier, secret: &Secret) -> Result<(), Broken> {
    match carrier {
        Carrier::Header(name) => asked.set_header(name, secret.expose()),
        Carrier::Query(name) => asked.add_parameter(name, secret.expose()),
        Carrier::Bearer => {
            asked.set_header("authorization", &format!("Bearer {}", secret.expose()))
        }
    }
}

/// `Retry-After` in seconds; a date is left to the engine's own patience.
fn after_ms(answer: &Answer) -> Option<u64> {
    let seconds: u64 =
        answer.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    seconds.checked_mul(1000)
}
