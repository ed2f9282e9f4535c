//! So many in a second, and as many at once after a rest.

use std::time::{Duration, Instant};

/// Counts by one time only: when all that was taken is paid for at the allowed rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    paid: Instant,
}

impl Bucket {
    /// From which nothing was taken.
    pub(super) fn full(now: Instant) -> Self {
        Self { paid: now }
    }

    /// Takes one, where there is one; else says how long until there is.
    pub(super) fn take(&mut self, per_second: u64, now: Instant) -> Result<(), Duration> {
        match self.wait(per_second, now) {
            Duration::ZERO => {
                self.pay(per_second, now);
                Ok(())
            }
            wait => Err(wait),
        }
    }

    /// Takes one in advance: how long to wait before it is used. Who comes later waits longer.
    pub(super) fn reserve(&mut self, per_second: u64, now: Instant) -> Duration {
        let wait = self.wait(per_second, now);
        self.pay(per_second, now);
        wait
    }

    /// Time until there is one.
    pub(super) fn wait(&self, per_second: u64, now: Instant) -> Duration {
        let owed = self.paid.saturating_duration_since(now);
        (owed + price(per_second)).saturating_sub(Duration::from_secs(1))
    }

    /// Whether as many may come at once as ever.
    pub(super) fn is_full(&self, now: Instant) -> bool {
        self.paid <= now
    }

    fn pay(&mut self, per_second: u64, now: Instant) {
        self.paid = self.paid.max(now) + price(per_second);
    }
}

fn price(per_second: u64) -> Duration {
    Duration::from_secs(1) / u32::try_from(per_second.max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENTH: Duration = Duration::from_millis(100);

    #[test]
    fn a_second_is_at_once_and_then_each_waits_for_its_turn() {
        let start = Instant::now();
        let mut bucket = Bucket::full(start);
        assert_eq!((0..10).filter(|_| bucket.take(10, start).is_ok()).count(), 10);
        assert_eq!(bucket.take(10, start), Err(TENTH));
        assert_eq!(bucket.take(10, start + TENTH), Ok(()));
        assert_eq!(bucket.reserve(10, start + TENTH), TENTH);
        assert_eq!(bucket.reserve(10, start + TENTH), 2 * TENTH);
        let later = start + Duration::from_mins(1);
        assert_eq!((0..99).filter(|_| bucket.take(10, later).is_ok()).count(), 10);
    }
}
