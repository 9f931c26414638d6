use plexi_core::access::Denied;
use plexi_core::{Actor, ChannelId, Cursors, Permission, PermissionSet, RoleScope, UserId};

use crate::access::{Seen, channel_standing, reads};
use crate::error::MessagingError;
use crate::hub::{OutFrame, ServerFrame};
use crate::messaging::{Messaging, account, invalid};
use crate::model::{Channel, ChannelKind, MemberEntry, Page, SystemEvent};
use crate::paging;
use crate::search::fold::fold;

/// The role of those who join or are added without another.
const ORDINARY: &str = "member";

impl Messaging {
    /// Joins a public channel. Needs `channel.join`. No change for a member.
    pub async fn join(&self, actor: &Actor, id: ChannelId) -> Result<Channel, MessagingError> {
        let user = account(actor)?;
        let seen = self.see(actor, id).await?;
        if seen.access.member.is_none() {
            if seen.access.kind != ChannelKind::Public {
                return Err(Denied::Unseen.into());
            }
            let seen = self.allow_change(actor, id, Permission::ChannelJoin).await?;
            let (_, added) = self.add(&seen, id, user, ORDINARY).await?;
            // Of several requests at once one has joined.
            if added {
                self.post_note(actor, id, SystemEvent::Joined, None, None).await;
            }
        }
        self.channel(actor, id).await
    }

    /// Leaves a channel. Direct conversations cannot be left. No change for those who are not members.
    pub async fn leave(&self, actor: &Actor, id: ChannelId) -> Result<(), MessagingError> {
        self.remove_channel_member(actor, id, actor.user).await
    }

