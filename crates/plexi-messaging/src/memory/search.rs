use async_trait::async_trait;
use plexi_core::{ChannelId, Permission, PermissionSet, RoleScope, UserId};

use super::MemoryStore;
use super::state::{ChannelRow, MessageRow, State, searchable};
use crate::error::StoreError;
use crate::model::{ChannelKind, Message};
use crate::ports::{IndexTerm, SearchPlan, SearchStore, Trait};
use crate::search::fold::fold;

#[async_trait]
impl SearchStore for MemoryStore {
    async fn find(
        &self,
        plan: &SearchPlan,
        reader: UserId,
        below: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let state = self.state();
        let found = state
            .messages
            .range(..below.unwrap_or(i64::MAX))
            .rev()
            .filter(|(_, row)| searchable(row) && meets(&state, plan, row))
            .filter(|(_, row)| {
                state
                    .channels
                    .get(&row.new.channel_id)
                    .is_some_and(|channel| may_read(&state, channel, reader))
            })
            .take(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found.filter_map(|(key, _)| state.shown(*key, Some(reader))).collect())
    }

    async fn channels_named(&self, name: &str, reader: UserId) -> Result<Vec<ChannelId>, StoreError> {
        let state = self.state();
        let named = state
            .channels
            .values()
            .filter(|row| row.space_id.is_some() && fold(&row.name) == name && may_read(&state, row, reader));
        Ok(named.map(|row| row.id).take(50).collect())
    }
}

fn may_read(state: &State, channel: &ChannelRow, reader: UserId) -> bool {
    let reads =
        |grants: Option<PermissionSet>| grants.is_some_and(|grants| grants.has(Permission::ChannelRead));
    let member = channel.members.get(&reader);
    member.is_some_and(|member| reads(state.grants(RoleScope::Channel, &member.role)))
        || ((member.is_some() || channel.kind == ChannelKind::Public)
            && reads(state.space_grants(channel.space_id, reader)))
        || (member.is_some() && !channel.kind.is_direct() && state.system_reads(reader))
}

fn meets(state: &State, plan: &SearchPlan, row: &MessageRow) -> bool {
    let new = &row.new;
    plan.terms.iter().all(|term| has_term(row, term))
        && (plan.authors.is_empty() || plan.authors.contains(&new.author_id))
        && (plan.channels.is_empty() || plan.channels.contains(&new.channel_id))
        && plan.before.is_none_or(|before| new.created_at < before)
        && plan.after.is_none_or(|after| new.created_at >= after)
        && plan.traits.iter().all(|wanted| has_trait(state, row, *wanted))
}

fn has_term(row: &MessageRow, term: &IndexTerm) -> bool {
    term.tokens.iter().all(|token| row.tokens.contains(token))
        && term.prefix.as_ref().is_none_or(|prefix| row.tokens.iter().any(|token| token.starts_with(prefix)))
}

fn has_trait(state: &State, row: &MessageRow, wanted: Trait) -> bool {
    let new = &row.new;
    let channel = state.channels.get(&new.channel_id);
    match wanted {
        Trait::Link => new.has_link,
        Trait::Reaction => !row.reactions.is_empty(),
        Trait::Pinned => row.pinned.is_some(),
        Trait::Thread => {
            new.thread_id.is_some() || channel.is_some_and(|channel| channel.threads.contains_key(&new.id))
        }
        Trait::Edited => row.edited_at.is_some(),
        Trait::Direct => channel.is_some_and(|channel| channel.kind.is_direct()),
        Trait::File => false,
    }
}
