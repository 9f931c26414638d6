//! Identity in a program of one's own: first start, an invitation, signing in by token, and a session that is ended.
//!
//! `cargo run -p plexi-auth --example identity`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::Arc;

use plexi_auth::memory::MemoryStore;
use plexi_auth::{Auth, AuthConfig, NewPerson, TokenKeys, Transport};
use plexi_core::{Clock, Entropy, IdSource, Secret, SpaceId, SystemClock, SystemEntropy};

fn person(name: &str, password: &str) -> NewPerson {
    NewPerson {
        name: name.to_owned(),
        display_name: name.to_owned(),
        password: Secret::new(password.to_owned()),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A server keeps its key in a file (`TokenKeys::load_or_create`) and its accounts in a database.
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
    let ids = IdSource::new(clock.clone(), entropy.clone());
    let keys = TokenKeys::generate(&*entropy)?;
    let store = Arc::new(MemoryStore::new());
    let auth = Auth::new(store, keys, ids.clone(), clock, entropy, AuthConfig::default())?;

    // The first start gives a token for the link that the server prints.
    let setup = auth.prepare().await?.ok_or("set-up is done")?;
    let root = person("Grace", "plum tree by the old canal");
    let admin = auth.set_up(setup.expose(), root, Transport::Cookie, None).await?;
    println!("administrator: {} ({})", admin.me.user.name, admin.me.role);

    // The administrator is known by the cookie and invites somebody.
    let cookie = admin.cookie.ok_or("a browser gets a cookie")?;
    let caller = auth.authenticate_cookie(cookie.expose()).await?;
    let space: SpaceId = ids.next()?;
    let (invitation, code) = auth.create_invitation(&caller.actor, space, "member", 1, 24).await?;
    println!("invitation until {}", invitation.expires_at);
    let ada = person("Ada", "seven quiet otters play chess");
    let ada = auth.register(code.expose(), ada, Transport::Token, Some("Ada's laptop".to_owned())).await?;

    // A program sends its access token and exchanges its refresh token now and then.
    let tokens = ada.tokens.ok_or("a program gets tokens")?;
    let known = auth.authenticate_bearer(tokens.access_token.expose()).await?;
    println!("known by token: {} on {}", known.account.user.name, ada.session.device);
    let next = auth.refresh(tokens.refresh_token.expose()).await?;

    // Ending the sessions counts at once, and whoever serves them is told.
    let mut ended = auth.ended();
    auth.end_user_sessions(&caller.actor, known.actor.user).await?;
    println!("told: {:?}", ended.try_recv()?);
    match auth.authenticate_bearer(next.access_token.expose()).await {
        Err(refused) => println!("refused: {refused}"),
        Ok(_) => return Err("the session was ended".into()),
    }
    Ok(())
}
