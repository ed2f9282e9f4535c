//! Keys: added to the requests that name them, at the servers they are for; where tokens have to be
//! got, they are kept and renewed.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::asked::Asked;
use super::connection::Answer;
use super::door::{Door, Recipe, Token, pair};
use super::redact::Redactor;
use super::{Broken, Line, shown};
use crate::domain::credential::{Carrier, CredentialName, Key, Way};
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
    With(Token),
    Refused(String),
}

impl Keys {
    pub(super) fn new(keys: BTreeMap<CredentialName, Key>) -> Self {
        let mut redactor = Redactor::default();
        for key in keys.values() {
            learn(&mut redactor, &key.way);
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
        let (name, way) = self.find(name, &asked.origin)?;
        let recipe = match &way {
            Way::Fixed(carrier, secret) => {
                add(&mut asked, carrier, secret)?;
                return line.exchange(&asked, deadline).await;
            }
            Way::Basic { user, password } => {
                let pair = BASE64_STANDARD.encode(format!("{user}:{}", password.expose()));
                asked.set_header("authorization", &format!("Basic {pair}"))?;
                return line.exchange(&asked, deadline).await;
            }
            Way::Login { user, password, login } => Recipe::Login { user, password, login },
            Way::Oauth2 { client, secret, oauth2 } => Recipe::Oauth2 { client, secret, oauth2 },
        };
        let door = Door { name, origin: asked.origin.clone(), recipe };
        self.exchange_inside(&door, &asked, line, deadline).await
    }

    /// A key by its name, if it is for that server.
    fn find(&self, name: &str, origin: &Origin) -> Result<(CredentialName, Way), Broken> {
        let known = self.by_name.iter().find(|(known, _)| known.as_str() == name);
        let Some((name, key)) = known else {
            let name = shown(name);
            return Err(Broken::Denied(format!(
                "this datasource has no credential {name}: set it"
            )));
        };
        if key.origins.contains(origin) {
            return Ok((name.clone(), key.way.clone()));
        }
        let origins: Vec<_> = key.origins.iter().map(Origin::to_string).collect();
        let origins = if origins.is_empty() { "no server".to_owned() } else { origins.join(", ") };
        Err(Broken::Denied(format!(
            "the credential {name} goes to {}, and not to {}",
            shown(&origins),
            shown(&origin.to_string())
        )))
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
            Some(LoggedIn::With(token)) if token.until.is_none_or(|end| Instant::now() < end) => {
                (token.secret.clone(), false)
            }
            _ => (self.log_in(door, line, deadline).await?, true),
        };
        let answer = line.exchange(&with(asked, door.carrier(), &token)?, deadline).await?;
        if answer.status != UNAUTHORIZED || new {
            return Ok(answer);
        }
        self.logins.remove(&place);
        let token = self.log_in(door, line, deadline).await?;
        line.exchange(&with(asked, door.carrier(), &token)?, deadline).await
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
                self.redactor.learn(&token.secret);
                let secret = token.secret.clone();
                self.logins.insert(place, LoggedIn::With(token));
                Ok(secret)
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

/// Every form in which a key crosses.
fn learn(redactor: &mut Redactor, way: &Way) {
    let pair = match way {
        Way::Fixed(_, secret) | Way::Login { password: secret, .. } => {
            return redactor.learn(secret);
        }
        Way::Basic { user, password } => {
            redactor.learn(password);
            format!("{user}:{}", password.expose())
        }
        Way::Oauth2 { client, secret, .. } => {
            redactor.learn(secret);
            pair(client, secret)
        }
    };
    if let Ok(pair) = Secret::new(pair) {
        redactor.learn(&pair);
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
