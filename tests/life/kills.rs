//! The host is killed at each step of a plugin's life: the next one finds the last step taken whole.

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::harness::{Place, text};
use crate::serving::Server;

use super::{World, rain};

impl World {
    /// Kills the host, and starts it again.
    fn killed(self, place: &Place) -> Self {
        let Self { server, admin, token } = self;
        server.kill();
        Self { server: Server::start(place, &[]), admin, token }
    }

    /// Sends a request and kills the host at once, whatever it was about to do.
    fn killed_amid(self, place: &Place, method: &str, path: &str, body: &[u8]) -> Self {
        let address = self.server.base.trim_start_matches("http://").to_owned();
        let mut stream = TcpStream::connect(&address).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.admin,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        self.killed(place)
    }
}

#[test]
fn a_step_whose_answer_came_was_taken_for_good() {
    let place = Place::new();
    let world = World::new(&place);
    let first = world.upload(&rain("first"));
    let world = world.killed(&place);
    assert_eq!(world.states(), [state(&first, "uploaded")]);
    assert_eq!(world.allow(&first, &json!(["files"])).0, 200);
    let world = world.killed(&place);
    assert_eq!(world.states(), [state(&first, "allowed")]);
    assert_eq!(world.activate(&first).0, 200);
    let world = world.killed(&place);
    assert_eq!(world.states(), [state(&first, "active")]);
    let function = world.sync();
    assert_eq!(world.run(&function)["counts"]["created"], 3);
    let second = world.upload(&rain("second"));
    assert_eq!(world.activate(&second).0, 200);
    let world = world.killed(&place);
    assert_eq!(world.run(&function)["plugin"], second["digest"]);
    assert_eq!(world.roll_back().0, 200);
    let world = world.killed(&place);
    assert_eq!(world.states(), [state(&first, "active"), state(&second, "allowed")]);
    assert_eq!(world.run(&function)["plugin"], first["digest"]);
}

#[test]
fn a_step_whose_answer_never_came_was_taken_whole_or_not_at_all() {
    let place = Place::new();
    let mut world = World::new(&place);
    let component = rain("first");
    world = world.killed_amid(&place, "POST", "/api/v1/plugins", &component);
    assert!(matches!(states(&world).as_slice(), [] | ["uploaded"]), "{:?}", world.states());
    let first = world.upload(&component);
    let path = format!("/api/v1/plugins/{}", text(&first["digest"]));

    let granted = json!({"permissions": ["files"]}).to_string();
    world = world.killed_amid(&place, "PUT", &format!("{path}/allowance"), granted.as_bytes());
    assert!(matches!(states(&world).as_slice(), ["uploaded" | "allowed"]));
    assert_eq!(world.allow(&first, &json!(["files"])).0, 200);

    world = world.killed_amid(&place, "POST", &format!("{path}/activate"), b"{}");
    assert!(matches!(states(&world).as_slice(), ["allowed" | "active"]));
    assert_eq!(world.activate(&first).0, 200);

    let function = world.sync();
    let second = world.upload(&rain("second"));
    let path = format!("/api/v1/plugins/{}/activate", text(&second["digest"]));
    world = world.killed_amid(&place, "POST", &path, b"{}");
    assert_eq!(states(&world).iter().filter(|state| **state == "active").count(), 1);
    assert_eq!(world.activate(&second).0, 200);

    world = world.killed_amid(&place, "POST", "/api/v1/plugins/rain/rollback", b"{}");
    assert_eq!(states(&world).iter().filter(|state| **state == "active").count(), 1);
    assert!(world.activate(&first).0 == 200);
    assert_eq!(world.run(&function)["plugin"], first["digest"]);
}

fn state(version: &Value, state: &str) -> (String, String) {
    (text(&version["digest"]), state.to_owned())
}

fn states(world: &World) -> Vec<&'static str> {
    let words = ["uploaded", "allowed", "active"];
    let known = |state: &String| words.into_iter().find(|word| word == state).unwrap();
    world.states().iter().map(|(_, state)| known(state)).collect()
}
