//! Chat inside another service: two people, one channel, one of them listening.
//!
//! `cargo run -p plexi-messaging --example conversation`

use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use plexi_core::{Actor, ActorKind, IdSource, Permission, PermissionSet, SystemClock, SystemEntropy, UserId};
use plexi_messaging::memory::MemoryStore;
use plexi_messaging::model::ChannelKind;
use plexi_messaging::{ChannelDraft, Hub, HubConfig, MessageDraft, Messaging, MessagingConfig, Outgoing};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The parts: a store, the time, ids. A real service brings its own store and directory of users.
    let clock = Arc::new(SystemClock);
    let ids = IdSource::new(clock.clone(), Arc::new(SystemEntropy::new()));
    let store = Arc::new(MemoryStore::new());
    let person = |name: &str, system: PermissionSet| -> Result<Actor, Box<dyn Error>> {
        let user: UserId = ids.next()?;
        store.add_user(user, name, name);
        Ok(Actor { user, session: None, kind: ActorKind::User, system })
    };
    let ada = person("ada", PermissionSet::EMPTY.with(Permission::SpacesCreate))?;
    let bob = person("bob", PermissionSet::EMPTY)?;

    let hub = Hub::new(&HubConfig::default());
    let config = MessagingConfig::default();
    let messaging =
        Messaging::new(store.clone(), store.clone(), Vec::new(), hub.clone(), ids.clone(), clock, config);

    // The loop that stores messages, many with one commit.
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let (sender, token) = (messaging.clone(), stop.clone());
    tasks.spawn(async move { sender.run_sender(token, || {}).await });

    let space = messaging.create_space(&ada, "Workshop").await?;
    messaging.set_space_member(&ada, space.id, bob.user, "member").await?;
    let draft = ChannelDraft { name: "general".to_owned(), kind: ChannelKind::Public, topic: String::new() };
    let channel = messaging.create_channel(&ada, space.id, draft).await?;
    messaging.join(&bob, channel.id).await?;

    let listening = messaging.connect(&bob, hub.connection_id()).await?;
    let text = "Hello, @bob".to_owned();
    let draft =
        MessageDraft { channel_id: channel.id, text, client_id: None, thread_id: None, reply_to: None };
    messaging.post(&ada, draft).await?;

    let mut frames = Vec::new();
    listening.receive(&mut frames, 100).await;
    let mut out = std::io::stdout().lock();
    for frame in frames {
        if let Outgoing::Frame(frame) = frame {
            out.write_all(frame.json())?;
            writeln!(out)?;
        }
    }

    stop.cancel();
    tasks.join_all().await;
    Ok(())
}
