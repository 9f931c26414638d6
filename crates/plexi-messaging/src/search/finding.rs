use plexi_core::{Actor, ChannelId, CursorError, Cursors, Permission, UserId};

use super::grams::index_terms;
use super::plan::{highlights, matches};
use super::query::{Query, parse};
use crate::error::MessagingError;
use crate::messaging::{Messaging, account};
use crate::model::{Page, SearchHit};
use crate::paging;
use crate::ports::SearchPlan;

/// Candidates read at once, at most.
const MOST_CANDIDATES: usize = 500;
/// How many reads one call makes before it hands out a cursor to go on with.
const MOST_READS: usize = 20;

impl Messaging {
    /// Finds messages that the actor may read, newest first; see `docs/API.md` for the language. A page can hold fewer
    /// hits than asked for, even none, and have a next one: the work of one call is bounded.
    pub async fn search(
        &self,
        actor: &Actor,
        query: &str,
        channel: Option<ChannelId>,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<SearchHit>, MessagingError> {
        let reader = account(actor)?;
        let query = parse(query).map_err(MessagingError::Query)?;
        let list = Cursors::of("search");
        let mut below = list.read(cursor)?.map(|key| key.parse().map_err(|_| CursorError)).transpose()?;
        let next = |below: Option<i64>| below.map(|key| list.after(&key.to_string()));
        if let Some(channel) = channel {
            self.allow(actor, channel, Permission::ChannelRead).await?;
        }
        let nothing = Page { items: Vec::new(), next: None };
        let Some(plan) = self.plan(&query, reader, channel).await? else { return Ok(nothing) };
        let limit = usize::try_from(limit.clamp(1, paging::MOST)).unwrap_or(1);
        let mut items = Vec::new();
        // What the index finds is right most of the time: the first read is small.
        let mut size = (limit + limit / 2 + 8).min(MOST_CANDIDATES);
        for _ in 0..MOST_READS {
            let asked = u32::try_from(size).unwrap_or(1);
            let candidates = self.0.store.find(&plan, reader, below, asked).await?;
            let exhausted = candidates.len() < size;
            for message in candidates {
                let key = message.id.key().0;
                if matches(&query, &message.text) {
                    if items.len() == limit {
                        return Ok(Page { items, next: next(below) });
                    }
                    let highlights = highlights(&query, &message.text);
                    items.push(SearchHit { channel_id: message.channel_id, message, highlights });
                }
                below = Some(key);
            }
            if exhausted {
                return Ok(Page { items, next: None });
            }
            size = MOST_CANDIDATES;
        }
        Ok(Page { items, next: next(below) })
    }

    /// The query in the store's terms; `None` when it can find nothing: names that nobody and nothing has.
    async fn plan(
        &self,
        query: &Query,
        reader: UserId,
        channel: Option<ChannelId>,
    ) -> Result<Option<SearchPlan>, MessagingError> {
        let mut plan = SearchPlan {
            terms: query.wanted.iter().flat_map(|term| index_terms(term)).collect(),
            authors: Vec::new(),
            channels: channel.into_iter().collect(),
            before: query.before,
            after: query.after,
            traits: query.traits.clone(),
        };
        if !query.from.is_empty() {
            let names: Vec<String> = query.from.iter().filter(|name| *name != "me").cloned().collect();
            if names.len() < query.from.len() {
                plan.authors.push(reader);
            }
            if !names.is_empty() {
                plan.authors
                    .extend(self.0.directory.resolve(&names).await?.into_iter().map(|(_, user)| user));
            }
            if plan.authors.is_empty() {
                return Ok(None);
            }
        }
        if !query.within.is_empty() {
            let mut within = Vec::new();
            for name in &query.within {
                within.extend(self.0.store.channels_named(name, reader).await?);
            }
            within.retain(|found| channel.is_none_or(|only| only == *found));
            if within.is_empty() {
                return Ok(None);
            }
            plan.channels = within;
        }
        Ok(Some(plan))
    }
}
