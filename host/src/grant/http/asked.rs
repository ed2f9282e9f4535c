//! A request as it may be sent: its origin allowed, its headers harmless, its size within limits.

use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Uri};
use url::{Position, Url};

use super::{Broken, HttpLimits, Request, shown};
use crate::domain::origin::Origin;

/// What a plugin may ask a server to do.
const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

/// Headers that are the host's: they say where a message ends, whom it is for, and who sends it.
const OURS: [&str; 13] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// A request that may be sent.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) origin: Origin,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Asked {
    /// Judges what a plugin asks for.
    pub(super) fn judge(
        request: Request,
        allowed: &[Origin],
        limits: &HttpLimits,
    ) -> Result<Self, Broken> {
        let (url, origin) = address(&request.url, allowed, limits)?;
        let method = METHODS.into_iter().find(|it| it.as_str() == request.method);
        let method = method.ok_or_else(|| {
            Broken::Denied(format!("the method {} is not allowed", shown(&request.method)))
        })?;
        let headers = headers(&request.headers, limits)?;
        let body = Bytes::from(request.body.unwrap_or_default());
        let most = limits.request_bytes_max;
        if body.len() > most {
            let text = format!(
                "request body: at most {most} bytes, not {} (http_request_bytes_max)",
                body.len()
            );
            return Err(Broken::Denied(text));
        }
        Ok(Self { origin, method, url, headers, body })
    }

    /// Path and query, as the first line of a request has them.
    pub(super) fn target(&self) -> Result<Uri, Broken> {
        let target = &self.url[Position::BeforePath..Position::AfterQuery];
        target.parse().map_err(|_| Broken::Denied("the URL cannot be sent as it is".to_owned()))
    }

    /// Adds a header of the host's, in place of the plugin's.
    pub(super) fn set_header(&mut self, name: &str, value: &str) -> Result<(), Broken> {
        let denied = || Broken::Denied("the credential cannot be sent as a header".to_owned());
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| denied())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| denied())?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(())
    }

    /// Adds a parameter of the host's; the plugin may not have given one of that name.
    pub(super) fn add_parameter(&mut self, name: &str, value: &str) -> Result<(), Broken> {
        if self.url.query_pairs().any(|(given, _)| given == name) {
            let text = format!("the host adds the parameter {}: leave it out", shown(name));
            return Err(Broken::Denied(text));
        }
        self.url.query_pairs_mut().append_pair(name, value);
        Ok(())
    }
}

fn address(url: &str, allowed: &[Origin], limits: &HttpLimits) -> Result<(Url, Origin), Broken> {
    let most = limits.url_bytes_max;
    if url.len() > most {
        return Err(Broken::Denied(format!(
            "URL: at most {most} bytes, not {} (http_url_bytes_max)",
            url.len()
        )));
    }
    let url = Url::parse(url).map_err(|_| Broken::Denied("it asked for no URL".to_owned()))?;
    let origin = Origin::of(&url)
        .map_err(|error| Broken::Denied(format!("the URL it asked for was refused: {error}")))?;
    if allowed.contains(&origin) {
        return Ok((url, origin));
    }
    let origins = match allowed {
        [] => "no origin at all".to_owned(),
        _ => allowed.iter().map(Origin::to_string).collect::<Vec<_>>().join(", "),
    };
    Err(Broken::Denied(format!(
        "this datasource may not reach {}: its configuration names {}; what it may reach has to be \
         named there, with the same scheme, host and port",
        shown(&origin.to_string()),
        shown(&origins),
    )))
}

fn headers(given: &[(String, String)], limits: &HttpLimits) -> Result<HeaderMap, Broken> {
    let HttpLimits { headers_max, header_bytes_max, .. } = *limits;
    if given.len() > headers_max {
        let text = format!(
            "request headers: at most {headers_max}, not {} (http_headers_max)",
            given.len()
        );
        return Err(Broken::Denied(text));
    }
    let bytes: usize = given.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > header_bytes_max {
        let text = format!(
            "request headers: at most {header_bytes_max} bytes, not {bytes} (http_header_bytes_max)"
        );
        return Err(Broken::Denied(text));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let (name, value) = header(name, value)?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Broken> {
    let parsed = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| Broken::Denied(format!("{} cannot be a header's name", shown(name))))?;
    if OURS.contains(&parsed.as_str()) || parsed.as_str().starts_with("proxy-") {
        let why = if parsed == "authorization" { "name a credential instead" } else { "leave it" };
        return Err(Broken::Denied(format!("the header {parsed} is set by the host: {why}")));
    }
    let value = HeaderValue::from_str(value).map_err(|_| {
        Broken::Denied(format!("the header {parsed} holds what no header may, as a line break"))
    })?;
    Ok((parsed, value))
}
