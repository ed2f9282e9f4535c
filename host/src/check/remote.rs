//! The other system behind its script: requests are noted, answered, and go wrong as planned.

use std::sync::Arc;

use serde_json::Value;
use url::Url;

use crate::grant::http::{Broken, Response, Sent};

use super::fault::Plan;
use super::script::Script;
use super::subject::{Mistakes, Subject};

/// The other system, where the fixture has a script of it.
pub(super) struct Remote {
    script: Option<Arc<Script>>,
    pub(super) state: Value,
    plan: Option<Plan>,
    /// Since the plan was made.
    pub(super) requests: Vec<Request>,
    login_paths: Vec<String>,
    mistakes: Mistakes,
}

/// A request that was sent.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: String,
    /// What was answered, before anything went wrong with it.
    pub(super) body: Vec<u8>,
}

impl Remote {
    /// At its beginning.
    pub(super) fn new(subject: &Subject) -> Self {
        let script = subject.script.clone();
        let started = script.as_ref().map(|script| script.start()).transpose();
        let state = started.unwrap_or_else(|mistake| {
            subject.mistakes.note(mistake);
            None
        });
        Self {
            script,
            state: state.unwrap_or_default(),
            plan: None,
            requests: Vec::new(),
            login_paths: subject.login_paths(),
            mistakes: subject.mistakes.clone(),
        }
    }

    /// From now on this goes wrong, and requests are counted anew.
    pub(super) fn plan(&mut self, plan: Option<Plan>) {
        self.plan = plan;
        self.requests.clear();
    }

    /// Time passes.
    pub(super) fn later(&mut self) {
        let Some(script) = self.script.as_ref().filter(|script| script.has_later()) else { return };
        if let Err(mistake) = script.later(&mut self.state) {
            self.mistakes.note(mistake);
        }
    }

    /// Answers a request; logins never go wrong, and do not count.
    pub(super) fn exchange(&mut self, sent: &Sent) -> Result<Response, Broken> {
        let path = Url::parse(&sent.url).map(|url| url.path().to_owned());
        if path.is_ok_and(|path| self.login_paths.contains(&path)) {
            return self.act(sent);
        }
        let number = self.requests.len();
        self.requests.push(Request { method: sent.method.clone(), body: Vec::new() });
        match self.plan.clone().filter(|plan| plan.at.hits(number, &sent.method)) {
            Some(plan) => plan.fault.happen(|| self.act_at(number, sent)),
            None => self.act_at(number, sent),
        }
    }

    fn act_at(&mut self, number: usize, sent: &Sent) -> Result<Response, Broken> {
        let response = self.act(sent)?;
        if let Some(request) = self.requests.get_mut(number) {
            request.body.clone_from(&response.body);
        }
        Ok(response)
    }

    fn act(&mut self, sent: &Sent) -> Result<Response, Broken> {
        let unsent = |reason: &str| Broken::Unsent { reason: reason.to_owned(), after_ms: None };
        let Some(script) = &self.script else {
            return Err(unsent("the fixture has no remote.rhai: nobody answers"));
        };
        script.answer(&mut self.state, sent).map_err(|mistake| {
            self.mistakes.note(mistake);
            unsent("the fixture's script has a mistake")
        })
    }
}
