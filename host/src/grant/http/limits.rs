//! What requests may cost; every limit has a name, a unit and a default.

use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What requests may cost. Reaching a limit is an error that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpLimits {
    /// Bytes of a URL.
    pub url_bytes_max: usize,
    /// Headers of a request.
    pub headers_max: usize,
    /// Bytes of the names and values of a request's headers together.
    pub header_bytes_max: usize,
    /// Bytes of a request's body.
    pub request_bytes_max: usize,
    /// Headers of an answer.
    pub answer_headers_max: usize,
    /// Bytes of an answer's status line and headers.
    pub answer_header_bytes_max: usize,
    /// Bytes of an answer's body, both as it comes and unpacked.
    pub answer_bytes_max: usize,
    /// Wall time of trying one address of a server.
    pub connect_time_max: Duration,
    /// Wall time of a request, from looking up the name to the last byte; a login it needs included.
    pub request_time_max: Duration,
    /// Time after which an idle connection is not used again: servers close theirs after 5 s and
    /// more, and a request they do so under may have taken effect.
    pub idle_time_max: Duration,
    /// Requests in one run, logins included.
    pub run_requests_max: u64,
    /// Bytes of bodies in one run, both ways together.
    pub run_bytes_max: u64,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            url_bytes_max: 8 * KIB,
            headers_max: 64,
            header_bytes_max: 16 * KIB,
            request_bytes_max: 8 * MIB,
            answer_headers_max: 128,
            answer_header_bytes_max: 64 * KIB,
            answer_bytes_max: 16 * MIB,
            connect_time_max: Duration::from_secs(10),
            request_time_max: Duration::from_secs(30),
            idle_time_max: Duration::from_secs(2),
            run_requests_max: 1_000_000,
            run_bytes_max: 64 * 1024 * MIB as u64,
        }
    }
}
