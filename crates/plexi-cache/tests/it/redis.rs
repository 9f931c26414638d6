//! Against a real Redis, started for each test that hurts it.

mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use plexi_cache::redis::{Redis, RedisOptions};
use plexi_cache::{Cache, CacheConfig, CacheParts, Codec, Keep, Keyring, Lookup, Namespace, SecurityLevel};
use plexi_core::{Secret, SeededEntropy, SystemClock};
use server::{Server, Tls};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::world::{Broken, finds};

/// A node that uses Redis.
struct Node {
    redis: Redis,
    cache: Cache,
    words: Namespace<u64, String>,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

static NODES: AtomicU64 = AtomicU64::new(1);

impl Node {
    async fn connected(server: &Server) -> Self {
        let node = Self::unconnected(server);
        tokio::time::timeout(Duration::from_secs(30), node.redis.connected()).await.expect("connected");
        node
    }

    #[expect(clippy::disallowed_methods, reason = "a test's own task")]
    fn unconnected(server: &Server) -> Self {
        let mut options = RedisOptions::new(server.url().into());
        options.authority = server.authority();
        let redis = Redis::new(options).unwrap();
        let parts = CacheParts {
            bus: Some(Arc::new(redis.clone())),
            remote: Some(Arc::new(redis.clone())),
            // Generous where nothing is to be late: the machine that tests may be busy.
            remote_deadline: Duration::from_secs(2),
            ..CacheParts::local(
                CacheConfig::default(),
                Arc::new(SystemClock),
                Arc::new(Keyring::new(Secret::new([5; 32]))),
            )
        };
        let seed = NODES.fetch_add(1, Ordering::Relaxed);
        let cache = Cache::new(parts, &SeededEntropy::new(seed)).unwrap();
        let words = cache
            .namespace("words")
            .level(SecurityLevel::Secret)
            .remote()
            .remember_absent(Duration::from_mins(1))
            .build(Codec::serde())
            .unwrap();
        let stop = CancellationToken::new();
        let (keeper, until) = (redis.clone(), stop.clone());
        let running = tokio::spawn(async move { keeper.run(until).await });
        Self { redis, cache, words, stop, running }
    }

    async fn read(&self, key: u64, finding: &str) -> Option<String> {
        let load = async || finds(finding).await;
        self.words.get_or_try_load(&key, &Keep::new().tag("tag"), load).await.unwrap()
    }

