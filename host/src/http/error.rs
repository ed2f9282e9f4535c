//! What goes wrong, as a status and one sentence that says what to do.

use axum::Json;
use axum::http::header::{LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::app::{edit, export, import, life};
use crate::check;
use crate::domain::plugin::{Failure, Proposal};
use crate::store::{self, blob};
use crate::sync::{Refusal, plan, pull, receive};

/// An answer that is not what was asked for.
#[derive(Debug)]
pub(super) struct Error {
    pub(super) status: StatusCode,
    /// Who has to do something about it.
    pub(super) class: &'static str,
    pub(super) text: String,
    /// What of the request it is about.
    pub(super) field: Option<String>,
    /// What else may help, beside the error itself.
    more: Map<String, Value>,
    /// Where to look instead.
    location: Option<Box<str>>,
    retry_after_s: Option<u32>,
}

/// What a handler gives.
pub(super) type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// One of a status, a class and a text.
    pub(super) fn new(status: StatusCode, class: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            class,
            text: text.into(),
            field: None,
            more: Map::new(),
            location: None,
            retry_after_s: None,
        }
    }

    /// The caller is nobody we know.
    pub(super) fn unknown_caller() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "permission",
            "send the organisation's token, as in: Authorization: Bearer ourwater_…",
        )
    }

    /// Only an administrator may do that.
    pub(super) fn unknown_administrator() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "permission",
            "send an administrator's token, as in: Authorization: Bearer ourwater_…; \
             `ourwater admin create NAME` makes one",
        )
    }

    /// The caller may not do that.
    pub(super) fn forbidden(text: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "permission", text)
    }

    /// The request cannot be understood.
    pub(super) fn request(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "request", text)
    }

    /// The request was understood and cannot be done as it is.
    pub(super) fn unfit(field: &str, text: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "configuration", text).about(field)
    }

    /// There is none, or it is another organisation's: nobody can tell which.
    pub(super) fn not_found(what: &'static str, id: &str) -> Self {
        store::Error::NotFound { what, id: id.chars().take(64).collect() }.into()
    }

    /// Only a person can decide: the questions, and how to answer.
    pub(super) fn undecided(proposal: &Proposal) -> Self {
        let fields: Vec<_> = proposal.undecided.iter().map(|it| it.field.as_str()).collect();
        let text = format!(
            "only a person can decide {}: choose one value of each question, set it in this config, \
             and send the config again",
            fields.join(", ")
        );
        let error = Self::unfit(fields.first().copied().unwrap_or_default(), text);
        error.with("questions", json!(proposal.undecided)).understood_as(proposal)
    }

    /// Adds how the source was understood, to be corrected and sent again.
    pub(super) fn understood_as(self, proposal: &Proposal) -> Self {
        self.with("config", proposal.config.clone()).with("found", json!(proposal.found))
    }

    /// Names what of the request it is about; nothing for the whole.
    pub(super) fn about(mut self, field: &str) -> Self {
        self.field = (!field.is_empty()).then(|| field.to_owned());
        self
    }

    /// Adds what may help.
    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    /// Says where to look instead.
    pub(super) fn at(mut self, location: String) -> Self {
        self.location = Some(location.into());
        self
    }

    /// What went wrong here is the operator's to read, not the caller's.
    pub(super) fn host(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a request could not be answered");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "host",
            "OurWater could not go on: its log says why; try again later",
        )
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut error = json!({"class": self.class, "text": self.text});
        if let Some(field) = self.field {
            error["field"] = field.into();
        }
        let mut body = self.more;
        body.insert("error".to_owned(), error);
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(location) = self.location.and_then(|it| HeaderValue::try_from(&*it).ok()) {
            headers.insert(LOCATION, location);
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        let text = error.to_string();
        match error {
            store::Error::NotFound { .. } => Self::new(StatusCode::NOT_FOUND, "not found", text),
            store::Error::Taken { .. } => {
                Self::new(StatusCode::CONFLICT, "conflict", text).about("name")
            }
            store::Error::InUseBy { .. }
            | store::Error::Several { .. }
            | store::Error::Owned(_)
            | store::Error::Decided(_)
            | store::Error::Standing(_)
            | store::Error::Uncertain { .. }
            | store::Error::LostLease => Self::new(StatusCode::CONFLICT, "conflict", text),
            store::Error::Alike { .. } | store::Error::Unconfirmed(_) => {
                Self::new(StatusCode::CONFLICT, "confirmation", text)
            }
            store::Error::Limit(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "limit", text),
            _ => Self::host(&text),
        }
    }
}

impl From<blob::Error> for Error {
    fn from(error: blob::Error) -> Self {
        let text = error.to_string();
        match error {
            blob::Error::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "limit", text),
            blob::Error::CutOff(_) => Self::request(format!("{text}: send it again")),
            _ => Self::host(&text),
        }
    }
}

