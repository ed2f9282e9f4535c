//! What a person with a browser does, and what a hostile text cannot do to one.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE};
use axum::http::{Request, StatusCode};

use serde_json::{Value, json};

use super::records::WELLS;
use super::{Answer, World, request};
use crate::domain::id::RunId;

/// Somebody who is logged in.
struct Browser<'world> {
    world: &'world World,
    cookie: String,
    csrf: String,
}

impl<'world> Browser<'world> {
    async fn log_in(world: &'world World) -> Self {
        let answer = world.send(form("/login", &format!("token={}", world.ours.1))).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let cookie = answer.header("set-cookie");
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        assert!(!cookie.contains(&world.ours.1), "the token is not in the cookie");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let mut browser = Self { world, cookie, csrf: String::new() };
        let page = browser.get("/").await;
        let (_, rest) = page.text.split_once("name=\"csrf\" value=\"").unwrap();
        browser.csrf = rest.split('"').next().unwrap().to_owned();
        browser
    }

    async fn send(&self, mut request: Request<Body>) -> Answer {
        request.headers_mut().insert(COOKIE, self.cookie.parse().unwrap());
        self.world.send(request).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path, None, "")).await
    }

    async fn post(&self, path: &str, fields: &str) -> Answer {
        self.send(form(path, &format!("csrf={}&{fields}", self.csrf))).await
    }

    async fn upload(&self, csrf: &str, name: &str, content: &str) -> Answer {
        let body = format!(
            "--cut\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--cut\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: text/csv\r\n\r\n{content}\r\n--cut--\r\n"
        );
        let mut request = request("POST", "/files", None, body);
        let multipart = "multipart/form-data; boundary=cut".parse().unwrap();
        request.headers_mut().insert(CONTENT_TYPE, multipart);
        self.send(request).await
    }
}

fn form(path: &str, fields: &str) -> Request<Body> {
    let mut request = request("POST", path, None, fields.to_owned());
    let urlencoded = "application/x-www-form-urlencoded".parse().unwrap();
    request.headers_mut().insert(CONTENT_TYPE, urlencoded);
    request
}

const HOSTILE: &str = "<script>alert(1)</script>";

#[tokio::test]
async fn a_file_is_uploaded_understood_imported_and_accounted_for() {
    let world = World::new().await;
    let browser = Browser::log_in(&world).await;
    let file = format!(
        "well,date,level\nA,3/4/2017,1.5\nA,5/6/2017,{HOSTILE}\n\"<b>B\",7/8/2017,2\n{}",
        (1..=8).map(|n| format!("A,{n}/{n}/2018,1.{n}")).collect::<Vec<_>>().join("\n")
    );
    let uploaded = browser.upload(&browser.csrf, "<b>wells.csv", &file).await;
    assert_eq!(uploaded.status, StatusCode::SEE_OTHER, "{}", uploaded.text);
    let preview = uploaded.header("location").to_owned();
    let page = browser.get(&preview).await;
    assert!(page.text.contains("type=\"radio\""), "{}", page.text);
    harmless(&page);

    let open = browser.post(&preview, "name=wells").await;
    assert!(open.text.contains("type=\"radio\""), "it is asked again: {}", open.text);
    let fields = "name=%3Cb%3Ewells&set%3Areadings.time.pattern=%25d%2F%25m%2F%25Y";
    let imported = browser.post(&preview, fields).await;
    assert_eq!(imported.status, StatusCode::SEE_OTHER, "{}", imported.text);
    let place = imported.header("location").to_owned();
    let run: RunId = place.rsplit('/').next().unwrap().parse().unwrap();
    world.app.engine.wait(&world.ours.0.id, &run, None).await.unwrap();
    let page = browser.get(&place).await;
    assert!(page.text.contains("completed with issues"), "{}", page.text);
    assert!(page.text.contains("row 3"), "{}", page.text);
    assert!(page.text.contains("&lt;script&gt;"), "{}", page.text);
    harmless(&page);
    let overview = browser.get("/").await;
    assert!(overview.text.contains("10 created"), "{}", overview.text);
    harmless(&overview);
}

