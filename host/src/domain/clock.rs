//! The time of day, as a parameter: the system's, or one that a test turns.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Timestamp = i64;

/// A time as people and programs write it: RFC 3339, or milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "Written")]
pub struct Moment(pub Timestamp);

/// A text that is no time.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no time: write it as 2020-01-31T12:00:00Z, or as milliseconds since 1970")]
pub struct NoMoment(String);

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Written {
    Milliseconds(Timestamp),
    Text(String),
}

/// Where the time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until it is set.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `now` until it is set.
    pub fn manual(now: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(now)))
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => system_now(),
            Self::Manual(now) => now.load(Ordering::SeqCst),
        }
    }
}

impl FromStr for Moment {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        let parsed = chrono::DateTime::parse_from_rfc3339(text).map(|time| time.timestamp_millis());
        let time = parsed.ok().or_else(|| text.parse().ok());
        time.map(Self).ok_or_else(|| NoMoment(text.chars().take(64).collect()))
    }
}

impl TryFrom<Written> for Moment {
    type Error = NoMoment;

    fn try_from(written: Written) -> Result<Self, NoMoment> {
        match written {
            Written::Milliseconds(time) => Ok(Self(time)),
            Written::Text(text) => text.parse(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
fn system_now() -> Timestamp {
    chrono::Utc::now().timestamp_millis()
}

/// As RFC 3339 in UTC with milliseconds; out of range as the number.
pub fn rfc3339(time: Timestamp) -> String {
    chrono::DateTime::from_timestamp_millis(time).map_or_else(
        || time.to_string(),
        |time| time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_either_way() {
        for written in ["\"1970-01-01T05:30:00.001+05:30\"", "\"1\"", "1"] {
            assert_eq!(serde_json::from_str::<Moment>(written).unwrap(), Moment(1), "{written}");
        }
        for wrong in ["\"yesterday\"", "1.5", "\"2020-01-01\"", "null"] {
            assert!(serde_json::from_str::<Moment>(wrong).is_err(), "{wrong}");
        }
    }
}