impl From<life::Error> for Error {
    fn from(error: life::Error) -> Self {
        let text = error.to_string();
        match error {
            life::Error::Store(error) => error.into(),
            life::Error::Content(error) => error.into(),
            life::Error::TooLarge(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "limit", text),
            life::Error::Limit(_) => Self::unfit("limits", text),
            life::Error::Unclear(_) => Self::unfit("digest", text),
            life::Error::Check(check::Error::Plugin(_)) => Self::host(&text),
            life::Error::Check(_) => Self::unfit("", text),
            life::Error::Component(error) if !error.is_of_component() => Self::host(&text),
            life::Error::Component(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "plugin", text)
            }
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let text = failure.to_string();
        let unfit = StatusCode::UNPROCESSABLE_ENTITY;
        match failure {
            Failure::Config { field, text } => {
                Self::new(unfit, "configuration", text).about(&field)
            }
            Failure::Unsupported(text) => Self::new(unfit, "configuration", text),
            Failure::Data(text) => Self::new(unfit, "data", text),
            Failure::Denied(text) => Self::new(unfit, "permission", text),
            Failure::Limit(_) => Self::new(unfit, "limit", text),
            Failure::Unavailable { after_ms, .. } => {
                let mut error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", text);
                error.retry_after_s =
                    after_ms.map(|ms| u32::try_from(ms.div_ceil(1000)).unwrap_or(u32::MAX));
                error
            }
            Failure::StaleCursor(_) | Failure::Fault(_) => {
                Self::new(StatusCode::BAD_GATEWAY, "plugin fault", text)
            }
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let text = refusal.to_string();
        match refusal {
            Refusal::Disabled => Self::new(StatusCode::CONFLICT, "conflict", text).about("enabled"),
            Refusal::Consumed { .. } => Self::new(StatusCode::GONE, "consumed", text),
            Refusal::Running(_) => Self::new(StatusCode::CONFLICT, "conflict", text),
            Refusal::Busy { .. } => Self::new(StatusCode::TOO_MANY_REQUESTS, "limit", text),
            Refusal::Plugin(_) => Self::unfit("plugin", text),
            Refusal::File(_) => Self::unfit("file", text),
            Refusal::Config(mistakes) => {
                let field = mistakes.first().map(|mistake| mistake.field.clone());
                Self::unfit(&field.unwrap_or_default(), text).with("mistakes", json!(mistakes))
            }
            Refusal::Ungranted(ungranted) => Failure::from(ungranted).into(),
            Refusal::Unsupported(_) => Self::unfit("datatypes", text),
            Refusal::Store(error) => error.into(),
        }
    }
}

impl From<plan::Error> for Error {
    fn from(error: plan::Error) -> Self {
        let text = error.to_string();
        match error {
            plan::Error::Refused(refusal) => refusal.into(),
            plan::Error::Busy => Self::new(StatusCode::TOO_MANY_REQUESTS, "limit", text),
            plan::Error::Store(error) | plan::Error::Fails(pull::Error::Store(error)) => {
                error.into()
            }
            plan::Error::Fails(pull::Error::Source(failure)) => failure.into(),
            plan::Error::Fails(pull::Error::Cancelled) => Self::host(&text),
        }
    }
}

impl From<receive::Error> for Error {
    fn from(error: receive::Error) -> Self {
        let text = error.to_string();
        match error {
            receive::Error::Method => Self::unfit("methods", text),
            receive::Error::Datatype(_) => Self::unfit("datatypes", text),
            receive::Error::BadKey | receive::Error::KeyUsed => Self::unfit("key", text),
            receive::Error::Disabled => {
                Self::new(StatusCode::CONFLICT, "conflict", text).about("enabled")
            }
            receive::Error::Consumed => Self::new(StatusCode::GONE, "consumed", text),
            receive::Error::Running(_) => Self::new(StatusCode::CONFLICT, "conflict", text),
            receive::Error::Store(error) | receive::Error::Stopped(pull::Error::Store(error)) => {
                error.into()
            }
            receive::Error::Stopped(_) | receive::Error::Task(_) => Self::host(&text),
        }
    }
}

impl From<export::Error> for Error {
    fn from(error: export::Error) -> Self {
        Self::host(&error)
    }
}

impl From<edit::Error> for Error {
    fn from(error: edit::Error) -> Self {
        match error {
            edit::Error::Unfit(reason) => Self::unfit("", reason),
            edit::Error::Store(error) => error.into(),
        }
    }
}

impl From<import::Error> for Error {
    fn from(error: import::Error) -> Self {
        match error {
            import::Error::Undecided(_, proposal) => Self::undecided(&proposal),
            import::Error::Name(text) => Self::unfit("name", text),
            import::Error::NothingFound(_) => Self::unfit("config", error.to_string()),
            import::Error::Plugin(failure) => failure.into(),
            import::Error::Blobs(error) => error.into(),
            import::Error::Store(error) => error.into(),
            import::Error::Unreadable { .. } => Self::host(&error),
        }
    }
}

/// For addresses that are none.
pub(super) async fn no_such_address() -> Error {
    Error::new(StatusCode::NOT_FOUND, "not found", "there is nothing at this address")
}

/// For addresses that do something else.
pub(super) async fn no_such_method() -> Error {
    Error::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "request",
        "this address does not take that method; the header Allow says which it takes",
    )
}
