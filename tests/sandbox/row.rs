//! A row of the table: what a stranger does, and how that has to end.

use ourwater::domain::plugin::Failure;
use ourwater::domain::run::FailureClass;

use super::request::Request;

/// Something a stranger does.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) deed: Deed,
    pub(super) ends: Ends,
}

/// What is done.
pub(super) enum Deed {
    /// The guest does what its configuration says.
    Guest(&'static str),
    /// A component is uploaded, and asked for a page if it is taken.
    Upload(Vec<u8>),
    /// A component is uploaded to a host that takes larger functions and compiles less.
    Compile(Vec<u8>),
    /// A pass is pulled from the guest to its end, and saved.
    Pull(&'static str),
    /// The guest is handed a batch.
    Push(&'static str),
    /// The guest sends what its configuration says.
    Request(Box<Request>),
}

/// How it has to end: with every one of the words.
pub(super) enum Ends {
    /// It is not taken as a plugin.
    Refused(&'static [&'static str]),
    /// The call fails.
    Fails(FailureClass, &'static [&'static str]),
    /// The call goes well: there was nothing to be had.
    Well(&'static [&'static str]),
}

/// How it ended.
#[derive(Debug)]
pub(super) enum Outcome {
    Refused(String),
    Failed(Failure),
    Well(String),
}

/// A row of a guest that does what its configuration says.
pub(super) const fn guest(deed: &'static str, ends: Ends) -> Row {
    Row { name: deed, deed: Deed::Guest(deed), ends }
}

/// A row of a component of its own, made at once: what that costs is not the host's.
pub(super) fn upload(name: &'static str, component: impl FnOnce() -> Vec<u8>, ends: Ends) -> Row {
    Row { name, deed: Deed::Upload(component()), ends }
}

/// A row of a request of the guest's.
pub(super) fn request(name: &'static str, request: Request, ends: Ends) -> Row {
    Row { name, deed: Deed::Request(Box::new(request)), ends }
}

/// It was answered; what it then says is no page.
pub(super) const fn data(says: &'static [&'static str]) -> Ends {
    Ends::Fails(FailureClass::Data, says)
}

/// Over a limit, which is named.
pub(super) const fn limit(says: &'static [&'static str]) -> Ends {
    Ends::Fails(FailureClass::Limit, says)
}

/// The plugin's own fault.
pub(super) const fn fault(says: &'static [&'static str]) -> Ends {
    Ends::Fails(FailureClass::PluginFault, says)
}

/// Nobody granted it.
pub(super) const fn denied(says: &'static [&'static str]) -> Ends {
    Ends::Fails(FailureClass::Permission, says)
}

impl Row {
    /// What is not as it has to be.
    pub(super) fn judge(&self, outcome: &Outcome) -> Result<(), String> {
        let (words, said) = match (&self.ends, outcome) {
            (Ends::Refused(words), Outcome::Refused(said))
            | (Ends::Well(words), Outcome::Well(said)) => (words, said.clone()),
            (Ends::Fails(class, words), Outcome::Failed(failure))
                if *class == FailureClass::from(failure) =>
            {
                (words, failure.to_string())
            }
            _ => return Err(format!("{}: {outcome:?}", self.name)),
        };
        let missing = words.iter().find(|word| !said.contains(**word));
        let unclean = said.contains(char::is_control) || said.contains("canary");
        if missing.is_some() || unclean {
            return Err(format!("{}: {missing:?} in {said:?}", self.name));
        }
        Ok(())
    }
}
