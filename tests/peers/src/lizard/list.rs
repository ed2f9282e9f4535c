//! Lists: pages of ten by default, numbered from 1, with absolute links to their neighbours.

use serde_json::{Value, json};

use super::http::{Answer, Request};
use super::state::State;

const PAGE_SIZE: usize = 10;

/// The page that is asked for.
pub(super) fn page(state: &State, request: &Request, path: &str, all: &[Value]) -> Answer {
    let quirks = &state.quirks;
    let size = request.get("page_size").and_then(|size| size.parse().ok()).unwrap_or(PAGE_SIZE);
    let size =
        size.clamp(1, if quirks.page_size_max == 0 { usize::MAX } else { quirks.page_size_max });
    let number: usize = request.get("page").and_then(|page| page.parse().ok()).unwrap_or(1);
    let full = all.len().div_ceil(size).max(1);
    let has_empty = quirks.empty_pages && full > 1;
    let pages = if has_empty { full * 2 } else { full };
    if number == 0 || number > pages {
        return Answer::refusal(404, "Invalid page.");
    }
    let results = match (has_empty, number % 2) {
        (true, 0) => part(all, number / 2 - 1, size),
        (true, _) => &[],
        (false, _) => part(all, number - 1, size),
    };
    let link = |to: usize| {
        let there = (1..=pages).contains(&to);
        let kept = request.query.iter().filter(|(name, _)| name != "page");
        let kept: Vec<String> = kept.map(|(name, value)| format!("&{name}={value}")).collect();
        there.then(|| format!("{}?page={to}{}", state.address(path), kept.concat()))
    };
    Answer::json(
        200,
        &json!({
            "count": quirks.count.unwrap_or(all.len() as u64),
            "next": link(number + 1),
            "previous": link(number - 1),
            "results": results,
        }),
    )
}

fn part(all: &[Value], at: usize, size: usize) -> &[Value] {
    let start = at.saturating_mul(size).min(all.len());
    &all[start..start.saturating_add(size).min(all.len())]
}
