use async_trait::async_trait;
use plexi_auth::model::Invitation;
use plexi_auth::ports::{Digest, InvitationStore, NewAccount};
use plexi_core::StoreError;
use plexi_core::{InvitationId, RoleScope, SpaceId, Timestamp};
use sea_orm::{QueryResult, Value};

use super::accounts::{any_admin, insert};
use super::roles::role_id;
use crate::database::{Database, transaction};
use crate::fault::Fault;
use crate::sql::{Cells, Conn, Param, params};

const COLUMNS: &str = "id, space_id, role, max_uses, uses, created_by, created_at, expires_at";

fn invitation(row: &QueryResult) -> Result<Invitation, Fault> {
    let mut cells = Cells::new(row);
    Ok(Invitation {
        id: cells.take()?,
        space_id: cells.take()?,
        role: cells.take()?,
        max_uses: cells.take()?,
        uses: cells.take()?,
        created_by: cells.take()?,
        created_at: cells.take()?,
        expires_at: cells.take()?,
    })
}

async fn find(conn: Conn<'_>, wanted: &str, value: Value, lock: &str) -> Result<Option<Invitation>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM invitations WHERE {wanted} = ?{lock}");
    conn.one(&sql, vec![value]).await?.as_ref().map(invitation).transpose()
}

#[async_trait]
impl InvitationStore for Database {
    async fn create_invitation(&self, invitation: &Invitation, code: &Digest) -> Result<(), StoreError> {
        self.write()
            .run(
                "INSERT INTO invitations (id, code, space_id, role, max_uses, uses, created_by, created_at, expires_at) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    invitation.id,
                    code,
                    invitation.space_id,
                    &invitation.role,
                    invitation.max_uses,
                    invitation.uses,
                    invitation.created_by,
                    invitation.created_at,
                    invitation.expires_at,
                ],
            )
            .await
            .map_err(|fault| fault.unique("code").foreign("space"))?;
        Ok(())
    }

    async fn invitation_by_code(&self, code: &Digest) -> Result<Option<Invitation>, StoreError> {
        Ok(find(self.read(), "code", code.param(), "").await?)
    }

    async fn invitations(
        &self,
        space: Option<SpaceId>,
        after: Option<InvitationId>,
        limit: u32,
    ) -> Result<Vec<Invitation>, StoreError> {
        let mut sql = format!("SELECT {COLUMNS} FROM invitations WHERE 1 = 1");
        let mut values = Vec::new();
        if let Some(space) = space {
            sql.push_str(" AND space_id = ?");
            values.push(space.param());
        }
        if let Some(after) = after {
            sql.push_str(" AND id < ?");
            values.push(after.param());
        }
        sql.push_str(" ORDER BY id DESC LIMIT ?");
        values.push(limit.clamp(1, 1_000).param());
        let rows = self.read().all(&sql, values).await?;
        Ok(rows.iter().map(invitation).collect::<Result<_, _>>()?)
    }

    async fn invitation(&self, id: InvitationId) -> Result<Option<Invitation>, StoreError> {
        Ok(find(self.read(), "id", id.param(), "").await?)
    }

    async fn delete_invitation(&self, id: InvitationId) -> Result<bool, StoreError> {
        Ok(self.write().run("DELETE FROM invitations WHERE id = ?", params![id]).await? > 0)
    }

    async fn redeem_invitation(
        &self,
        code: &Digest,
        account: &NewAccount,
        at: Timestamp,
    ) -> Result<Invitation, StoreError> {
        Ok(transaction!(self, conn, {
            let found = find(conn, "code", code.param(), conn.engine.for_update()).await?;
            let Some(mut invitation) =
                found.filter(|found| found.uses < found.max_uses && found.expires_at > at)
            else {
                return Err(Fault::Missing("invitation"));
            };
            insert(conn, account).await?;
            let role = role_id(conn, RoleScope::Space, &invitation.role).await?;
            conn.run(
                "INSERT INTO space_members (space_id, user_id, role_id, joined_at) VALUES (?, ?, ?, ?)",
                params![invitation.space_id, account.user.id, role, at],
            )
            .await?;
            conn.run("UPDATE invitations SET uses = uses + 1 WHERE id = ?", params![invitation.id]).await?;
            invitation.uses += 1;
            Ok(invitation)
        })?)
    }

    async fn create_first_admin(&self, account: &NewAccount) -> Result<(), StoreError> {
        Ok(transaction!(self, conn, {
            // The role's row is the lock that lets only one of many in.
            let sql = format!(
                "SELECT id FROM roles WHERE scope = 'system' AND name = 'admin'{}",
                conn.engine.for_update()
            );
            conn.all(&sql, Vec::new()).await?;
            if any_admin(conn).await? {
                return Err(Fault::Conflict("setup"));
            }
            insert(conn, account).await
        })?)
    }
}
