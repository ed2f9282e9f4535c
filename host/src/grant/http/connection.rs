//! One connection: a request goes out whole or not at all, and the answer comes whole or is lost.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::rt::{Read, Write};
use hyper::{Request, Response};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::asked::Asked;
use super::pace::Seat;
use super::unpack::{UnpackError, Unpacked};
use super::{Broken, HttpLimits};
use crate::domain::origin::Origin;

/// How the host names itself to servers.
const USER_AGENT: &str = concat!("OurWater-Sync/", env!("CARGO_PKG_VERSION"));

/// Bytes of the smallest buffer for an answer's head.
const BUFFER_BYTES_MIN: usize = 8 * 1024;

/// An answer, unpacked.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// A connection nothing is under way on.
pub(super) struct Connection {
    pub(super) origin: Origin,
    sender: SendRequest<Full<Bytes>>,
    /// Whether a request is under way.
    busy: watch::Sender<bool>,
    /// Moves the bytes; ends with the connection.
    _driver: JoinSet<()>,
    idle_since: Instant,
}

/// Begins to speak HTTP over a stream. The seat is free again when the connection is closed.
pub(super) async fn begin<S>(
    origin: &Origin,
    seat: Seat,
    stream: S,
    limits: &HttpLimits,
) -> Result<Connection, hyper::Error>
where
    S: Read + Write + Unpin + Send + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .max_headers(limits.answer_headers_max)
        // Hyper takes no smaller one.
        .max_buf_size(limits.answer_header_bytes_max.max(BUFFER_BYTES_MIN))
        .handshake(stream)
        .await?;
    let (busy, watched) = watch::channel(true);
    let mut driver = JoinSet::new();
    let idle_time_max = limits.idle_time_max;
    driver.spawn(async move {
        tokio::select! {
            // Its end shows at the request under way.
            _ = connection => {}
            () = idle(watched, idle_time_max) => {}
        }
        drop(seat);
    });
    let (origin, idle_since) = (origin.clone(), Instant::now());
    Ok(Connection { origin, sender, busy, _driver: driver, idle_since })
}

/// Ends when nothing was under way for some time.
async fn idle(mut busy: watch::Receiver<bool>, time_max: Duration) {
    loop {
        let changed = if *busy.borrow_and_update() {
            busy.changed().await
        } else {
            match timeout(time_max, busy.changed()).await {
                Ok(changed) => changed,
                Err(_) => return,
            }
        };
        if changed.is_err() {
            return;
        }
    }
}

impl Connection {
    /// Whether the server has left it open, as far as is known.
    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Whether it may be used again.
    pub(super) fn fresh(&self, limits: &HttpLimits) -> bool {
        self.is_open() && self.idle_since.elapsed() < limits.idle_time_max
    }

    /// Sends a request and reads the answer; gives the connection back with it.
    pub(super) async fn exchange(
        mut self,
        asked: &Asked,
        limits: &HttpLimits,
    ) -> Result<(Self, Answer), Broken> {
        let origin = &asked.origin;
        let request = request(asked)?;
        self.busy.send_replace(true);
        if let Err(error) = self.sender.ready().await {
            return Err(Broken::unsent(format!("{origin} closed the connection: {error}")));
        }
        let answered = self.sender.try_send_request(request).await;
        let response = answered.map_err(|mut error| match error.take_message() {
            // Hyper gives it back only where not one byte of it was written.
            Some(_) => Broken::unsent(format!("{origin} closed the connection: {}", error.error())),
            None => not_whole(origin, error.error(), limits),
        })?;
        let answer = read(origin, response, limits).await?;
        self.idle_since = Instant::now();
        self.busy.send_replace(false);
        Ok((self, answer))
    }
}

fn request(asked: &Asked) -> Result<Request<Full<Bytes>>, Broken> {
    let mut request = Request::new(Full::new(asked.body.clone()));
    *request.method_mut() = asked.method.clone();
    *request.uri_mut() = asked.target()?;
    *request.headers_mut() = asked.headers.clone();
    let host = HeaderValue::from_str(&asked.origin.authority())
        .map_err(|_| Broken::Denied("the host's name cannot be sent".to_owned()))?;
    let headers = request.headers_mut();
    headers.insert(header::HOST, host);
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
    Ok(request)
}

async fn read(
    origin: &Origin,
    response: Response<Incoming>,
    limits: &HttpLimits,
) -> Result<Answer, Broken> {
    let (mut parts, mut body) = response.into_parts();
    let mut unpacked = Unpacked::new(packed(&parts.headers), limits.answer_bytes_max);
    let broken = |error: UnpackError| match error {
        UnpackError::TooLarge { bytes_max } => Broken::TooLarge(format!(
            "answer: at most {bytes_max} bytes, this one has more (http_answer_bytes_max)"
        )),
        UnpackError::Damaged => {
            Broken::lost(format!("the answer of {origin} is packed, and damaged"))
        }
    };
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| not_whole(origin, &error, limits))?;
        if let Some(piece) = frame.data_ref() {
            unpacked.add(piece).map_err(broken)?;
        }
    }
    if packed(&parts.headers) {
        parts.headers.remove(header::CONTENT_ENCODING);
        parts.headers.remove(header::CONTENT_LENGTH);
    }
    let body = unpacked.finish().map_err(broken)?;
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
}

fn packed(headers: &HeaderMap) -> bool {
    let encoding = headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes);
    encoding
        .is_some_and(|it| it.eq_ignore_ascii_case(b"gzip") || it.eq_ignore_ascii_case(b"x-gzip"))
}

fn not_whole(origin: &Origin, error: &hyper::Error, limits: &HttpLimits) -> Broken {
    if error.is_parse_too_large() {
        let HttpLimits { answer_headers_max, answer_header_bytes_max, .. } = limits;
        return Broken::TooLarge(format!(
            "answer headers: at most {answer_headers_max} (http_answer_headers_max), of \
             {answer_header_bytes_max} bytes together (http_answer_header_bytes_max)"
        ));
    }
    Broken::lost(format!("{origin} gave no whole answer: {error}"))
}
