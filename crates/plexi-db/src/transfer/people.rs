//! Users that an import brings, and the ids of roles.

use std::collections::{HashMap, HashSet};

use plexi_core::{RoleId, RoleScope, UserId, names};
use plexi_messaging::ports::{ImportTerms, ImportedUser, Placed};
use plexi_messaging::transfer::{Named, numbered};

use super::origins;
use crate::fault::Fault;
use crate::identity::role_id;
use crate::sql::{Cells, Conn, Param, fold_loosely, params, single};

/// Names tried before giving up.
pub(super) const MOST_TRIED: u32 = 100_000;

pub(super) async fn users(
    conn: Conn<'_>,
    users: &[ImportedUser],
    terms: ImportTerms,
) -> Result<Vec<Placed<UserId>>, Fault> {
    let ids = users.iter().map(|user| user.id.param()).collect();
    let mut present: HashMap<UserId, String> = HashMap::new();
    for row in conn.all_in("SELECT id, name FROM users WHERE id IN {in}", &[], ids, &[]).await? {
        let mut cells = Cells::new(&row);
        present.insert(cells.take()?, cells.take()?);
    }
    let there = present.keys().map(|id| id.param()).collect();
    let mut own = origins::brought(conn, Named::User, terms.origin, there).await?;
    let names = users.iter().map(|user| user.name.as_str().param()).collect();
    let rows = conn.all_in("SELECT name FROM users WHERE name IN {in}", &[], names, &[]).await?;
    let mut taken = rows.iter().map(single).collect::<Result<HashSet<String>, _>>()?;
    let looks = users.iter().filter_map(|user| skeleton(&user.name)).map(Param::param).collect();
    let rows = conn.all_in("SELECT skeleton FROM users WHERE skeleton IN {in}", &[], looks, &[]).await?;
    let mut looks = rows.iter().map(single).collect::<Result<HashSet<String>, _>>()?;

    let mut placed = Vec::with_capacity(users.len());
    let mut new = Vec::new();
    for user in users {
        if let Some(name) = present.get(&user.id) {
            let own = own.contains(&user.id.as_uuid());
            placed.push(Placed { id: user.id, name: name.clone(), present: true, own });
            continue;
        }
        let name = free_name(conn, &user.name, &mut taken, &mut looks).await?;
        present.insert(user.id, name.clone());
        own.insert(user.id.as_uuid());
        placed.push(Placed { id: user.id, name: name.clone(), present: false, own: true });
        new.push((user, name));
    }
    if terms.dry_run {
        return Ok(placed);
    }
    origins::note(conn, Named::User, terms.origin, new.iter().map(|(user, _)| user.id.as_uuid())).await?;
    let roles = role_ids(conn, RoleScope::System, new.iter().map(|(user, _)| user.role.as_str())).await?;
    let mut values = Vec::new();
    for (user, name) in new {
        values.append(&mut params![
            user.id,
            &name,
            &user.display_name,
            fold_loosely(&user.display_name),
            &user.status_text,
            user.kind.as_str(),
            user.disabled,
            user.created_at,
            *roles.get(user.role.as_str()).ok_or(Fault::Missing("role"))?,
            &user.locale,
            &user.theme,
            skeleton(&name),
        ]);
    }
    conn.insert_many(
        "INSERT INTO users (id, name, display_name, display_name_folded, status_text, kind, disabled, created_at, role_id, \
         locale, theme, skeleton, password_hash, epoch) VALUES",
        "(?,?,?,?,?,?,?,?,?,?,?,?,NULL,0)",
        values,
    )
    .await
    .map_err(|fault| fault.unique("name"))?;
    Ok(placed)
}

/// What a name looks like; `None` for one that nobody can choose.
fn skeleton(name: &str) -> Option<String> {
    names::fold(name).ok().map(|folded| folded.skeleton)
}

/// The name, or the first of `name-2`, `name-3` ... that is free and looks like no other. It is taken then.
async fn free_name(
    conn: Conn<'_>,
    name: &str,
    taken: &mut HashSet<String>,
    looks: &mut HashSet<String>,
) -> Result<String, Fault> {
    let look = skeleton(name);
    if !taken.contains(name) && look.as_ref().is_none_or(|look| !looks.contains(look)) {
        taken.insert(name.to_owned());
        looks.extend(look);
        return Ok(name.to_owned());
    }
    for number in 2..MOST_TRIED {
        let candidate = numbered(name, '-', number, names::MAX_CHARS);
        let look = skeleton(&candidate);
        if taken.contains(&candidate) || look.as_ref().is_some_and(|look| looks.contains(look)) {
            continue;
        }
        let sql = "SELECT id FROM users WHERE name = ? OR skeleton = ?";
        let there = conn.one(sql, params![&candidate, look.clone()]).await?;
        taken.insert(candidate.clone());
        if there.is_none() {
            looks.extend(look);
            return Ok(candidate);
        }
    }
    Err(Fault::Conflict("name"))
}

/// The ids of roles by name. `Missing("role")`.
pub(super) async fn role_ids<'a>(
    conn: Conn<'_>,
    scope: RoleScope,
    names: impl Iterator<Item = &'a str>,
) -> Result<HashMap<&'a str, RoleId>, Fault> {
    let mut found = HashMap::new();
    for name in names {
        if !found.contains_key(name) {
            found.insert(name, role_id(conn, scope, name).await?);
        }
    }
    Ok(found)
}