    async fn stop(self) {
        self.stop.cancel();
        self.running.await.unwrap();
        self.cache.close().await;
    }
}

/// Waits for what another process does.
async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !done().await {
        assert!(start.elapsed() < Duration::from_secs(30), "{what} did not happen");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nodes_share_values_and_hear_of_invalidations() {
    for tls in [Tls::Without, Tls::With] {
        let Some(server) = Server::start(tls).await else { return };
        let (one, two) = (Node::connected(&server).await, Node::connected(&server).await);
        assert_eq!(one.read(1, "word").await.as_deref(), Some("word"));
        assert_eq!(two.words.get(&1).await, Lookup::Value("word".into()));
        let nothing = async || Ok::<_, Broken>(None);
        assert_eq!(one.words.get_or_try_load(&2, &Keep::new(), nothing).await, Ok(None));
        assert_eq!(two.words.get(&2).await, Lookup::Absent);
        for how in ["key", "tag", "all", "insert"] {
            one.words.insert(&1, "old".into(), &Keep::new().tag("tag")).await;
            until("hearing of the insert", async || two.read(1, "wrong").await.as_deref() == Some("old"))
                .await;
            match how {
                "key" => one.words.invalidate(&1).await,
                "tag" => one.words.invalidate_tag("tag").await,
                "all" => one.cache.flush().await,
                _ => one.words.insert(&1, "new".into(), &Keep::new()).await,
            }
            // At once where it was said, and in the store; soon where it is heard.
            let there = one.words.get(&1).await;
            assert_eq!(there.value().as_deref(), (how == "insert").then_some("new"), "{how}");
            until(how, async || two.words.get_local(&1) == Lookup::Unknown).await;
            let there = two.words.get(&1).await;
            assert_eq!(there.value().as_deref(), (how == "insert").then_some("new"), "{how}");
        }
        one.stop().await;
        two.stop().await;
    }
}

#[tokio::test]
async fn a_node_that_does_not_know_the_authority_of_the_server_does_not_talk_to_it() {
    let Some(server) = Server::start(Tls::With).await else { return };
    let Some(other) = Server::start(Tls::With).await else { return };
    let door = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = door.local_addr().unwrap().port();
    let node = Node::unconnected(&server.with_authority_of(&other).behind(port));
    assert_eq!(node.read(1, "word").await.as_deref(), Some("word"));
    // Who gets through makes two connections and stays; one that comes for the third time was refused.
    let mut visits = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let visitor = tokio::time::timeout(Duration::from_secs(30), door.accept()).await;
        let (mut visitor, mut inside) = (visitor.expect("another attempt").unwrap().0, server.visit().await);
        visits.spawn(async move {
            let _ = tokio::io::copy_bidirectional(&mut visitor, &mut inside).await;
        });
    }
    assert!(!node.redis.is_connected());
    node.stop().await;
}

#[tokio::test]
async fn what_somebody_else_writes_into_redis_is_not_believed() {
    let Some(server) = Server::start(Tls::Without).await else { return };
    let writer = Node::connected(&server).await;
    for key in 0..20 {
        writer.words.insert(&key, format!("word {key}"), &Keep::new()).await;
    }
    let names = server.keys("*:v").await;
    assert_eq!(names.len(), 20);
    for (number, name) in names.iter().enumerate() {
        match number % 4 {
            0 => server.ask(&["SETRANGE", name, "70", "X"]).await,
            1 => server.ask(&["SET", name, "nonsense"]).await,
            2 => server.ask(&["COPY", &names[0], name, "REPLACE"]).await,
            _ => {
                server.ask(&["DEL", name]).await;
                server.ask(&["RPUSH", name, "a list"]).await;
            }
        }
    }
    let reader = Node::connected(&server).await;
    for key in 0..20 {
        assert_eq!(reader.words.get(&key).await, Lookup::Unknown);
        assert_eq!(reader.read(key, "own").await.as_deref(), Some("own"));
    }
    // Each was asked for twice. The copy of the first in its own place is the first, which was changed.
    let stats = reader.words.stats();
    assert!(stats.unseal_failures >= 20, "{stats:?}");
    server.ask(&["PUBLISH", "plexi-cache:forget", "nonsense"]).await;
    until("hearing nonsense", async || reader.words.get_local(&1) == Lookup::Unknown).await;
    writer.stop().await;
    reader.stop().await;
}

#[tokio::test]
async fn a_fence_that_was_forgotten_does_not_come_back_to_where_it_stood() {
    let Some(server) = Server::start(Tls::Without).await else { return };
    let (slow, quick) = (Node::connected(&server).await, Node::connected(&server).await);
    quick.words.invalidate(&1).await;
    let load = async || {
        // As if it had been read for as long as fences are kept.
        for fence in server.keys("*:f").await {
            server.ask(&["DEL", &fence]).await;
        }
        quick.words.invalidate(&1).await;
        finds("old").await
    };
    let loaded = slow.words.get_or_try_load(&1, &Keep::new(), load).await;
    assert_eq!(loaded, Ok(Some("old".into())));
    let third = Node::connected(&server).await;
    assert_eq!(third.words.get(&1).await, Lookup::Unknown);
    for node in [slow, quick, third] {
        node.stop().await;
    }
}

#[tokio::test]
async fn a_server_that_is_killed_under_load_costs_no_caller_an_answer_and_is_used_again_when_it_is_back() {
    let Some(mut server) = Server::start(Tls::Without).await else { return };
    let node = Node::connected(&server).await;
    let mut asked = 0;
    for round in 0..400_u64 {
        if round == 100 {
            server.kill().await;
        }
        if round == 300 {
            server.start_again().await;
        }
        let found = node.read(round % 50, "word").await;
        assert_eq!(found.as_deref(), Some("word"));
        if round % 10 == 0 {
            node.words.invalidate(&(round % 50)).await;
        }
        asked += 1;
    }
    assert_eq!(asked, 400);
    until("using it again", async || {
        node.words.invalidate_all_local();
        node.read(1, "word").await;
        !server.keys("*:v").await.is_empty()
    })
    .await;
    node.stop().await;
}

#[tokio::test]
async fn a_server_that_is_frozen_under_load_makes_nobody_wait_for_it_and_what_was_invalidated_meanwhile_stays_so()
 {
    let Some(server) = Server::start(Tls::Without).await else { return };
    let node = Node::connected(&server).await;
    assert_eq!(node.read(1, "old").await.as_deref(), Some("old"));
    server.freeze().await;
    // Three questions time out; then it is left alone but for one now and then.
    node.words.invalidate(&1).await;
    for key in 0..2_000 {
        assert_eq!(node.read(key, "new").await.as_deref(), Some("new"));
    }
    let failures = node.words.stats().remote_failures;
    assert!(failures >= 1_000, "{failures}: most were answered without it");
    server.thaw().await;
    until("using it again", async || {
        node.words.invalidate_all_local();
        assert_eq!(node.read(1, "new").await.as_deref(), Some("new"), "the old value came back");
        let before = node.words.stats().remote_hits;
        node.words.invalidate_all_local();
        let found = node.words.get(&1).await;
        assert!(found == Lookup::Unknown || found == Lookup::Value("new".into()), "{found:?}");
        node.words.stats().remote_hits > before
    })
    .await;
    node.stop().await;
}
