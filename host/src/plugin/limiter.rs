//! Counts what an instance allocates, summed over all of its memories and tables.

use wasmtime::ResourceLimiter;

use super::limits::{Limits, bytes};

/// Refuses growth beyond the limits and remembers that it did.
#[derive(Debug)]
pub(super) struct Limiter {
    memory_bytes: usize,
    memory_bytes_max: usize,
    /// The growth allowed last, which may still fail.
    growing: usize,
    table_elements: usize,
    table_elements_max: usize,
    instances_max: usize,
    tables_max: usize,
    memories_max: usize,
    reached: Option<String>,
}

impl Limiter {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            memory_bytes: 0,
            memory_bytes_max: limits.memory_bytes_max,
            growing: 0,
            table_elements: 0,
            table_elements_max: limits.table_elements_max,
            instances_max: limits.instances_max,
            tables_max: limits.tables_max,
            memories_max: limits.memories_max,
            reached: None,
        }
    }

    /// The limit that was reached, in words.
    pub(super) fn reached(&self) -> Option<&str> {
        self.reached.as_deref()
    }

    /// Bytes of all memories together.
    pub(super) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// A call that ended well has lived with a refusal, which then explains no later trap.
    pub(super) fn forget(&mut self) {
        self.reached = None;
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.growing = 0;
        let more = desired.saturating_sub(current);
        let total = self.memory_bytes.saturating_add(more);
        if total > self.memory_bytes_max {
            let most = bytes(self.memory_bytes_max);
            self.reached =
                Some(format!("memory: at most {most} for an instance (memory_bytes_max)"));
            return Ok(false);
        }
        self.memory_bytes = total;
        self.growing = more;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.memory_bytes -= std::mem::take(&mut self.growing);
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.table_elements.saturating_add(desired.saturating_sub(current));
        if total > self.table_elements_max {
            let most = self.table_elements_max;
            self.reached = Some(format!(
                "tables: at most {most} elements for an instance (table_elements_max)"
            ));
            return Ok(false);
        }
        self.table_elements = total;
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.instances_max
    }

    fn tables(&self) -> usize {
        self.tables_max
    }

    fn memories(&self) -> usize {
        self.memories_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_count_together_and_a_growth_that_failed_is_given_back() {
        let limits = Limits { memory_bytes_max: 100, ..Limits::default() };
        let mut limiter = Limiter::new(&limits);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(!limiter.memory_growing(0, 60, None).unwrap());
        assert_eq!(
            limiter.reached(),
            Some("memory: at most 100 bytes for an instance (memory_bytes_max)")
        );
        assert!(limiter.memory_growing(0, 40, None).unwrap());
        limiter.memory_grow_failed(wasmtime::format_err!("no")).unwrap();
        assert!(limiter.memory_growing(60, 100, None).unwrap());
    }
}
