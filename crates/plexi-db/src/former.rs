//! What a former server on the same database still commits. A server that is killed may have sent a `COMMIT` that the engine
//! carries out later. Whoever was told meanwhile where a channel stands would never hear of what was posted by it, so a start
//! waits until nobody else is in the middle of changing a channel. A file of `SQLite` has one server, whose end is the
//! end of its transactions.

use std::time::Duration;

use crate::database::{ATTEMPTS, Database, DbError, Engine, transaction};
use crate::fault::{Fault, Kind};
use crate::sql::{Conn, params};

/// Waits for at most `within` for all transactions that hold a channel. [`DbError::StillWriting`] when one is longer there.
pub(crate) async fn wait(database: &Database, within: Duration) -> Result<(), DbError> {
    if database.engine() == Engine::Sqlite {
        return Ok(());
    }
    alone(database, within / ATTEMPTS).await.map_err(|fault| match fault.kind() {
        Kind::Again => DbError::StillWriting(within),
        _ => DbError::Unavailable(format!("{fault:?}")),
    })
}

async fn alone(database: &Database, within: Duration) -> Result<(), Fault> {
    transaction!(database, conn, { hold(conn, within).await })
}

/// Holds all channels until the transaction ends, which is at once.
async fn hold(conn: Conn<'_>, within: Duration) -> Result<(), Fault> {
    if conn.engine == Engine::Postgres {
        // 0 would wait for ever
        let bound = within.as_millis().max(1).to_string();
        conn.all("SELECT set_config('lock_timeout', ?, true)", params![bound]).await?;
        // Nobody else can hold a row to change it, nor add one; reading goes on.
        conn.run("LOCK TABLE channels IN EXCLUSIVE MODE", Vec::new()).await?;
    } else {
        let bound = within.as_secs().max(1);
        let held = format!("SELECT COUNT(*) FROM (SELECT id FROM channels FOR UPDATE WAIT {bound}) held");
        conn.all(&held, Vec::new()).await?;
    }
    Ok(())
}
