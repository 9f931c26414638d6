//! Profiles that are read once, kept sealed, and forgotten together: `cargo run -p plexi-cache --example profiles`.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::Arc;
use std::time::Duration;

use plexi_cache::{Cache, CacheConfig, CacheParts, Codec, Keep, Keyring, SecurityLevel};
use plexi_core::{SystemClock, SystemEntropy};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Profile {
    name: String,
    mail: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let entropy = SystemEntropy::new();
    let keys = Arc::new(Keyring::ephemeral(&entropy)?);
    let parts = CacheParts::local(CacheConfig::default(), Arc::new(SystemClock), keys.clone());
    let cache = Cache::new(parts, &entropy)?;
    let profiles = cache
        .namespace("profiles")
        .level(SecurityLevel::Confidential)
        .time_to_live(Duration::from_mins(10))
        .remember_absent(Duration::from_secs(30))
        .share(50)
        .build::<u64, Profile>(Codec::serde())?;

    for id in [7, 7, 8, 8] {
        let keep = Keep::new().tag("team:red");
        let found = profiles.get_or_try_load(&id, &keep, async || read_from_the_database(id).await).await?;
        println!(
            "{id}: {}",
            found.map_or("nobody".to_owned(), |profile| format!("{} <{}>", profile.name, profile.mail))
        );
    }
    keys.rotate(SecurityLevel::Confidential);
    println!("after a new key still known: {}", profiles.get_local(&7).value().is_some());
    profiles.invalidate_tag("team:red").await;
    println!("after its team changed:      {}", profiles.get_local(&7).value().is_some());
    let stats = profiles.stats();
    println!(
        "{} hits, {} negative, {} loads, {} bytes",
        stats.hits, stats.negative_hits, stats.loads, stats.weight
    );
    Ok(())
}

async fn read_from_the_database(id: u64) -> Result<Option<Profile>, std::io::Error> {
    println!("   (reading {id})");
    tokio::task::yield_now().await;
    Ok((id == 7).then(|| Profile { name: "Ada".to_owned(), mail: "ada@example.org".to_owned() }))
}
