//! What an administrator fills in about a LegacyMyWell server.

use ourwater_sdk::schemars::{self, JsonSchema};
use ourwater_sdk::{Failure, Remark, Result};
use serde::{Deserialize, Serialize};

/// A LegacyMyWell server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Its address, such as `https://mywell.example.org`; "/api" is added to it.
    #[schemars(extend("x-origin" = true))]
    pub url: String,
    /// Ask without logging in. Groups and resources are shown to anyone, readings usually are not.
    #[serde(default)]
    pub anonymous: bool,
}

impl Config {
    /// The address of a method: "readings" and so on.
    pub(crate) fn address(&self, method: &str) -> Result<String> {
        let base = self.url.trim().trim_end_matches('/');
        let host = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://"));
        match host {
            Some(host) if !host.is_empty() && !host.contains(['?', '#', ' ']) => {
                Ok(format!("{base}/api/{method}"))
            }
            _ => Err(Failure::Config(Remark {
                field: "url".to_owned(),
                text: "an address begins with https:// or http:// and has no ? or #".to_owned(),
            })),
        }
    }

    /// The credential that the host adds to each request.
    pub(crate) fn credential(&self) -> Option<&'static str> {
        (!self.anonymous).then_some("access")
    }
}
