//! The other side's own limit: the same readings sent to it without a host in between.

use std::net::TcpListener;
use std::time::Instant;

use anyhow::Result;
use ourwater::domain::clock::{Clock, rfc3339};
use ourwater::http::stand_in::{self, Reading, StandIn};
use serde_json::{Value, json};
use ureq::Agent;

use super::world::{self, WELLS};

/// Readings in a body, as the plugin sends them: the server takes 100 kB.
const BODY_READINGS: usize = 500;

/// Serves as long as the program, on a thread of its own.
pub(super) fn serve(stand_in: StandIn) -> Result<String> {
    let listener = TcpListener::bind((stand_in::ADDRESS, 0))?;
    listener.set_nonblocking(true)?;
    let url = format!("http://{}", listener.local_addr()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            stand_in.serve(listener).await
        })
    });
    Ok(url)
}

/// Seconds that posting these takes.
pub(super) fn post(readings: &[Reading]) -> Result<f64> {
    let server = Direct::of(world::empty(Clock::System))?;
    let bodies: Vec<Value> =
        readings.chunks(BODY_READINGS).map(|chunk| chunk.iter().map(row).collect()).collect();
    let begun = Instant::now();
    for body in &bodies {
        server.agent.post(server.url("readings")).send_json(body)?;
    }
    Ok(begun.elapsed().as_secs_f64())
}

/// Seconds that changing so many readings takes, one after the other as the server wants it.
pub(super) fn patch(count: u64) -> Result<f64> {
    let stand_in = world::empty(Clock::System);
    stand_in.add_readings((0..count).map(|at| world::reading(at % WELLS, 0)));
    let server = Direct::of(stand_in)?;
    let begun = Instant::now();
    for id in 1..=count {
        let url = server.url(&format!("readings/{id}"));
        server.agent.patch(url).send_json(json!({"value": 77.5}))?;
    }
    Ok(begun.elapsed().as_secs_f64())
}

struct Direct {
    agent: Agent,
    address: String,
    token: String,
}

impl Direct {
    fn of(stand_in: StandIn) -> Result<Self> {
        let (address, agent) = (serve(stand_in)?, Agent::new_with_defaults());
        let (username, password) = stand_in::LOGIN;
        let login = json!({"username": username, "password": password});
        let url = format!("{address}/api/Clients/login");
        let answer: Value = agent.post(url).send_json(login)?.body_mut().read_json()?;
        let token = answer["id"].as_str().unwrap_or_default().to_owned();
        Ok(Self { agent, address, token })
    }

    fn url(&self, method: &str) -> String {
        format!("{}/api/{method}?access_token={}", self.address, self.token)
    }
}

fn row(reading: &Reading) -> Value {
    json!({"date": reading.date.map(rfc3339), "value": reading.value,
        "postcode": reading.postcode, "resourceId": reading.resource,
        "villageId": reading.village})
}
