use plexi_core::access::Denied;
use plexi_core::{Actor, Cursors, Permission, RoleScope, SpaceId, UserId, plain};

use crate::access::space_standing;
use crate::channels::ChannelDraft;
use crate::error::MessagingError;
use crate::event::EventBody;
use crate::hub::{OutFrame, ServerFrame};
use crate::messaging::{Messaging, account, invalid};
use crate::model::{ChannelKind, MemberEntry, Page, Space};
use crate::paging;
use crate::ports::{Removal, SpaceChange, StorePage};
use crate::search::fold::fold;

/// The channel that a first space begins with, and that those who are invited are in from the beginning.
pub const FIRST_CHANNEL: &str = "general";

/// Members or spaces that are read at once when all are wanted.
const PORTION: u32 = 500;

/// The longest name of a space or channel, in characters.
pub(crate) const LONGEST_NAME: usize = 64;

impl Messaging {
    /// Makes a space, with the actor as its administrator. Needs `spaces.create`. Names are 1 to 64 characters and
    /// unique without regard to case.
    pub async fn create_space(&self, actor: &Actor, name: &str) -> Result<Space, MessagingError> {
        actor.require(Permission::SpacesCreate)?;
        let owner = account(actor)?;
        let space = Space {
            id: self.0.ids.next()?,
            name: accept_name(name)?,
            archived: false,
            created_at: self.now(),
            role: Some("admin".to_owned()),
        };
        self.0.store.create_space(&space, owner).await?;
        self.0.access.forget_all();
        self.tell_space(owner, &space);
        Ok(space)
    }

    /// Whether [`Messaging::create_space`] can make a space with this name now: for those who must know before they make
    /// something else. The error names the field `name`.
    pub async fn check_space_name(&self, name: &str) -> Result<(), MessagingError> {
        let name = accept_name(name)?;
        if self.0.store.has_space_named(&name).await? {
            return Err(invalid("name", "is taken by a space that is there already"));
        }
        Ok(())
    }

    /// What a new administrator begins with: a space and its channel [`FIRST_CHANNEL`], and the administration of every space that
    /// is there already and not archived, as an import left it: nobody else in them could sign in. Needs `spaces.create` and
    /// `space.manage`.
    pub async fn first_space(&self, actor: &Actor, name: &str) -> Result<Space, MessagingError> {
        for space in self.all_spaces(actor).await? {
            if space.role.is_none() && !space.archived {
                self.set_space_member(actor, space.id, actor.user, "admin").await?;
            }
        }
        let space = self.create_space(actor, name).await?;
        let first =
            ChannelDraft { name: FIRST_CHANNEL.to_owned(), kind: ChannelKind::Public, topic: String::new() };
        self.create_channel(actor, space.id, first).await?;
        Ok(space)
    }

