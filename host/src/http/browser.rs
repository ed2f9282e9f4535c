//! Keeps other sites from acting through a visitor's browser, whatever name they give this server.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::header::{HOST, HeaderName, ORIGIN};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::error::Error;
use super::{Reach, Server};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What changes something must come from nobody's page or from our own. A site may have let its
/// own name point here, so the name must be one that was given to this server, or a number.
pub(super) async fn refuse_other_sites(
    State(server): State<Server>,
    request: Request,
    next: Next,
) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    match if reads { Ok(()) } else { judge(request.headers(), &server.reach) } {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn judge(headers: &HeaderMap, reach: &Reach) -> Result<(), Error> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(HOST);
    if let Some(host) = host.filter(|host| !is_ours(name_of(host), reach)) {
        return Err(Error::forbidden(format!(
            "this server does not know itself as {:?}: start it with --host and that name",
            name_of(host)
        )));
    }
    if text(FETCH_SITE).is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Err(other_site());
    }
    match text(ORIGIN) {
        Some(origin) if origin_host(origin) != host => Err(other_site()),
        _ => Ok(()),
    }
}

fn other_site() -> Error {
    Error::forbidden(
        "another site's page may not change anything here: use this server's own pages",
    )
}

/// A number cannot be made to point elsewhere.
fn is_ours(name: &str, reach: &Reach) -> bool {
    let number = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    number.is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || reach.hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
}

/// Without the port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn origin_host(origin: &str) -> Option<&str> {
    origin.split_once("://").map(|(_, host)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(headers: &[(HeaderName, &str)]) -> bool {
        let reach = Reach {
            listen: ([127, 0, 0, 1], 8080).into(),
            hosts: vec!["water.example.org".to_owned()],
        };
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
        judge(&headers.collect(), &reach).is_ok()
    }

    #[test]
    fn programs_and_our_own_pages_may_change_things() {
        assert!(allowed(&[]));
        for host in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]", "192.168.1.7"] {
            assert!(allowed(&[(HOST, host)]), "{host}");
        }
        assert!(allowed(&[(HOST, "water.example.org"), (FETCH_SITE, "none")]));
        let own = [(HOST, "localhost:8080"), (ORIGIN, "http://localhost:8080")];
        assert!(allowed(&own));
    }

    #[test]
    fn other_sites_may_not() {
        assert!(!allowed(&[(HOST, "evil.example:8080")]));
        assert!(!allowed(&[(HOST, "localhost:8080"), (ORIGIN, "http://evil.example")]));
        assert!(!allowed(&[(HOST, "localhost:8080"), (ORIGIN, "http://localhost:9090")]));
        assert!(!allowed(&[(HOST, "localhost:8080"), (ORIGIN, "null")]));
        for site in ["cross-site", "same-site"] {
            assert!(!allowed(&[(HOST, "localhost:8080"), (FETCH_SITE, site)]), "{site}");
        }
    }
}
