//! Where a request may go: scheme, host and port, compared exactly.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// Scheme, host and port of a server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    secure: bool,
    host: Host<String>,
    port: u16,
}

/// An address that is no server's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadOrigin {
    /// It is no URL.
    #[error("it is no URL, as https://example.org is one")]
    NoUrl,
    /// It is neither http nor https.
    #[error("it is neither http nor https")]
    Scheme,
    /// It holds a name or a password.
    #[error("it holds a user or a password: those belong in a credential")]
    Userinfo,
}

impl Origin {
    /// The origin of a URL.
    pub fn of(url: &Url) -> Result<Self, BadOrigin> {
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(BadOrigin::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadOrigin::Userinfo);
        }
        let host = url.host().ok_or(BadOrigin::NoUrl)?.to_owned();
        let port = url.port_or_known_default().ok_or(BadOrigin::NoUrl)?;
        Ok(Self { secure, host, port })
    }

    /// With TLS.
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// A name or an address.
    pub fn host(&self) -> &Host<String> {
        &self.host
    }

    /// The port, also where a URL leaves it out.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Host and port as a request names them: without the scheme's own port.
    pub fn authority(&self) -> String {
        match (self.secure, self.port) {
            (true, 443) | (false, 80) => self.host.to_string(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }
}

impl FromStr for Origin {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        Self::of(&Url::parse(text).map_err(|_| BadOrigin::NoUrl)?)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(formatter, "{scheme}://{}", self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_server_has_one_origin_however_it_is_written() {
        let origin: Origin = "https://A.example/api?x=1".parse().unwrap();
        assert_eq!(origin, "https://a.example:443".parse().unwrap());
        assert_eq!(origin.to_string(), "https://a.example");
        for other in ["http://a.example", "https://a.example:444", "https://b.a.example"] {
            assert_ne!(origin, other.parse().unwrap());
        }
        let disguised: Origin = "http://2130706433/".parse().unwrap();
        assert_eq!(disguised.to_string(), "http://127.0.0.1");
    }

    #[test]
    fn what_is_no_origin_is_told_apart() {
        let cases = [
            ("wells", BadOrigin::NoUrl),
            ("ftp://a.example", BadOrigin::Scheme),
            ("file:///etc/passwd", BadOrigin::Scheme),
            ("https://me@a.example", BadOrigin::Userinfo),
            ("https://:pass@a.example", BadOrigin::Userinfo),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<Origin>().unwrap_err(), error, "{text}");
        }
    }
}
