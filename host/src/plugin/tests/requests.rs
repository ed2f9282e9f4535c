//! Requests of a real component: what it gets to see, and what it does not.

use std::collections::BTreeMap;

use super::*;
use crate::domain::credential::{Carrier, Key, Way};
use crate::domain::secret::Secret;
use crate::grant::Http;
use crate::grant::http::tests::server::{Act, Server, answer};
use crate::grant::http::{HttpLimits, Network};

fn granted(server: &Server, allowed: &str) -> Grant {
    let token = Secret::new("canary-token").unwrap();
    let origins = vec![server.origin.parse().unwrap()];
    let key = Key { way: Way::Fixed(Carrier::Bearer, token), origins: origins.clone() };
    let keys = BTreeMap::from([("access".parse().unwrap(), key)]);
    let network = Network::new(vec![allowed.parse().unwrap()]);
    let http = Http::new(network, origins, keys, HttpLimits::default());
    Grant { http: Some(http), ..Grant::default() }
}

async fn ask(plugin: &Plugin, url: &str, grant: Grant) -> Failure {
    let mut instance = plugin.instance(grant).await.unwrap();
    let config = format!(r#"{{"deed": "http", "url": "{url}"}}"#);
    instance.check(&config).await.unwrap_err()
}

#[tokio::test]
async fn a_component_gets_its_answer_and_never_the_key_it_came_with() {
    let server = Server::start([Act::Answer(answer("200 OK", "", b"for canary-token"))]).await;
    let hostile = plugins(patient()).load(&components::hostile()).await.unwrap();
    let told = ask(&hostile, &server.url("/a"), granted(&server, "127.0.0.1/32")).await.to_string();
    assert!(told.contains("status: 200") && told.contains("body: for [redacted]"), "{told}");
    assert!(server.seen()[0].contains("authorization: Bearer canary-token"));
}

#[tokio::test]
async fn a_component_is_told_what_would_have_to_be_allowed() {
    let server = Server::start([]).await;
    let hostile = plugins(patient()).load(&components::hostile()).await.unwrap();
    let grant = granted(&server, "10.0.0.0/8");
    let network = ask(&hostile, &server.url("/"), grant.clone()).await.to_string();
    assert!(network.contains("--allow-network 127.0.0.1/32"), "{network}");
    let origin = ask(&hostile, "https://other.example/", grant).await.to_string();
    assert!(origin.starts_with("permission: ") && origin.contains("may not reach"), "{origin}");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_server_that_never_answers_ends_the_call_in_time() {
    let server = Server::start([Act::Silence]).await;
    let hostile = plugins(limits()).load(&components::hostile()).await.unwrap();
    let told = ask(&hostile, &server.url("/"), granted(&server, "127.0.0.1/32")).await.to_string();
    assert!(told.contains("no whole answer") || told.starts_with("limit: call time"), "{told}");
}
