//! Times as people of an organisation read them.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::clock::Timestamp;
use crate::domain::organisation::Zone;

/// In the organisation's own zone, to the second.
pub(super) fn shown(time: Timestamp, zone: Zone) -> String {
    let zone: Tz = zone.name().parse().unwrap_or(chrono_tz::UTC);
    match DateTime::<Utc>::from_timestamp_millis(time) {
        Some(time) => time.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S %Z").to_string(),
        None => time.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_in_its_zone() {
        assert_eq!(shown(0, "Asia/Kolkata".parse().unwrap()), "1970-01-01 05:30:00 IST");
        assert_eq!(shown(i64::MAX, Zone::UTC), i64::MAX.to_string());
    }
}
