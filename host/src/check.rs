//! A conformance run: tells a plugin's author what is wrong, and an administrator what was tried.
//!
//! [`run`] plays a plugin in its real sandbox against another system that a [`Fixture`] describes,
//! and answers with a [`Report`]. No server is needed and none is reached: a script answers in place
//! of the network, behind the same judging, keys and limits as ever. Each check of the
//! [`catalogue`] is one promise of the contract, with a name, why it matters, and what to do.
//!
//! A check begins with a fresh [`world`], lets an instance ([`guest`]) pull ([`pull`]) or push
//! ([`deliver`]), has something go wrong on the way ([`fault`]), and compares what came ([`record`])
//! with what is there where nothing goes wrong.

mod canary;
mod catalogue;
mod deliver;
mod described;
mod emptied;
mod failing;
mod fault;
mod fixture;
mod growth;
mod guest;
mod holding;
mod incremental;
mod junit;
mod leaf;
mod paging;
mod pull;
mod pushing;
mod record;
mod remote;
mod report;
mod resuming;
mod script;
mod selection;
mod strange;
mod subject;
mod uncertain;
mod verdict;
mod world;
mod writing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::timeout;

use crate::domain::version::PluginDigest;
use crate::plugin::{self, Plugin, Plugins};

use catalogue::{CHECKS, Check};
pub use fixture::{Content, Error as FixtureError, Fixture};
pub use junit::junit;
pub use report::{Outcome, Report};
pub use script::Mistake;
use subject::Subject;
pub use verdict::Verdict;

/// Wall time of one check.
const CHECK_TIME_MAX: Duration = Duration::from_mins(5);

/// Wall time of a run, after which no further check begins.
const RUN_TIME_MAX: Duration = Duration::from_mins(15);

/// Why a run came to no report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The sandbox itself does not work.
    #[error(transparent)]
    Plugin(#[from] plugin::Error),
    /// The configuration that was given does not fit the plugin.
    #[error("the configuration does not fit: {0}")]
    Config(String),
    /// The fixture's script is wrong.
    #[error(transparent)]
    Script(#[from] Mistake),
    /// A check is to be left out that does not exist, or without a word.
    #[error("{name:?} cannot be left out: {reason}")]
    Skip {
        /// The check's name.
        name: String,
        /// Why not.
        reason: String,
    },
}

/// Runs every check; those of `skips` and of the fixture are left out, each with its reason.
pub async fn run(
    plugins: &Plugins,
    component: &[u8],
    config: &Value,
    fixture: &Fixture,
    skips: &BTreeMap<String, String>,
    progress: impl Fn(&Outcome),
) -> Result<Report, Error> {
    let skips: BTreeMap<_, _> = fixture.skip.iter().chain(skips).collect();
    skips.iter().try_for_each(|(name, reason)| may_skip(name, reason))?;
    let plugin = match usable(plugins, component).await {
        Ok(plugin) => plugin,
        Err(error) if error.is_of_component() => {
            return Ok(unloaded(component, &error, progress));
        }
        Err(error) => return Err(error.into()),
    };
    let mut report = Report::about(&plugin);
    let subject = Subject::new(Arc::clone(&plugin), config, fixture)?;
    let begun = Instant::now();
    for check in CHECKS {
        let started = Instant::now();
        let verdict = match skips.get(&check.name.to_owned()) {
            Some(reason) => Verdict::Skipped { reason: (*reason).clone() },
            None if begun.elapsed() > RUN_TIME_MAX => too_late(),
            None => judge(check, &subject).await,
        };
        if let Some(mistake) = subject.mistakes.first() {
            return Err(mistake.into());
        }
        let outcome = Outcome::of(check, verdict, started.elapsed());
        progress(&outcome);
        report.checks.push(outcome);
    }
    Ok(report)
}

/// The name of every check, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|check| check.name)
}

async fn judge(check: &Check, subject: &Subject) -> Verdict {
    if check.needs_fixture && !subject.has_other_system() {
        let what = if subject.asks_http() { "a fixture with a remote.rhai" } else { "a fixture" };
        return Verdict::NotRun { reason: format!("it needs {what}") };
    }
    match timeout(CHECK_TIME_MAX, (check.run)(subject)).await {
        Ok(held) => held.into(),
        Err(_) => {
            Verdict::Failed { seen: format!("expected an end within {CHECK_TIME_MAX:?}, got none") }
        }
    }
}

fn too_late() -> Verdict {
    Verdict::NotRun { reason: format!("the checks before it took more than {RUN_TIME_MAX:?}") }
}

fn may_skip(name: &str, reason: &str) -> Result<(), Error> {
    let refused = |reason: String| Err(Error::Skip { name: name.to_owned(), reason });
    if names().all(|known| known != name) {
        return refused(format!("there are {}", names().collect::<Vec<_>>().join(", ")));
    }
    if reason.trim().is_empty() {
        return refused("say why, as NAME=REASON; the reason stands in the report".to_owned());
    }
    Ok(())
}

/// Also one whose description would be refused at an upload: what is wrong with it, checks say.
async fn usable(plugins: &Plugins, component: &[u8]) -> Result<Arc<Plugin>, plugin::Error> {
    match plugins.inspect(component).await {
        Ok(inspected) => Ok(inspected.plugin),
        Err(unfit @ plugin::Error::Unfit(_)) => plugins.load(component).await.map_err(|_| unfit),
        Err(error) => Err(error),
    }
}

/// Of what cannot even be asked what it is.
fn unloaded(component: &[u8], error: &plugin::Error, progress: impl Fn(&Outcome)) -> Report {
    let mut report = Report::of_nobody(component);
    for (place, check) in CHECKS.iter().enumerate() {
        let verdict = match place {
            0 => Verdict::Failed { seen: error.to_string() },
            _ => Verdict::NotRun { reason: "the component cannot be used".to_owned() },
        };
        let outcome = Outcome::of(check, verdict, Duration::ZERO);
        progress(&outcome);
        report.checks.push(outcome);
    }
    report
}

impl Report {
    fn about(plugin: &Plugin) -> Self {
        let description = plugin.description();
        let (name, version) = (description.name.clone(), description.version.clone());
        Self::new(plugin.digest().clone(), name, version)
    }

    fn of_nobody(component: &[u8]) -> Self {
        use sha2::{Digest as _, Sha256};
        let digest = PluginDigest::of_hash(&Sha256::digest(component).into());
        Self::new(digest, String::new(), String::new())
    }
}