    /// The spaces the actor sees, by name.
    pub async fn spaces(
        &self,
        actor: &Actor,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Space>, MessagingError> {
        let list = Cursors::within("spaces", actor.user);
        let (page, limit) = paging::store_page(&list, cursor, limit)?;
        Ok(list.page(self.spaces_seen(actor, page).await?, limit, |space| space.id.to_string()))
    }

    /// All spaces the actor sees, by name.
    pub async fn all_spaces(&self, actor: &Actor) -> Result<Vec<Space>, MessagingError> {
        let mut all: Vec<Space> = Vec::new();
        loop {
            let after = all.last().map(|space| space.id.to_string());
            let found = self.spaces_seen(actor, StorePage { after, limit: PORTION }).await?;
            let last = found.len() < usize::try_from(PORTION).unwrap_or(usize::MAX);
            all.extend(found);
            if last {
                return Ok(all);
            }
        }
    }

    async fn spaces_seen(&self, actor: &Actor, page: StorePage) -> Result<Vec<Space>, MessagingError> {
        if actor.system.has(Permission::SpaceRead) {
            Ok(self.0.store.spaces(actor.user, page).await?)
        } else {
            Ok(self.0.store.spaces_of(actor.user, page).await?)
        }
    }

    /// A space.
    pub async fn space(&self, actor: &Actor, id: SpaceId) -> Result<Space, MessagingError> {
        self.see_space(actor, id).await?;
        Ok(self.0.store.space(id, actor.user).await?.ok_or(Denied::Unseen)?)
    }

    /// Renames, archives or restores a space. Needs `space.manage`. `Changed` when it is not as the change expects it.
    pub async fn update_space(
        &self,
        actor: &Actor,
        id: SpaceId,
        change: SpaceChange,
    ) -> Result<Space, MessagingError> {
        let access = self.allow_space(actor, id, Permission::SpaceManage).await?;
        if access.archived && change.archived != Some(false) {
            return Err(MessagingError::SpaceArchived);
        }
        let change = SpaceChange { name: change.name.as_deref().map(accept_name).transpose()?, ..change };
        if change.name.is_some() || change.archived.is_some() {
            self.0.store.update_space(id, &change).await?;
            self.0.access.forget_all();
            let space = self.space(actor, id).await?;
            self.tell_space_changed(actor, &space).await;
            return Ok(space);
        }
        self.space(actor, id).await
    }

    /// Members of a space, by id; `query` is the start of a name. Needs `space.read`.
    pub async fn space_members(
        &self,
        actor: &Actor,
        id: SpaceId,
        query: Option<&str>,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<MemberEntry>, MessagingError> {
        self.allow_space(actor, id, Permission::SpaceRead).await?;
        let list = Cursors::within("space.members", id);
        let (page, limit) = paging::store_page(&list, cursor, limit)?;
        let prefix = query.map(fold).filter(|prefix| !prefix.is_empty());
        let members = self.0.store.space_members(id, prefix.as_deref(), page).await?;
        Ok(list.page(members, limit, |member| member.user_id.to_string()))
    }

    /// Adds a member or changes the role. Needs `space.manage`; nobody gives power they lack.
    pub async fn set_space_member(
        &self,
        actor: &Actor,
        id: SpaceId,
        user: UserId,
        role: &str,
    ) -> Result<MemberEntry, MessagingError> {
        let access = self.allow_space(actor, id, Permission::SpaceManage).await?;
        if access.archived {
            return Err(MessagingError::SpaceArchived);
        }
        let held = space_standing(actor, &access).granted;
        self.may_give_role(actor, held, RoleScope::Space, role).await?;
        self.must_exist(user).await?;
        let member = self.0.store.set_space_member(id, user, role, self.now()).await?;
        self.0.access.forget_all();
        // What a space role grants is heard in all the member's channels there.
        self.0.hub.mark_listening_stale([user]);
        if self.0.hub.is_connected(user) {
            match self.0.store.space(id, user).await {
                Ok(Some(space)) => self.tell_space(user, &space),
                Ok(None) => {}
                Err(error) => tracing::warn!(space = %id, %error, "a space could not be shown to its member"),
            }
        }
        Ok(member)
    }

    /// Removes a member from a space and all its channels. Needs `space.manage`, but for oneself.
    pub async fn remove_space_member(
        &self,
        actor: &Actor,
        id: SpaceId,
        user: UserId,
    ) -> Result<(), MessagingError> {
        if user == actor.user {
            self.see_space(actor, id).await?;
        } else {
            self.allow_space(actor, id, Permission::SpaceManage).await?;
        }
        let removals = self.change_user(user, self.0.store.remove_space_member(id, user, self.now())).await?;
        self.0.access.forget_all();
        for Removal { event, .. } in &removals {
            if let EventBody::MemberLeft { user_id } = event.event {
                self.gone(user_id, event.channel_id);
            }
            self.0.hub.publish(event);
        }
        for Removal { event, heir } in &removals {
            if let Some(heir) = heir {
                self.appointed(*heir, event.channel_id).await;
            }
        }
        let frame = ServerFrame::Space { space: None, space_id: Some(id), removed: true };
        if let Some(frame) = OutFrame::encode(&frame) {
            self.0.hub.to_user(user, &frame, None);
        }
        Ok(())
    }

    /// Shows the connections of a user a space as it is for that user now. Who is not connected finds it in the next `sync`.
    fn tell_space(&self, user: UserId, space: &Space) {
        let frame = ServerFrame::Space { space: Some(space), space_id: None, removed: false };
        if let Some(frame) = OutFrame::encode(&frame) {
            self.0.hub.to_user(user, &frame, None);
        }
    }

    /// Shows a changed space to its members who are connected, each with the own role, and to who changed it. Best effort:
    /// the change is done.
    async fn tell_space_changed(&self, actor: &Actor, space: &Space) {
        if space.role.is_none() {
            self.tell_space(actor.user, space);
        }
        let mut after = None;
        loop {
            let page = StorePage { after, limit: PORTION };
            let members = match self.0.store.space_members(space.id, None, page).await {
                Ok(members) => members,
                Err(error) => {
                    tracing::warn!(space = %space.id, %error, "a changed space could not be shown to its members");
                    return;
                }
            };
            for member in members.iter().filter(|member| self.0.hub.is_connected(member.user_id)) {
                self.tell_space(member.user_id, &Space { role: Some(member.role.clone()), ..space.clone() });
            }
            match members.last() {
                Some(last) if members.len() >= usize::try_from(PORTION).unwrap_or(usize::MAX) => {
                    after = Some(last.user_id.to_string());
                }
                _ => return,
            }
        }
    }

    pub(crate) async fn must_exist(&self, user: UserId) -> Result<(), MessagingError> {
        if self.0.directory.existing(&[user]).await?.contains(&user) {
            Ok(())
        } else {
            Err(invalid("user_id", "no such user"))
        }
    }
}

/// A name of a space: 1 to 64 characters that can all be seen, no white space around it.
fn accept_name(name: &str) -> Result<String, MessagingError> {
    let name = name.trim();
    let length = name.chars().take(LONGEST_NAME + 1).count();
    if length == 0 || length > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(invalid("name", "must be 1 to 64 characters"));
    }
    if !plain::is_plain(name) {
        return Err(invalid("name", plain::NOT_PLAIN));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_has_a_name_that_can_be_seen() {
        assert_eq!(accept_name(" Home \u{1F3E0} ").unwrap(), "Home \u{1F3E0}");
        for bad in ["", " ", "a\nb", "\u{202E}emoh", "ho\u{200B}me", "\u{2800}", &"x".repeat(65)] {
            assert!(accept_name(bad).is_err(), "{bad:?}");
        }
    }
}
