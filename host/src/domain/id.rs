//! Ids nobody can guess: 128 random bits behind a letter that says what they name.

use std::fmt;
use std::str::FromStr;

use rand::RngExt;
use serde::{Deserialize, Serialize};

/// A text that is not an id of the kind asked for.
#[derive(Debug, thiserror::Error)]
#[error(
    "{text:?} is not the id of {what}: {what} ids look like {prefix}_ and 32 hexadecimal digits"
)]
pub struct NotAnId {
    text: String,
    what: &'static str,
    prefix: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// A new one.
            pub fn random() -> Self {
                Self(format!(concat!($prefix, "_{}"), random_hex()))
            }

            /// Its text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                if is_id(text, $prefix) {
                    Ok(Self(text.to_owned()))
                } else {
                    let text = text.chars().take(64).collect();
                    Err(NotAnId { text, what: $what, prefix: $prefix })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;

            fn try_from(text: String) -> Result<Self, NotAnId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

id!(
    /// Names an organisation.
    OrganisationId, "org", "an organisation"
);
id!(
    /// Names an uploaded file.
    FileId, "file", "a file"
);
id!(
    /// Names a datasource.
    DatasourceId, "ds", "a datasource"
);
id!(
    /// Names a sync.
    SyncId, "sync", "a sync"
);
id!(
    /// Names a run.
    RunId, "run", "a run"
);
id!(
    /// Names a resource in OurWater.
    ResourceId, "res", "a resource"
);
id!(
    /// Names a conflict.
    ConflictId, "conf", "a conflict"
);
id!(
    /// Names a group in OurWater.
    GroupId, "grp", "a group"
);
id!(
    /// Held by the process that works on a run; who holds another one may not write.
    Lease, "lease", "a lease"
);

/// 128 random bits as hexadecimal digits.
pub fn random_hex() -> String {
    format!("{:032x}", rand::rng().random::<u128>())
}

fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).is_some_and(|digits| {
        digits.len() == 32 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_another_kind_is_refused() {
        let id = SyncId::random();
        assert_eq!(id.as_str().parse::<SyncId>().unwrap(), id);
        let error = id.as_str().parse::<RunId>().unwrap_err().to_string();
        assert!(error.contains("run_ and 32 hexadecimal digits"), "{error}");
    }
}
