use plexi_app::messaging::MessageDraft;
use plexi_app::messaging::model::{Channel, Message, SearchHit};
use plexi_core::MessageId;
use reqwest::Method;
use serde_json::json;

use super::Workspace;
use crate::exit::CliError;

impl Workspace {
    /// Posts a message.
    pub(crate) async fn post(
        &self,
        channel: &Channel,
        text: &str,
        client_id: &str,
        thread: Option<MessageId>,
    ) -> Result<Message, CliError> {
        match self {
            Self::Remote(remote) => {
                let mut body = json!({ "text": text, "client_id": client_id });
                if let Some(thread) = thread {
                    body["thread_id"] = json!(thread);
                }
                remote.change(Method::POST, &format!("channels/{}/messages", channel.id), &body).await
            }
            Self::Local(local) => {
                let draft = MessageDraft {
                    channel_id: channel.id,
                    text: text.into(),
                    client_id: Some(client_id.into()),
                    thread_id: thread,
                    reply_to: None,
                };
                Ok(local.services.messaging.post(local.person()?, draft).await?.message)
            }
        }
    }

    /// Messages that match, newest first, at most `limit`.
    pub(crate) async fn search(&self, query: &str, limit: usize) -> Result<Vec<SearchHit>, CliError> {
        match self {
            Self::Remote(remote) => remote.list("search", &[("q", query)], limit).await,
            Self::Local(local) => {
                let (actor, mut found, mut cursor) = (local.person()?, Vec::new(), None::<String>);
                loop {
                    let page =
                        local.services.messaging.search(actor, query, None, cursor.as_deref(), 50).await?;
                    found.extend(page.items);
                    cursor = page.next;
                    if cursor.is_none() || found.len() >= limit {
                        found.truncate(limit);
                        return Ok(found);
                    }
                }
            }
        }
    }
}
