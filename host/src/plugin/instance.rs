//! One instance of a plugin: each call ends by its deadline, and none follows a trap.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::error::Elapsed;
use tokio::time::timeout_at;
use wasmtime::{Engine, Store, UpdateDeadline};

use super::bindings::PluginPre;
use super::bindings::exports::ourwater::datasource::datasource::Guest;
use super::limits::Limits;
use super::state::State;
use super::{convert, fault};
use crate::domain::batch::{Batch, Receipt};
use crate::domain::page::{Page, PageRequest};
use crate::domain::plugin::{Description, Failure, Proposal, Remark};
use crate::grant::Grant;

/// A plugin at work. Dropping it, or a call of it, ends it.
pub struct Instance {
    store: Store<State>,
    guest: Guest,
    /// No call trapped, ran out of time or was given up half-way.
    usable: bool,
}

impl Instance {
    /// Runs the start functions; they have a deadline too.
    pub(super) async fn start(
        engine: &Engine,
        pre: &PluginPre<State>,
        limits: &Arc<Limits>,
        grant: Grant,
    ) -> Result<Self, Failure> {
        let mut store = store(engine, limits, grant);
        let deadline = until(&mut store, limits.start_time_max);
        match timeout_at(deadline.into(), pre.instantiate_async(&mut store)).await {
            Ok(Ok(exports)) => {
                let guest = exports.ourwater_datasource_datasource().clone();
                Ok(Self { store, guest, usable: true })
            }
            Ok(Err(error)) => Err(fault::explain("start", &error, store.data())),
            Err(Elapsed { .. }) => Err(fault::late("start", limits)),
        }
    }

    /// What the plugin says of itself.
    pub(super) async fn describe(&mut self) -> Result<Description, Failure> {
        let deadline = self.begin()?;
        let call = self.guest.call_describe(&mut self.store);
        let answer = timeout_at(deadline.into(), call).await;
        convert::description(&self.end("describe", answer)?)
    }

    /// Tries the configuration against the source. Writes nothing.
    pub async fn check(&mut self, config: &str) -> Result<Vec<Remark>, Failure> {
        let deadline = self.begin()?;
        let call = self.guest.call_check(&mut self.store, config);
        let answer = timeout_at(deadline.into(), call).await;
        self.end("check", answer)?
            .map(|remarks| convert::remarks(&remarks))
            .map_err(convert::failure)
    }

    /// Works out what `config` leaves open. Writes nothing.
    pub async fn propose(&mut self, config: &str) -> Result<Proposal, Failure> {
        let deadline = self.begin()?;
        let call = self.guest.call_propose(&mut self.store, config);
        let answer = timeout_at(deadline.into(), call).await;
        self.end("propose", answer)?.map_err(convert::failure).and_then(convert::proposal)
    }

    /// One page after the request's cursor.
    pub async fn get(&mut self, config: &str, request: &PageRequest) -> Result<Page, Failure> {
        let deadline = self.begin()?;
        let asked = convert::request(request);
        let call = self.guest.call_get(&mut self.store, config, &asked);
        let answer = timeout_at(deadline.into(), call).await;
        match self.end("get", answer)? {
            Ok(page) => convert::page(page, request),
            Err(failure) => Err(convert::page_failure(failure, request)),
        }
    }

    /// Hands a batch over. A failure the plugin reports means that nothing of it took effect; after a
    /// fault or a limit anything may have.
    pub async fn push(&mut self, config: &str, batch: &Batch) -> Result<Receipt, Failure> {
        let deadline = self.begin()?;
        let handed = convert::batch(batch);
        let call = self.guest.call_push(&mut self.store, config, &handed);
        let answer = timeout_at(deadline.into(), call).await;
        match self.end("push", answer)? {
            Ok(receipt) => convert::receipt(receipt, batch),
            Err(failure) => Err(convert::failure(failure)),
        }
    }

    /// Bytes of its memories together; they never shrink.
    pub fn memory_bytes(&self) -> usize {
        self.store.data().limiter.memory_bytes()
    }

    /// Until `end` says otherwise the instance counts as lost: a call given up stays half done.
    fn begin(&mut self) -> Result<Instant, Failure> {
        if !std::mem::replace(&mut self.usable, false) {
            return Err(fault::dead());
        }
        let limits = Arc::clone(&self.store.data().limits);
        self.store.data().output.clear();
        self.store.data_mut().call_lines = 0;
        self.store.set_hostcall_fuel(limits.hostcall_bytes_max);
        Ok(until(&mut self.store, limits.call_time_max))
    }

    fn end<T>(
        &mut self,
        call: &'static str,
        answer: Result<wasmtime::Result<T>, Elapsed>,
    ) -> Result<T, Failure> {
        match answer {
            Ok(Ok(answer)) => {
                self.usable = true;
                self.store.data_mut().limiter.forget();
                Ok(answer)
            }
            Ok(Err(error)) => Err(fault::explain(call, &error, self.store.data())),
            Err(Elapsed { .. }) => Err(fault::late(call, &self.store.data().limits)),
        }
    }
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Instance").field("usable", &self.usable).finish_non_exhaustive()
    }
}

/// Two things watch the time, since each is blind where the other sees: the epoch stops a guest
/// that runs, tokio's timeout a host call that waits.
fn store(engine: &Engine, limits: &Arc<Limits>, grant: Grant) -> Store<State> {
    let mut store = Store::new(engine, State::new(limits, grant));
    store.limiter(|state| &mut state.limiter);
    store.set_max_component_handles(limits.handles_max);
    store.set_hostcall_fuel(limits.hostcall_bytes_max);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|context| {
        if Instant::now() >= context.data().deadline {
            return Ok(UpdateDeadline::Interrupt);
        }
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    });
    store
}

fn until(store: &mut Store<State>, time_max: Duration) -> Instant {
    let deadline = Instant::now() + time_max;
    store.data_mut().deadline = deadline;
    deadline
}
