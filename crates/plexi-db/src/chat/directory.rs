use async_trait::async_trait;
use plexi_auth::ports::AccountStore;
use plexi_core::StoreError;
use plexi_core::{PermissionSet, RoleScope, UserId};
use plexi_messaging::ports::Directory;

use crate::database::Database;
use crate::fault::Fault;
use crate::identity::{role_permissions, scope_name};
use crate::sql::{Cells, Param, params, single};

#[async_trait]
impl Directory for Database {
    async fn resolve(&self, names: &[String]) -> Result<Vec<(String, UserId)>, StoreError> {
        let keys = names.iter().take(50).map(Param::param).collect();
        let rows =
            self.read().all_in("SELECT name, id FROM users WHERE name IN {in}", &[], keys, &[]).await?;
        let found = rows.iter().map(|row| {
            let mut cells = Cells::new(row);
            Ok((cells.take()?, cells.take()?))
        });
        Ok(found.collect::<Result<_, Fault>>()?)
    }

    async fn existing(&self, users: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        let keys = users.iter().take(200).map(|id| id.param()).collect();
        let sql = "SELECT id FROM users WHERE disabled = false AND id IN {in}";
        let rows = self.read().all_in(sql, &[], keys, &[]).await?;
        Ok(rows.iter().map(single).collect::<Result<_, _>>()?)
    }

    async fn acquainted(&self, user: UserId, among: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        self.acquaintances(user, among).await
    }

    async fn role_grants(&self, scope: RoleScope, name: &str) -> Result<Option<PermissionSet>, StoreError> {
        let sql = "SELECT permissions FROM roles WHERE scope = ? AND name = ?";
        let row = self.read().one(sql, params![scope_name(scope), name]).await?;
        let permissions: Option<String> = row.as_ref().map(single).transpose()?;
        Ok(permissions.as_deref().map(role_permissions))
    }
}
