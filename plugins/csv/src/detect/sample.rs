//! The head of a file as lines of text.

use encoding_rs::Encoding;
use ourwater_sdk::{Result, files};
use serde_json::Value;

use super::Findings;
use crate::source::{self, Source};

/// So much of a file is looked at to find where its table begins.
const HEAD_BYTES: u32 = 256 * 1024;

/// The head of a file.
pub(crate) struct Sample {
    /// Without their line ends; the last one only where the file ends in it.
    pub(crate) lines: Vec<String>,
    /// The file's name without its extension.
    pub(crate) stem: String,
}

impl Sample {
    pub(crate) fn take(name: &str, given: &Value, findings: &mut Findings) -> Result<Self> {
        let file = source::find(name)?;
        let head = files::read(name, 0, HEAD_BYTES)?;
        let label = match given.get("encoding").and_then(Value::as_str) {
            Some(label) => label.to_owned(),
            None => detect(&head, findings),
        };
        let mut source = Source::open(name, Some(&label), 0)?.chunks_of(HEAD_BYTES);
        source.fill()?;
        let text = String::from_utf8_lossy(source.rest()).into_owned();
        let mut lines = lines(&text);
        if file.size > u64::from(HEAD_BYTES) {
            lines.pop();
        }
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
        Ok(Self { lines, stem })
    }
}

fn detect(head: &[u8], findings: &mut Findings) -> String {
    let (encoding, why) = guess(head);
    let label = encoding.name().to_ascii_lowercase();
    findings.decide("encoding", label.clone(), why);
    label
}

fn guess(head: &[u8]) -> (&'static Encoding, &'static str) {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return (encoding, "the file begins with its byte order mark");
    }
    let zeros = |parity: usize| {
        head.iter().skip(parity).step_by(2).filter(|&&byte| byte == 0).count() * 4 > head.len()
    };
    match () {
        () if zeros(1) => (encoding_rs::UTF_16LE, "every second byte is zero"),
        () if zeros(0) => (encoding_rs::UTF_16BE, "every second byte is zero"),
        () if is_utf8(head) => (encoding_rs::UTF_8, "its head is valid UTF-8"),
        () => (encoding_rs::WINDOWS_1252, "its head is not valid UTF-8"),
    }
}

/// Valid, but perhaps for a letter cut in two at the end.
fn is_utf8(head: &[u8]) -> bool {
    std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true)
}

fn lines(text: &str) -> Vec<String> {
    text.replace("\r\n", "\n").split(['\n', '\r']).map(str::to_owned).collect()
}
