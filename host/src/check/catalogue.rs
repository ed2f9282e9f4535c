//! Every check: its name, why it matters, and what to do when it fails.

use futures_util::future::BoxFuture;

use super::subject::Subject;
use super::verdict::Held;
use super::{
    canary, described, emptied, failing, growth, incremental, paging, pushing, resuming, selection,
    strange, uncertain, writing,
};

/// One promise of the contract.
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) why: &'static str,
    pub(super) remedy: &'static str,
    /// Without the other system there is nothing to try.
    pub(super) needs_fixture: bool,
    pub(super) run: for<'a> fn(&'a Subject) -> BoxFuture<'a, Held>,
}

macro_rules! checks {
    ($($name:literal, $needs:ident, $function:path, $why:literal, $remedy:literal;)+) => {
        &[$(Check {
            name: $name,
            why: $why,
            remedy: $remedy,
            needs_fixture: needs!($needs),
            run: |subject| Box::pin($function(subject)),
        }),+]
    };
}

macro_rules! needs {
    (alone) => {
        false
    };
    (fixture) => {
        true
    };
}

/// In the order in which they run: the first ones are what the later ones stand on.
pub(super) static CHECKS: &[Check] = checks! {
    "world", alone, described::world,
    "A host can only run what speaks its contract, and a person only allow what says what it wants.",
    "Build against this version of the WIT package; give `describe` a name, a version, something to \
     get or push, and a reason for everything it asks for.";

    "schema", alone, described::schema,
    "The form an administrator fills in is made from the schema, and what stands in a configuration \
     is shown to everyone who may see it.",
    "Make the schema a JSON Schema of an object that the configuration fits; move secrets into \
     credentials, which never enter the plugin.";

    "missing-field", alone, described::missing_field,
    "A person can only mend a configuration when the message names the field.",
    "Answer `config` with the missing field's name, from `check` and from `get`.";

    "wrong-types", alone, described::wrong_types,
    "Configurations are written by hand, and a plugin that traps says nothing about what is wrong.",
    "Parse the configuration and turn every mistake into `config`; unwrap nothing.";

    "fixture", fixture, described::fixture,
    "Where nothing can be got, every other check would pass without having tried anything.",
    "Look at the answer that was given: make `check` accept the configuration, and the fixture answer \
     what the plugin asks.";

    "writes-nothing", fixture, writing::nothing,
    "People press \"check\" and \"preview\" to be sure before anything happens.",
    "Only `push` may write: send no request that changes something from `check`, `propose` or `get`.";

    "page-size", fixture, paging::size,
    "The host holds a page in memory, and asks for what fits.",
    "Give at most `limit` records a page; a source row that has several values may end the page.";

    "paging-ends", fixture, paging::ends,
    "A pull that never ends holds its sync for ever.",
    "Say `more: false` on the last page, and move the cursor with each page.";

    "resume", fixture, resuming::resume,
    "Hosts are restarted and instances thrown away; whatever is not in the cursor is lost then.",
    "Keep nothing between calls that changes what is given: put the whole place into the cursor.";

    "trap-resume", fixture, resuming::trap,
    "A plugin can be stopped in the middle of any call, and the next one has to go on.",
    "Leave nothing half done in the other system that a fresh instance cannot go on from.";

    "equal-times", fixture, paging::equal_times,
    "Many records share one time; a cursor that is only a time loses those beyond the page's end.",
    "Put the id of the last record beside its time into the cursor, or ask for the time again.";

    "cursors", fixture, paging::cursors,
    "Cursors outlive versions of a plugin, and restores of a database.",
    "Answer `stale-cursor` to what cannot be read; never trap, and never blame the configuration.";

    "strange-values", fixture, strange::values,
    "Sources hold what nobody thinks of: no number, no text, all of Unicode, a megabyte.",
    "Reject the record with its place, or fail with `data`; trap on nothing that is read.";

    "bad-record", fixture, strange::one_bad_record,
    "One broken record in a hundred thousand must not keep the others away.",
    "Read record by record, and put what is not understood into `rejected`.";

    "incremental", fixture, incremental::second_run,
    "A sync runs every hour; one that reads everything each time is a burden to its source.",
    "Let the last page's cursor say where the next run starts: at the newest change that was seen.";

    "late-records", fixture, incremental::late,
    "Readings come late and are corrected; a cursor by time of observation never sees them.",
    "Go on by the time of change, or by the id the source counts, not by the time of observation.";

    "selection", fixture, selection::only,
    "Some sources may be read for chosen wells only, and what was not chosen is nobody's business.",
    "Give of the ids in `only` everything, and nothing of others; an empty `only` means all.";

    "since", fixture, selection::since,
    "A source that only knows dates is asked with one; what is older was not wanted.",
    "Leave out readings from before `since`, and none from that time on.";

    "retry-after", fixture, failing::retry_after,
    "A server that asks for patience and gets none shuts its clients out.",
    "Answer 429 with `unavailable` and the wait in ms, from seconds and from a date alike.";

    "server-error", fixture, failing::server_error,
    "Servers have bad days; the host tries again later when it is told so.",
    "Answer 5xx with `unavailable`, and leave the cursor where it was.";

    "cut-body", fixture, failing::cut_body,
    "Half an answer that is taken for a whole one is lost data.",
    "Answer `lost` and broken JSON with `unavailable`; never take what there is for all.";

    "html", fixture, failing::html,
    "Proxies, logins and maintenance pages answer with 200 and a page for people.",
    "Answer a body that is no data with `unavailable`, not with an empty page.";

    "empty-page", fixture, emptied::empty_page,
    "Servers filter after they page; an empty page in the middle is not the end.",
    "End where the source says so, by its link or its count, not at the first empty page.";

    "redirect", fixture, failing::redirect,
    "A server that has moved is a person's decision: keys must not follow it by themselves.",
    "Answer a redirect with `config`, naming the field of the address and where it points.";

    "undeclared-host", fixture, failing::undeclared_host,
    "What was not allowed is not tried again and again in silence.",
    "Hand `denied` on as `denied`, with its text: it says what would have to be allowed.";

    "push-twice", fixture, pushing::twice,
    "A push is repeated whenever its answer was lost; twice must be as good as once.",
    "Look before writing: what is there already, the same, is unchanged.";

    "receipts", fixture, pushing::receipts,
    "The host believes the receipt: what it says was taken is never sent again.",
    "Count every record of the batch once, removals too, and only what really happened.";

    "bad-push", fixture, pushing::bad_record,
    "One reading that is refused must not hold up all that come after it.",
    "Put the refused record into `refused` with its reason, and go on with the others.";

    "round-trip", fixture, pushing::round_trip,
    "What comes back otherwise looks like an edit, and is pulled and pushed for ever.",
    "Send values as they are, or declare `decimals`, `step` and what the other system `keeps`.";

    "lost-answer", fixture, uncertain::lost_answer,
    "An answer gets lost sooner or later, and nobody knows then what was written.",
    "Call it `unknown` in the receipt; when a batch is `uncertain`, look before creating.";

    "thousand-pages", fixture, growth::thousand_pages,
    "A first pull has thousands of pages in one instance, which has a limit of memory.",
    "Keep nothing from page to page; bound what is cached.";

    "canary", fixture, canary::nowhere,
    "What a plugin says is stored and shown: cursors, logs, issues, readings.",
    "Say nothing of what servers answer beyond a short excerpt, and never rebuild a key.";
};
