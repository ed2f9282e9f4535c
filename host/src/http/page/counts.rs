//! What became of every record, as a table and as a line.

use maud::{Markup, html};

use crate::domain::run::{Counts, Pushed, Run};

/// Each count with its name.
pub(super) fn table(counts: &Counts) -> Markup {
    html! {
        table {
            caption { (counts.records()) " records, each counted once" }
            tbody {
                @for (name, count, meaning) in named(counts) {
                    tr {
                        th scope="row" { (name) }
                        td class="number" { (count) }
                        td class="quiet" { (meaning) }
                    }
                }
            }
        }
    }
}

/// What became of every record that was pushed; nothing where none was.
pub(super) fn pushed_table(pushed: &Pushed) -> Markup {
    html! {
        @if *pushed != Pushed::default() {
            table {
                caption { "Pushed to the other system" }
                tbody {
                    @for (name, count, meaning) in named_pushed(pushed) {
                        tr {
                            th scope="row" { (name) }
                            td class="number" { (count) }
                            td class="quiet" { (meaning) }
                        }
                    }
                }
            }
        }
    }
}

/// Those that are not zero.
pub(super) fn line(run: &Run) -> String {
    let pulled = named(&run.counts).into_iter().filter(|(_, count, _)| *count > 0);
    let pulled = pulled.map(|(name, count, _)| format!("{count} {name}"));
    let pushed = named_pushed(&run.pushed).into_iter().filter(|(_, count, _)| *count > 0);
    let pushed = pushed.map(|(name, count, _)| format!("{count} {name} there"));
    let mut line: Vec<_> = pulled.chain(pushed).collect();
    if run.conflicts > 0 {
        line.push(format!("{} in conflict", run.conflicts));
    }
    if line.is_empty() { "nothing".to_owned() } else { line.join(", ") }
}

fn named_pushed(pushed: &Pushed) -> [(&'static str, u64, &'static str); 5] {
    [
        ("created", pushed.created, "new in the other system"),
        ("updated", pushed.updated, "there with another value"),
        ("unchanged", pushed.unchanged, "there already, the same"),
        ("refused", pushed.refused, "not taken as they are; listed below, and tried again"),
        ("open", pushed.open, "still to be sent, or to be looked for"),
    ]
}

fn named(counts: &Counts) -> [(&'static str, u64, &'static str); 6] {
    [
        ("created", counts.created, "new in OurWater"),
        ("updated", counts.updated, "there with another value"),
        ("unchanged", counts.unchanged, "there already, the same"),
        ("superseded", counts.superseded, "given again later in the source; the last one counts"),
        ("empty", counts.empty, "no value in the source"),
        ("rejected", counts.rejected, "could not be understood; listed below"),
    ]
}
