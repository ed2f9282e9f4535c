//! What requests may cost; every limit has a name, a unit and a default.

use std::time::Duration;

use crate::domain::limit::limits;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;
const SECOND: u64 = 1000;
const HOUR: u64 = 3600 * SECOND;

limits! {
    /// What requests may cost. Reaching a limit is an error that names it.
    pub struct HttpLimits, named "http_" {
        /// Bytes of a URL.
        url_bytes_max: usize = 8 * KIB, 64 => MIB;
        /// Headers of a request.
        headers_max: usize = 64, 0 => 1_000;
        /// Bytes of the names and values of a request's headers together.
        header_bytes_max: usize = 16 * KIB, 0 => MIB;
        /// Bytes of a request's body.
        request_bytes_max: usize = 8 * MIB, 0 => GIB;
        /// Headers of an answer.
        answer_headers_max: usize = 128, 16 => 1_000;
        /// Bytes of an answer's status line and headers.
        answer_header_bytes_max: usize = 64 * KIB, 8 * KIB => MIB;
        /// Bytes of an answer's body, both as it comes and unpacked.
        answer_bytes_max: usize = 16 * MIB, KIB => GIB;
        /// Wall time of trying one address of a server.
        connect_time_max as connect_time_ms_max: Duration = 10 * SECOND, 10 => HOUR;
        /// Wall time of a request, from looking up the name to the last byte; a login it needs and
        /// waiting for its turn included.
        request_time_max as request_time_ms_max: Duration = 30 * SECOND, 10 => HOUR;
        /// Time after which an idle connection is closed: servers close theirs after 5 s and
        /// more, and a request they do so under may have taken effect.
        idle_time_max as idle_time_ms_max: Duration = 2 * SECOND, 0 => 60 * SECOND;
        /// Requests to one server in a second, those of all instances of a datasource together;
        /// further ones wait for their turn.
        // An instance waits for each answer, so a server 20 ms away sees 50. This is for those next
        // door: at 100, pushing 10,000 edits to one took 99 s.
        requests_per_second_max: u64 = 1_000, 1 => 10_000;
        /// Time for which a server is left alone at most, however long it asks for.
        retry_time_max as retry_time_ms_max: Duration = HOUR, 0 => 24 * HOUR;
        /// Requests in one run, logins included.
        run_requests_max: u64 = 1_000_000, 1 => 1_000_000_000;
        /// Bytes of bodies in one run, both ways together.
        run_bytes_max: u64 = 64 * GIB, KIB => 1_024 * GIB;
    }
    parts {}
}
