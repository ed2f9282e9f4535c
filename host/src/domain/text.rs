//! Text of a stranger, made safe for a terminal, a page and a database: one line, cut, visible.

/// Without control characters, terminal sequences and marks that turn the direction of writing;
/// line breaks and tabs become spaces; at most `bytes_max` bytes, the last of them "…" where cut.
pub(crate) fn clean(text: &str, bytes_max: usize) -> String {
    let mut clean = String::with_capacity(text.len().min(bytes_max));
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let Some(shown) = visible(character, &mut characters) else { continue };
        if clean.len() + shown.len_utf8() > bytes_max {
            return cut(clean, bytes_max);
        }
        clean.push(shown);
    }
    clean
}

fn visible(character: char, rest: &mut std::str::Chars<'_>) -> Option<char> {
    match character {
        '\n' | '\r' | '\t' => Some(' '),
        '\u{1b}' => {
            skip_sequence(rest);
            None
        }
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        _ if character.is_control() => None,
        _ => Some(character),
    }
}

/// After an escape: `[`, parameters, and one letter that ends them.
fn skip_sequence(rest: &mut std::str::Chars<'_>) {
    let after = rest.as_str();
    if let Some(sequence) = after.strip_prefix('[') {
        let length = sequence.find(|c: char| !matches!(c, ' '..='?')).unwrap_or(sequence.len());
        let mut left = sequence.get(length..).unwrap_or_default().chars();
        if left.clone().next().is_some_and(|end| matches!(end, '@'..='~')) {
            left.next();
        }
        *rest = left;
    }
}

fn cut(mut text: String, bytes_max: usize) -> String {
    let room = bytes_max.saturating_sub('…'.len_utf8());
    text.truncate(text.floor_char_boundary(room));
    if bytes_max >= '…'.len_utf8() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_sequences_and_control_characters_go_and_letters_stay() {
        assert_eq!(clean("a\u{1b}[31;1mred\u{1b}[0m\u{7}\0\u{202e}b\nc", 99), "aredb c");
        assert_eq!(clean("\u{1b}[", 99), "");
        assert_eq!(clean("\u{1b}]0;title", 99), "]0;title");
    }

    #[test]
    fn a_cut_falls_between_letters_and_shows() {
        assert_eq!(clean("äöü", 6), "äöü");
        assert_eq!(clean("äöüß", 6), "ä…");
        assert_eq!(clean("abc", 2), "");
    }
}
