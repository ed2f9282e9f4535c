//! Requests against real servers that follow a script.

mod client;
mod exchange;
mod keys;
mod pace;
mod reach;
mod secure;
pub(crate) mod server;
mod slow;

use super::*;
use server::{Act, Server};

const PATIENCE: Duration = Duration::from_secs(20);

/// A network in which this machine may be reached.
fn here() -> Network {
    Network::new(vec!["127.0.0.0/8".parse().unwrap()])
}

/// A network in which names mean what a script says, answer by answer.
fn scripted(network: Network, answers: Vec<Vec<std::net::IpAddr>>) -> Network {
    let answers = std::sync::Mutex::new(std::collections::VecDeque::from(answers));
    network.with_resolver(move |_| {
        let next = answers.lock().unwrap().pop_front();
        next.ok_or_else(|| std::io::Error::other("the script ended"))
    })
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
