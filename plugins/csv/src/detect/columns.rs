//! The columns of the first rows.

use ourwater_sdk::Result;

use super::shape::Shape;
use crate::config::Config;
use crate::layout;
use crate::table::Step;

/// So many rows are looked at.
const MAX_ROWS: usize = 1000;

/// The columns of the first rows, from left to right.
pub(crate) struct Columns {
    pub(crate) all: Vec<Column>,
}

/// A column.
pub(crate) struct Column {
    pub(crate) index: usize,
    /// Empty where the file has no header.
    pub(crate) name: String,
    /// What the row under the header says.
    pub(crate) unit: String,
    /// What is written in it; empty cells are left out.
    pub(crate) cells: Vec<String>,
}

impl Column {
    /// How it is named in a configuration: by its header where that is its own.
    pub(crate) fn reference(&self, all: &Columns) -> serde_json::Value {
        let own = all.all.iter().filter(|other| other.name == self.name).count() == 1;
        if self.name.is_empty() || !own {
            return serde_json::json!(self.index + 1);
        }
        serde_json::json!(self.name)
    }

    /// How it is named to a person.
    pub(crate) fn shown(&self) -> String {
        if self.name.is_empty() {
            return format!("column {}", self.index + 1);
        }
        format!("{:?}", self.name)
    }

    /// Whether at least nine of ten cells are such, and there is one.
    pub(crate) fn mostly(&self, test: impl Fn(&str) -> bool) -> bool {
        let fitting = self.cells.iter().filter(|cell| test(cell)).count();
        fitting > 0 && fitting * 10 >= self.cells.len() * 9
    }
}

/// Reads the first rows.
pub(crate) fn read(draft: &Config, shape: &Shape) -> Result<Columns> {
    let (header, mut table) = layout::open(draft)?;
    let width = if header.is_empty() { shape.width } else { header.len() };
    let mut all: Vec<_> = (0..width)
        .map(|index| Column {
            index,
            name: header.get(index).cloned().unwrap_or_default(),
            unit: shape.units.get(index).cloned().unwrap_or_default(),
            cells: Vec::new(),
        })
        .collect();
    for _ in 0..MAX_ROWS {
        match table.advance()? {
            Step::End => break,
            Step::Unreadable(_) => {}
            Step::Row => {
                let row = table.row();
                for column in &mut all {
                    let field = row.get(column.index).unwrap_or_default();
                    if !field.is_empty() {
                        column.cells.push(String::from_utf8_lossy(field).into_owned());
                    }
                }
            }
        }
    }
    Ok(Columns { all })
}
