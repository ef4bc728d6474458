//! Rows that errors name.

use super::Error;

impl Error {
    /// The same error, which names a row of a part of the data, with the row of the whole: `rows` lie before the part. What a
    /// dataset itself says has the row that it was asked for.
    pub(crate) fn behind(mut self, rows: usize) -> Self {
        match &mut self {
            Self::LabelOutOfRange { row, .. }
            | Self::NanInput { row, .. }
            | Self::IndexOutOfRange { row, .. }
            | Self::NanTarget { row, .. }
            | Self::NanOutput { row, .. }
            | Self::NanScore { row }
            | Self::TargetNumber { row, .. }
            | Self::SampleWeight { row, .. }
            | Self::ActionOutOfRange { row: Some(row), .. } => *row = row.saturating_add(rows),
            _ => {}
        }
        self
    }
}
