//! How servers are treated: in turn, by all instances of a datasource together, and left alone when
//! they ask for it.

use std::time::UNIX_EPOCH;

use hyper::header::{self, HeaderMap};

use super::super::pace::retry_after;
use super::server::{answer, ok};
use super::*;
use crate::domain::clock::Clock;

fn granted(network: Network, server: &Server, limits: HttpLimits) -> Http {
    Http::new(network, vec![server.origin.parse().unwrap()], BTreeMap::new(), limits)
}

fn busy(status: &str, retry_after: &str) -> Act {
    Act::Answer(answer(status, &format!("retry-after: {retry_after}\r\n"), b"busy"))
}

#[tokio::test]
async fn a_server_that_asks_to_be_left_alone_is_left_alone() {
    let now = Clock::System.now().unsigned_abs();
    let later =
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(now) + Duration::from_hours(1));
    for (status, after) in [("429 Too Many Requests", "60"), ("503 Busy", later.as_str())] {
        let server = Server::start([busy(status, after), Act::Answer(ok("never"))]).await;
        let network = here();
        let ours = network.of("ours");
        let http = granted(ours.clone(), &server, HttpLimits::default());
        let told = http.send(get(server.url("/")), PATIENCE).await.unwrap();
        assert_eq!(told.body, b"busy");
        let another = granted(ours, &server, HttpLimits::default());
        for http in [&http, &another] {
            let broken = http.send(get(server.url("/")), PATIENCE).await.unwrap_err();
            let Broken::Unsent { reason, after_ms: Some(left) } = &broken else {
                panic!("{broken:?}")
            };
            assert!((30_000..=3_600_000).contains(left), "{left}");
            assert!(reason.contains("asked to be left alone"), "{reason}");
        }
        assert_eq!(server.seen().len(), 1, "the network was not touched");
        let theirs = granted(network.of("theirs"), &server, HttpLimits::default());
        assert_eq!(theirs.send(get(server.url("/")), PATIENCE).await.unwrap().body, b"never");
    }
}

#[tokio::test]
async fn a_server_is_left_alone_no_longer_than_the_limit_says() {
    let server = Server::start([
        busy("429 Too Many Requests", "99999999999"),
        Act::Answer(answer("503 Busy", "", b"no time said")),
        busy("200 OK", "60"),
        Act::Answer(ok("again")),
    ])
    .await;
    let limits = HttpLimits { retry_time_max: Duration::ZERO, ..HttpLimits::default() };
    let http = granted(here(), &server, limits);
    for _ in 0..4 {
        http.send(get(server.url("/")), PATIENCE).await.unwrap();
    }
}

#[tokio::test]
async fn all_instances_of_a_datasource_wait_for_their_turn_together() {
    let server = Server::answering(&["1", "2", "3", "4"]).await;
    let limits = HttpLimits { requests_per_second_max: 2, ..HttpLimits::default() };
    let network = here();
    let send = async |datasource: &str, at_most: Duration| {
        let http = granted(network.of(datasource), &server, limits.clone());
        http.send(get(server.url("/")), at_most).await
    };
    let hasty = Duration::from_millis(10);
    for _ in 0..2 {
        send("ours", PATIENCE).await.unwrap();
    }
    let broken = send("ours", hasty).await.unwrap_err();
    let Broken::Unsent { reason, after_ms: Some(1..=500) } = &broken else { panic!("{broken:?}") };
    assert!(reason.contains("http_requests_per_second_max"), "{reason}");
    send("theirs", PATIENCE).await.unwrap();
    send("ours", PATIENCE).await.unwrap();
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn nobody_keeps_a_connection_that_another_waits_for() {
    let server = Server::start((0..40).map(|_| Act::Answer(ok("in turn")))).await;
    let network = here().with_connections(2);
    let limits = HttpLimits { idle_time_max: Duration::from_mins(1), ..HttpLimits::default() };
    let mut all = tokio::task::JoinSet::new();
    for datasource in 0..8 {
        let http = granted(network.of(&datasource.to_string()), &server, limits.clone());
        let url = server.url("/");
        all.spawn(async move {
            for _ in 0..5 {
                http.send(get(&url), PATIENCE).await.unwrap();
            }
        });
    }
    all.join_all().await;
    assert_eq!(server.seen().len(), 40);
}

#[tokio::test]
async fn who_gets_no_connection_in_time_has_sent_nothing() {
    let server = Server::start([Act::Silence, Act::Silence]).await;
    let network = here().with_connections(2);
    let mut waiting = tokio::task::JoinSet::new();
    for datasource in ["first", "second"] {
        let http = granted(network.of(datasource), &server, HttpLimits::default());
        let url = server.url("/");
        waiting.spawn(async move { http.send(get(url), PATIENCE).await });
    }
    while server.seen().len() < 2 {
        tokio::task::yield_now().await;
    }
    let third = granted(network.of("third"), &server, HttpLimits::default());
    let soon = Duration::from_millis(50);
    let broken = third.send(get(server.url("/")), soon).await.unwrap_err();
    let Broken::Unsent { reason, .. } = &broken else { panic!("{broken:?}") };
    assert!(reason.contains("connections: at most 2"), "{reason}");
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_delay_is_seconds_or_a_date_by_the_servers_own_clock() {
    let delay = |after: &str, date: Option<&str>| {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, after.parse().unwrap());
        if let Some(date) = date {
            headers.insert(header::DATE, date.parse().unwrap());
        }
        retry_after(&headers)
    };
    let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(delay(" 7 ", None), Some(Duration::from_secs(7)));
    assert_eq!(delay("Sun, 06 Nov 1994 08:50:37 GMT", date), Some(Duration::from_mins(1)));
    assert_eq!(delay("Sun, 06 Nov 1994 08:00:00 GMT", date), Some(Duration::ZERO));
    assert_eq!(delay("Sun, 06 Nov 1994 08:00:00 GMT", None), Some(Duration::ZERO));
    for nonsense in ["soon", "-1", "7.5", "99999999999999999999"] {
        assert_eq!(delay(nonsense, date), None, "{nonsense}");
    }
}
