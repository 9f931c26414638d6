use async_trait::async_trait;
use plexi_auth::model::Role;
use plexi_auth::ports::RoleStore;
use plexi_core::StoreError;
use plexi_core::{Permission, PermissionSet, RoleId, RoleScope};
use sea_orm::QueryResult;

use crate::database::{Database, transaction};
use crate::fault::Fault;
use crate::sql::{Cells, Conn, params, single};

const COLUMNS: &str = "id, name, scope, permissions, built_in";

pub(crate) const fn scope_name(scope: RoleScope) -> &'static str {
    match scope {
        RoleScope::System => "system",
        RoleScope::Space => "space",
        RoleScope::Channel => "channel",
    }
}

fn scope_of(name: &str) -> Result<RoleScope, Fault> {
    match name {
        "system" => Ok(RoleScope::System),
        "space" => Ok(RoleScope::Space),
        "channel" => Ok(RoleScope::Channel),
        other => Err(Fault::Corrupt(format!("unknown role scope {other}"))),
    }
}

fn permissions_text(set: PermissionSet) -> String {
    set.iter().map(Permission::as_str).collect::<Vec<_>>().join(" ")
}

/// Permissions from their text. A name that this version does not know grants nothing.
pub(crate) fn role_permissions(text: &str) -> PermissionSet {
    text.split(' ').filter_map(|name| name.parse::<Permission>().ok()).collect()
}

fn role(row: &QueryResult) -> Result<Role, Fault> {
    let mut cells = Cells::new(row);
    Ok(Role {
        id: cells.take()?,
        name: cells.take()?,
        scope: scope_of(&cells.take::<String>()?)?,
        permissions: role_permissions(&cells.take::<String>()?),
        built_in: cells.take()?,
    })
}

/// The id of the role with this name. `Missing("role")`.
pub(crate) async fn role_id(conn: Conn<'_>, scope: RoleScope, name: &str) -> Result<RoleId, Fault> {
    let row = conn
        .one("SELECT id FROM roles WHERE scope = ? AND name = ?", params![scope_name(scope), name])
        .await?;
    row.as_ref().map_or(Err(Fault::Missing("role")), single)
}

async fn find(conn: Conn<'_>, id: RoleId) -> Result<Option<Role>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM roles WHERE id = ?");
    conn.one(&sql, params![id]).await?.as_ref().map(role).transpose()
}

/// Writes a role. `Conflict("name")`.
pub(crate) async fn insert(conn: Conn<'_>, role: &Role) -> Result<(), Fault> {
    conn.run(
        "INSERT INTO roles (id, scope, name, permissions, grants_read, built_in) VALUES (?, ?, ?, ?, ?, ?)",
        params![
            role.id,
            scope_name(role.scope),
            &role.name,
            permissions_text(role.permissions),
            role.permissions.has(Permission::ChannelRead),
            role.built_in,
        ],
    )
    .await
    .map_err(|fault| fault.unique("name"))?;
    Ok(())
}

async fn replace(conn: Conn<'_>, role: &Role) -> Result<(), Fault> {
    conn.run(
        "UPDATE roles SET name = ?, permissions = ?, grants_read = ?, built_in = ? WHERE id = ?",
        params![
            &role.name,
            permissions_text(role.permissions),
            role.permissions.has(Permission::ChannelRead),
            role.built_in,
            role.id,
        ],
    )
    .await
    .map_err(|fault| fault.unique("name"))?;
    Ok(())
}

/// All roles by scope and name.
pub(crate) async fn all(conn: Conn<'_>) -> Result<Vec<Role>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM roles ORDER BY scope, name");
    conn.all(&sql, Vec::new()).await?.iter().map(role).collect()
}

#[async_trait]
impl RoleStore for Database {
    async fn ensure_roles(&self, roles: &[Role]) -> Result<(), StoreError> {
        Ok(transaction!(self, conn, {
            for role in roles {
                match find(conn, role.id).await? {
                    Some(present) if present == *role => {}
                    Some(_) => replace(conn, role).await?,
                    None => insert(conn, role).await?,
                }
            }
            Ok(())
        })?)
    }

    async fn roles(&self, scope: Option<RoleScope>) -> Result<Vec<Role>, StoreError> {
        let (condition, values) = match scope {
            Some(scope) => ("WHERE scope = ?", params![scope_name(scope)]),
            None => ("", Vec::new()),
        };
        let sql = format!("SELECT {COLUMNS} FROM roles {condition} ORDER BY scope, name LIMIT 500");
        let rows = self.read().all(&sql, values).await?;
        Ok(rows.iter().map(role).collect::<Result<_, _>>()?)
    }

    async fn role(&self, id: RoleId) -> Result<Option<Role>, StoreError> {
        Ok(find(self.read(), id).await?)
    }

    async fn create_role(&self, role: &Role) -> Result<(), StoreError> {
        Ok(insert(self.write(), role).await?)
    }

    async fn update_role(
        &self,
        id: RoleId,
        name: Option<&str>,
        permissions: Option<PermissionSet>,
    ) -> Result<Role, StoreError> {
        Ok(transaction!(self, conn, {
            let Some(mut role) = find(conn, id).await?.filter(|role| !role.built_in) else {
                return Err(Fault::Missing("role"));
            };
            if let Some(name) = name {
                name.clone_into(&mut role.name);
            }
            if let Some(permissions) = permissions {
                role.permissions = permissions;
            }
            replace(conn, &role).await?;
            Ok(role)
        })?)
    }

    async fn delete_role(&self, id: RoleId) -> Result<(), StoreError> {
        let deleted = self
            .write()
            .run("DELETE FROM roles WHERE id = ? AND built_in = false", params![id])
            .await
            .map_err(|fault| match fault.foreign("in_use") {
                Fault::Missing(what) => Fault::Conflict(what),
                other => other,
            })?;
        if deleted == 0 { Err(StoreError::Missing("role")) } else { Ok(()) }
    }
}