#[tokio::test]
async fn a_foreign_form_does_nothing() {
    let world = World::new().await;
    let browser = Browser::log_in(&world).await;
    let refused = browser.upload("guessed", "a.csv", "a,b\n").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let refused = browser.send(form("/logout", "csrf=guessed")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let mut other = form("/logout", &format!("csrf={}", browser.csrf));
    other.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(browser.send(other).await.status, StatusCode::FORBIDDEN);
    assert!(world.app.store.files(&world.ours.0.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_session_ends_with_the_logout_or_with_its_token() {
    let world = World::new().await;
    let browser = Browser::log_in(&world).await;
    assert_eq!(browser.post("/logout", "").await.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/").await.text.contains("type=\"password\""));
    let browser = Browser::log_in(&world).await;
    world.app.store.renew_token(&world.ours.0.id).await.unwrap();
    assert!(browser.get("/").await.text.contains("type=\"password\""));
    let wrong = world.send(form("/login", "token=guessed")).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_that_began_encrypted_stays_so() {
    let world = World::new().await;
    for (origin, secure) in [("http://localhost", false), ("https://localhost", true)] {
        let mut login = form("/login", &format!("token={}", world.ours.1));
        login.headers_mut().insert("host", "localhost".parse().unwrap());
        login.headers_mut().insert("origin", origin.parse().unwrap());
        let answer = world.send(login).await;
        assert_eq!(answer.header("set-cookie").contains("; Secure"), secure, "{origin}");
    }
}

#[tokio::test]
async fn pages_of_others_are_not_there_and_strangers_log_in_first() {
    let world = World::new().await;
    let browser = Browser::log_in(&world).await;
    let run = RunId::random();
    for path in [format!("/runs/{run}"), "/syncs/x".into(), "/files/x".into()] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.text.contains("<!DOCTYPE html>"), "{path}");
        let stranger = world.send(request("GET", &path, None, "")).await;
        assert_ne!(stranger.status, StatusCode::OK, "{path}");
    }
}

/// Nothing of a foreign text is markup, and if it were, the browser would not run it.
fn harmless(page: &Answer) {
    assert!(!page.text.contains("<script") && !page.text.contains("<b>"), "{}", page.text);
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_person_decides_a_conflict_on_the_page_of_its_sync() {
    let world = World::new().await;
    let sync = world.wells(&json!({"policy": "review", "schedule": "daily"})).await;
    world.run(&sync).await;
    let well = world.resource().await;
    let readings = format!("/api/v1/resources/{}/readings", well["id"].as_str().unwrap());
    let mut edit = world.say("GET", &readings, Value::Null, 200).await["readings"][0].clone();
    edit.as_object_mut().unwrap().remove("origin");
    edit["value"] = json!(3.25);
    world.say("PUT", &readings, json!({"readings": [edit]}), 200).await;
    world.ask("PUT", "/api/v1/files/wells.csv", WELLS.replace("2.1\n", "4.75\n")).await;
    let run = world.run(&sync).await;

    let browser = Browser::log_in(&world).await;
    let page = browser.get(&format!("/runs/{}", run["id"].as_str().unwrap())).await;
    assert!(page.text.contains("both sides had changed"), "{}", page.text);
    let here = format!("/syncs/{sync}");
    let page = browser.get(&here).await;
    for part in ["daily", "pull-from-datasource", "3.25", "4.75", "2.1", "Take this"] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    harmless(&page);
    let (_, rest) = page.text.split_once("action=\"/conflicts/").unwrap();
    let place = format!("/conflicts/{}", rest.split('"').next().unwrap());
    let foreign = browser.send(form(&place, "csrf=guessed&choose=ours")).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    let wrong = browser.post(&place, "choose=neither").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text);
    let decided = browser.post(&place, "choose=theirs").await;
    assert_eq!(decided.status, StatusCode::SEE_OTHER, "{}", decided.text);
    assert!(!browser.get(&here).await.text.contains("Take this"));
    let read = world.say("GET", &readings, Value::Null, 200).await;
    assert_eq!(read["readings"][0]["value"], 4.75);
}
