//! What became of every record, as a table and as a line.

use maud::{Markup, html};

use crate::domain::run::Counts;

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

/// Those that are not zero.
pub(super) fn line(counts: &Counts) -> String {
    let some = named(counts).into_iter().filter(|(_, count, _)| *count > 0);
    let line: Vec<_> = some.map(|(name, count, _)| format!("{count} {name}")).collect();
    if line.is_empty() { "nothing".to_owned() } else { line.join(", ") }
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
