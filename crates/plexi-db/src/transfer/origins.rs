//! What imports made, and from which source.

use std::collections::HashSet;

use plexi_messaging::transfer::Named;
use sea_orm::Value;
use uuid::Uuid;

use crate::fault::Fault;
use crate::sql::{Conn, Param, params, single};

/// Those of `ids` that an import of this source made.
pub(super) async fn brought(
    conn: Conn<'_>,
    what: Named,
    origin: Uuid,
    ids: Vec<Value>,
) -> Result<HashSet<Uuid>, Fault> {
    let sql = "SELECT id FROM imported WHERE kind = ? AND origin = ? AND id IN {in}";
    let rows = conn.all_in(sql, &[what.as_str().param(), origin.param()], ids, &[]).await?;
    rows.iter().map(single).collect()
}

/// Whether an import of this source made it.
pub(super) async fn has_brought(conn: Conn<'_>, what: Named, origin: Uuid, id: Uuid) -> Result<bool, Fault> {
    Ok(!brought(conn, what, origin, vec![id.param()]).await?.is_empty())
}

/// Notes that an import of this source makes these, which are not here yet.
pub(super) async fn note(
    conn: Conn<'_>,
    what: Named,
    origin: Uuid,
    ids: impl Iterator<Item = Uuid>,
) -> Result<(), Fault> {
    let values = ids.flat_map(|id| params![what.as_str(), id, origin]).collect();
    conn.insert_many("INSERT INTO imported (kind, id, origin) VALUES", "(?,?,?)", values).await?;
    Ok(())
}