    /// Members of a channel, by id; `query` is the start of a name. Needs `channel.read`.
    pub async fn channel_members(
        &self,
        actor: &Actor,
        id: ChannelId,
        query: Option<&str>,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<MemberEntry>, MessagingError> {
        self.allow(actor, id, Permission::ChannelRead).await?;
        let list = Cursors::within("channel.members", id);
        let (page, limit) = paging::store_page(&list, cursor, limit)?;
        let prefix = query.map(fold).filter(|prefix| !prefix.is_empty());
        let members = self.0.store.channel_members(id, prefix.as_deref(), page).await?;
        Ok(list.page(members, limit, |member| member.user_id.to_string()))
    }

    /// Adds somebody to a channel, with the role `member` unless another is named, or changes the role; who is a member
    /// already keeps the role when none is named. Needs `channel.members.manage`; nobody gives power they lack. In a space
    /// only its members can be added.
    pub async fn set_channel_member(
        &self,
        actor: &Actor,
        id: ChannelId,
        user: UserId,
        role: Option<&str>,
    ) -> Result<MemberEntry, MessagingError> {
        let seen = self.allow_change(actor, id, Permission::ChannelMembersManage).await?;
        if seen.access.kind.is_direct() {
            return Err(invalid("channel_id", "the people of a direct conversation are fixed"));
        }
        if role.is_none()
            && let Some(mine) = self.0.store.channel(id, user).await?.and_then(|channel| channel.membership)
        {
            return Ok(MemberEntry { user_id: user, role: mine.role, joined_at: mine.joined_at });
        }
        let role = role.unwrap_or(ORDINARY);
        self.may_give_role(actor, power(actor, &seen), RoleScope::Channel, role).await?;
        self.must_exist(user).await?;
        if let Some(space) = seen.access.space_id {
            let access = self.0.store.space_access(space, user).await?;
            if access.is_none_or(|access| access.granted.is_none()) {
                return Err(invalid("user_id", "is not a member of the space"));
            }
        }
        let (member, added) = self.add(&seen, id, user, role).await?;
        if added && user != actor.user {
            self.post_note(actor, id, SystemEvent::Added, Some(user), None).await;
        } else if added {
            self.post_note(actor, id, SystemEvent::Joined, None, None).await;
        }
        Ok(member)
    }

    /// Removes somebody from a channel. Needs `channel.members.manage`, but for oneself. No change for those who are not
    /// members. When nobody is left who administers a private channel, the one who has been there longest does from then on.
    /// `LastMember` for the only one in a private channel that is not archived.
    pub async fn remove_channel_member(
        &self,
        actor: &Actor,
        id: ChannelId,
        user: UserId,
    ) -> Result<(), MessagingError> {
        let own = user == actor.user;
        let seen = if own {
            self.see(actor, id).await?
        } else {
            self.allow_change(actor, id, Permission::ChannelMembersManage).await?
        };
        if seen.access.kind.is_direct() {
            return Err(invalid("channel_id", "the people of a direct conversation are fixed"));
        }
        let removed = self
            .change(id, self.0.store.remove_channel_member(id, user, self.now()), |removal| {
                self.0.access.forget(user, id);
                if removal.is_some() {
                    self.gone(user, id);
                }
                removal.as_ref().map(|removal| &removal.event)
            })
            .await?;
        if let Some(removal) = removed {
            if let Some(heir) = removal.heir {
                self.appointed(heir, id).await;
            }
            let note = if own { SystemEvent::Left } else { SystemEvent::Removed };
            self.post_note(actor, id, note, (!own).then_some(user), None).await;
        }
        Ok(())
    }

    /// To be called after an account was disabled: private channels that it alone administered get somebody else who does.
    pub async fn account_disabled(&self, user: UserId) -> Result<(), MessagingError> {
        for (channel, heir) in self.0.store.hand_over(user).await? {
            tracing::info!(%channel, %heir, "the administrator of a private channel was disabled, another one follows");
            self.appointed(heir, channel).await;
        }
        Ok(())
    }

    /// Somebody has become the administrator of a channel.
    pub(crate) async fn appointed(&self, heir: UserId, channel: ChannelId) {
        self.0.access.forget(heir, channel);
        self.tell_channel(heir, channel).await;
    }

    /// Stores a membership and makes it live. True when it is a new one.
    async fn add(
        &self,
        seen: &Seen,
        id: ChannelId,
        user: UserId,
        role: &str,
    ) -> Result<(MemberEntry, bool), MessagingError> {
        let store = &self.0.store;
        let (member, event) = self
            .change(
                id,
                store.set_channel_member(seen.access.channel_id, user, role, self.now()),
                |(_, event)| {
                    self.0.access.forget(user, id);
                    let event = event.as_ref()?;
                    // The new member hears of it, too.
                    self.0.hub.joined(user, id, event.seq - 1);
                    Some(event)
                },
            )
            .await?;
        // A role that does not let its holder read ends what the holder hears, too.
        let access = store.channel_access(id, user).await?;
        if access.is_some_and(|access| reads(&access)) {
            if event.is_none() {
                // The role before may have been one that does not.
                self.hear(user).await?;
            }
            self.tell_channel(user, id).await;
        } else {
            self.gone(user, id);
        }
        Ok((member, event.is_some()))
    }

    /// A membership has ended: the connections hear nothing more of the channel, and are told.
    pub(crate) fn gone(&self, user: UserId, channel: ChannelId) {
        self.0.hub.left(user, channel);
        self.0.hub.mark_watching_stale(user);
        self.tell_removed(user, channel);
    }

    /// Tells the connections of a user that a channel is no longer theirs.
    pub(crate) fn tell_removed(&self, user: UserId, channel: ChannelId) {
        let frame = ServerFrame::Channel { channel: None, channel_id: Some(channel), removed: true };
        if let Some(frame) = OutFrame::encode(&frame) {
            self.0.hub.to_user(user, &frame, None);
        }
    }

    /// Shows the connections of a user a channel as it is for that user now. Best effort: a client that misses it finds
    /// the channel in its next `sync`.
    pub(crate) async fn tell_channel(&self, user: UserId, id: ChannelId) {
        if !self.0.hub.is_connected(user) {
            return;
        }
        let shown = async {
            let Some(mut channel) = self.0.store.channel(id, user).await? else { return Ok(None) };
            // What the system role adds is known at the connection only; a channel of one's own is shown without.
            let access = self.0.store.channel_access(id, user).await?;
            channel.permissions = access.map_or(PermissionSet::EMPTY, |access| {
                let member = Actor {
                    user,
                    kind: plexi_core::ActorKind::User,
                    system: PermissionSet::EMPTY,
                    session: None,
                };
                channel_standing(&member, &access).granted
            });
            Ok::<_, MessagingError>(Some(channel))
        };
        match shown.await {
            Ok(Some(channel)) => {
                let frame =
                    ServerFrame::Channel { channel: Some(&channel), channel_id: None, removed: false };
                if let Some(frame) = OutFrame::encode(&frame) {
                    self.0.hub.to_user(user, &frame, None);
                }
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(channel = %id, %error, "a channel could not be shown to its new member");
            }
        }
    }
}

/// All that an actor holds around a channel, for what they may hand on.
fn power(actor: &Actor, seen: &Seen) -> PermissionSet {
    let space = seen.access.space.unwrap_or(PermissionSet::EMPTY);
    actor.system.union(space).union(seen.access.member.unwrap_or(PermissionSet::EMPTY))
}
