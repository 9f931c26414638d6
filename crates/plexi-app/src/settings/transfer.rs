use plexi_core::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most that can be set, in MiB.
const MOST: u32 = 1_048_576;

/// Whole workspaces in and out of the running server: section `transfer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TransferSection {
    /// The largest file that is taken by the running server, in MiB; it lies in the data folder while it is read. 1 to 1,048,576.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub max_upload_mib: u32,
}

impl Default for TransferSection {
    fn default() -> Self {
        Self { max_upload_mib: 16_384 }
    }
}

impl TransferSection {
    /// All that is wrong with the values; keys are relative to the section.
    pub fn problems(&self) -> Vec<FieldError> {
        let wrong = !(1..=MOST).contains(&self.max_upload_mib);
        wrong.then(|| FieldError::new("max_upload_mib", format!("must be 1 to {MOST}"))).into_iter().collect()
    }
}
