use super::*;
use crate::files::File;
use crate::log::Level;
use crate::native::{self, Host};

type Sent = std::result::Result<Response, Broken>;

/// Answers everything with the same.
struct Server(Sent);

impl Host for Server {
    fn all(&mut self) -> Result<Vec<File>> {
        Ok(Vec::new())
    }
    fn read(&mut self, _: &str, _: u64, _: u32) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }
    fn append(&mut self, _: &str, _: u64, _: &[u8]) -> Result<u64> {
        Ok(0)
    }
    fn log(&mut self, _: Level, _: &str) {}
    fn send(&mut self, _: &Request) -> Sent {
        self.0.clone()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what a server is scripted with")]
fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Sent {
    let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    Ok(Response { status, headers: headers.collect(), body: body.as_bytes().to_vec() })
}

fn read(sent: Sent) -> Result<Answer<Vec<u32>>> {
    native::install(Server(sent));
    Call::new("GET", "http://a").read(Fault::Config("url"))
}

fn written(sent: Sent) -> std::result::Result<Response, Unwritten> {
    native::install(Server(sent));
    Call::new("POST", "http://a").write()
}

fn delay(reason: &str) -> Delay {
    Delay { reason: reason.to_owned(), after_ms: Some(5) }
}

#[test]
fn parameters_are_encoded_and_joined() {
    let call = Call::new("GET", "http://a/b").query("filter", "{\"a\":1}").query("x y", "é&=+#");
    assert_eq!(call.request.url, "http://a/b?filter=%7B%22a%22:1%7D&x%20y=%C3%A9%26%3D%2B%23");
}

#[test]
fn a_body_is_json_and_says_so() {
    let call = Call::new("POST", "http://a").body(&[1, 2]).unwrap();
    assert_eq!(call.request.body.as_deref(), Some(&b"[1,2]"[..]));
    let kind = ("content-type".to_owned(), "application/json".to_owned());
    assert!(call.request.headers.contains(&kind));
}

#[test]
fn an_answer_is_read_with_the_servers_clock() {
    let date = [("Date", "Thu, 01 Jan 1970 00:00:10 GMT")];
    let got = read(answer(200, &date, "[1,2]")).unwrap();
    assert_eq!((got.body, got.time), (vec![1, 2], Some(10_000)));
}

#[test]
fn each_status_says_what_to_do() {
    for status in [401, 403] {
        assert!(matches!(read(answer(status, &[], "no")), Err(Failure::Denied(_))), "{status}");
    }
    for status in [400, 404, 422] {
        let Err(Failure::Config(remark)) = read(answer(status, &[], "what?")) else {
            panic!("{status}");
        };
        assert_eq!(remark.field, "url");
    }
    for status in [408, 425, 429, 500, 502, 503, 504] {
        let failure = read(answer(status, &[], "")).unwrap_err();
        assert!(matches!(failure, Failure::Unavailable(_)), "{status}: {failure:?}");
    }
}

#[test]
fn what_a_server_has_not_is_found_missing_and_a_wrong_address_is_not() {
    let find = |sent| {
        native::install(Server(sent));
        Call::new("GET", "http://a").find::<Vec<u32>>(Fault::Config("url"))
    };
    assert_eq!(find(answer(200, &[], "[1]")).unwrap().unwrap().body, [1]);
    for status in [404, 410] {
        assert_eq!(find(answer(status, &[], r#"{"detail":"Not found."}"#)).unwrap(), None);
        assert!(matches!(find(answer(status, &[], "<html>")), Err(Failure::Config(_))));
    }
    assert!(matches!(find(answer(400, &[], "{}")), Err(Failure::Config(_))));
}

#[test]
fn a_redirect_is_not_followed_but_says_where_it_points() {
    let moved = answer(301, &[("location", "https://elsewhere/")], "");
    let Err(Failure::Config(remark)) = read(moved) else { panic!("a redirect is configuration") };
    assert!(remark.text.contains("https://elsewhere/"), "{}", remark.text);
}

#[test]
fn a_server_says_when_to_come_back_in_seconds_or_as_a_date() {
    let after = |headers: &[(&str, &str)]| match read(answer(429, headers, "")) {
        Err(Failure::Unavailable(delay)) => delay.after_ms,
        other => panic!("{other:?}"),
    };
    assert_eq!(after(&[("Retry-After", "7")]), Some(7_000));
    let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(after(&[("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"), date]), Some(60_000));
    assert_eq!(after(&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT"), date]), Some(0));
    assert_eq!(after(&[("retry-after", "soon")]), None);
    assert_eq!(after(&[("retry-after", "99999999999999999999")]), None);
    assert_eq!(after(&[("retry-after", "18446744073709551615")]), Some(24 * 3_600_000));
}

#[test]
fn a_page_for_people_and_a_cut_answer_are_tried_again_and_shown() {
    let html = read(answer(200, &[], "<html>\n  <b>Maintenance</b>\u{7}</html>"));
    let Err(Failure::Unavailable(delay)) = html else { panic!("{html:?}") };
    assert!(delay.reason.ends_with("<html> <b>Maintenance</b> </html>"), "{}", delay.reason);
    assert!(matches!(read(answer(200, &[], "[1,")), Err(Failure::Unavailable(_))));
    assert!(matches!(read(answer(200, &[], "{\"a\":1}")), Err(Failure::Data(_))));
}

#[test]
fn what_was_lost_is_asked_again_but_not_written_again() {
    let lost = || Err(Broken::Lost(delay("lost")));
    assert_eq!(read(lost()).unwrap_err(), Failure::Unavailable(delay("lost")));
    assert_eq!(written(lost()).unwrap_err(), Unwritten::Unknown(delay("lost")));
    let unsent = written(Err(Broken::Unsent(delay("unsent")))).unwrap_err();
    assert_eq!(unsent, Unwritten::Untried(Failure::Unavailable(delay("unsent"))));
    let denied = written(Err(Broken::Denied("no".to_owned()))).unwrap_err();
    assert_eq!(denied, Unwritten::Untried(Failure::Denied("no".to_owned())));
}

#[test]
fn a_write_is_judged_by_who_answered() {
    for status in [200, 201, 400, 404, 409, 413, 422, 500] {
        assert_eq!(written(answer(status, &[], "")).unwrap().status, status);
    }
    for status in [408, 502, 503, 504] {
        let unwritten = written(answer(status, &[], "")).unwrap_err();
        assert!(matches!(unwritten, Unwritten::Unknown(_)), "{status}");
    }
    for status in [301, 401, 403, 429] {
        let unwritten = written(answer(status, &[], "")).unwrap_err();
        assert!(matches!(unwritten, Unwritten::Untried(_)), "{status}");
    }
}

#[test]
fn nothing_is_reached_by_a_host_that_grants_nothing() {
    native::install(native::Memory::default());
    let failure = Call::new("GET", "http://a").read::<u32>(Fault::Data).unwrap_err();
    assert!(matches!(failure, Failure::Denied(_)));
}
