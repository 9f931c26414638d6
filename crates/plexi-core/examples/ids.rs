//! Makes ids, shows that they carry their time, and reads one back.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::Arc;

use plexi_core::{IdSource, MessageId, SystemClock, SystemEntropy};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ids = IdSource::new(Arc::new(SystemClock), Arc::new(SystemEntropy::new()));
    for _ in 0..3 {
        let id: MessageId = ids.next()?;
        println!("{id}  made at {}  key {}", id.time(), id.key().0);
        assert_eq!(id.to_string().parse::<MessageId>()?, id);
    }
    Ok(())
}
