//! A canary: a secret nobody knows, entrusted in the place of each real one, and watched for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::domain::credential::{self, Ask, Credential, CredentialName, Key};
use crate::domain::digest::hex;
use crate::domain::origin::Origin;
use crate::domain::plugin::Description;
use crate::domain::secret::Secret;

use super::fault::{At, Fault};
use super::pull::LARGE;
use super::subject::Subject;
use super::verdict::{Ended, Held};
use super::world::World;

/// Who the canary belongs to, where a credential has a user.
const USER: &str = "conformance";

/// Places of sightings that are kept.
const SIGHTINGS_MAX: usize = 20;

/// The secret, in every form in which it may be said. Clones share what was seen.
#[derive(Clone)]
pub(super) struct Canary {
    text: String,
    forms: Arc<[String]>,
    /// Those in which servers repeat it.
    echoed: Arc<[String]>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Canary {
    /// Another one each time.
    pub(super) fn new() -> Self {
        let text = format!("canary{}", hex(&rand::random::<[u8; 16]>()));
        let pair = BASE64_STANDARD.encode(format!("{USER}:{text}"));
        let echoed = [text.clone(), BASE64_STANDARD.encode(&text), pair];
        let others = [text.chars().rev().collect(), hex(text.as_bytes())];
        let forms = echoed.iter().map(|form| form.trim_end_matches('=').to_owned()).chain(others);
        Self { forms: forms.collect(), echoed: echoed.into(), text, seen: Arc::default() }
    }

    /// Looks for it in what a plugin said, which `what` names.
    pub(super) fn watch(&self, what: &str, said: &str) {
        if self.forms.iter().any(|form| said.contains(form.as_str())) {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if seen.len() < SIGHTINGS_MAX && !seen.iter().any(|place| place == what) {
                seen.push(what.to_owned());
            }
        }
    }

    /// Where it was seen so far.
    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A key for each credential a plugin asks for, of a kind that it takes.
    pub(super) fn keys(
        &self,
        description: &Description,
        configured: &BTreeMap<String, Origin>,
    ) -> Result<BTreeMap<CredentialName, Key>, String> {
        let asks = credential::asks(&description.asks)?;
        let key = |(name, ask): (CredentialName, Ask)| {
            let key = ask.key(&self.credential(&ask), configured);
            Ok((name, key.map_err(|misfit| misfit.to_string())?))
        };
        asks.into_iter().map(key).collect()
    }

    fn credential(&self, ask: &Ask) -> Credential {
        let secret = || Secret::new(self.text.as_str()).expect("it is not empty");
        if ask.header.is_some() {
            Credential::Header { name: None, value: secret() }
        } else if ask.query.is_some() {
            Credential::Query { name: None, value: secret() }
        } else if ask.basic {
            Credential::Basic { user: USER.to_owned(), password: secret() }
        } else if ask.login.is_some() && !ask.bearer {
            Credential::Login { user: USER.to_owned(), password: secret() }
        } else {
            Credential::Bearer { token: secret() }
        }
    }
}

/// The secret was said nowhere: not in this check, and in none before it.
pub(super) async fn nowhere(subject: &Subject) -> Held {
    if subject.keys.is_empty() {
        return Err(Ended::not_applicable("the plugin asks for no credential"));
    }
    for (track, _) in &subject.baseline()?.tracks {
        for status in [400, 401, 403, 500] {
            let world = World::new(subject)?;
            world.inject(At::Every, echo(status, &subject.canary));
            // Whatever it answers is watched.
            let _ = world.guest().await?.get(&track.request(LARGE, None)).await;
        }
    }
    match subject.canary.seen().as_slice() {
        [] => Ok(()),
        places => Err(Ended::Failed(format!("the secret stands {}", places.join(", ")))),
    }
}

/// A server that repeats the key it was sent, as many do in their refusals.
fn echo(status: u16, canary: &Canary) -> Fault {
    let said = canary.echoed.join(" ");
    Fault::answer(status, &[("x-key", &said)], &format!("{{\"error\": \"no such key: {said}\"}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_seen_in_every_form_and_only_there() {
        let canary = Canary::new();
        canary.watch("nothing", "canary");
        assert!(canary.seen().is_empty());
        for form in canary.forms.iter() {
            canary.watch(form, &format!("x{form}y"));
        }
        assert_eq!(canary.seen().len(), canary.forms.len());
    }
}
