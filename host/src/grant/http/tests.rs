//! Requests against real servers that follow a script.

mod exchange;
mod keys;
mod reach;
mod secure;
pub(crate) mod server;

use super::*;
use server::{Act, Server};

const PATIENCE: Duration = Duration::from_secs(20);

/// A network in which this machine may be reached.
fn here() -> Network {
    Network::new(vec!["127.0.0.0/8".parse().unwrap()])
}

fn http(origins: &[&str]) -> Http {
    limited(origins, HttpLimits::default())
}

fn limited(origins: &[&str], limits: HttpLimits) -> Http {
    let origins = origins.iter().map(|it| it.parse().unwrap()).collect();
    Http::new(here(), origins, BTreeMap::new(), limits)
}

fn get(url: impl Into<String>) -> Request {
    let (method, url) = ("GET".to_owned(), url.into());
    Request { method, url, headers: Vec::new(), body: None, credential: None }
}

fn post(url: impl Into<String>, body: &str) -> Request {
    let body = Some(body.as_bytes().to_vec());
    Request { method: "POST".to_owned(), body, ..get(url) }
}

async fn denied(http: &Http, request: Request) -> String {
    match http.send(request, PATIENCE).await {
        Err(Broken::Denied(why)) => why,
        other => panic!("{other:?}"),
    }
}
