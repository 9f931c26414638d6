//! A way of one's own to prove who one is, beside name and password: a one-time ticket that the front desk hands out.
//!
//! `cargo run -p plexi-auth --example own_provider`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use plexi_auth::memory::MemoryStore;
use plexi_auth::ports::IdentityStore;
use plexi_auth::provider::{Attempt, AuthProvider, Proof, Verified};
use plexi_auth::{Auth, AuthConfig, AuthError, NewPerson, TokenKeys, Transport};
use plexi_core::{Clock, Entropy, IdSource, Secret, SystemClock, SystemEntropy, UserId};

/// Tickets that were handed out and not yet used. A real one would keep digests of random tickets, and when they end.
struct FrontDesk {
    store: Arc<dyn IdentityStore>,
    tickets: Mutex<HashMap<String, UserId>>,
}

impl FrontDesk {
    fn hand_out(&self, ticket: &str, to: UserId) {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner).insert(ticket.to_owned(), to);
    }
}

#[async_trait]
impl AuthProvider for FrontDesk {
    fn method(&self) -> &'static str {
        "ticket"
    }

    fn asks_for(&self) -> &'static [&'static str] {
        &["ticket"]
    }

    async fn verify(&self, attempt: &Attempt) -> Result<Verified, AuthError> {
        let ticket = attempt.proof.part("ticket").ok_or(AuthError::InvalidCredentials)?;
        let holder = self.tickets.lock().unwrap_or_else(PoisonError::into_inner).remove(ticket.expose());
        let holder = holder.ok_or(AuthError::InvalidCredentials)?;
        let account = self.store.account(holder).await?.ok_or(AuthError::InvalidCredentials)?;
        Ok(Verified { account })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
    let ids = IdSource::new(clock.clone(), entropy.clone());
    let keys = TokenKeys::generate(&*entropy)?;
    let store = Arc::new(MemoryStore::new());
    let desk = Arc::new(FrontDesk { store: store.clone(), tickets: Mutex::default() });
    let auth = Auth::builder(store, keys, ids, clock, entropy, AuthConfig::default())
        .provider(desk.clone())
        .build()?;

    let setup = auth.prepare().await?.ok_or("set-up is done")?;
    let grace = NewPerson {
        name: "grace".to_owned(),
        display_name: "Grace".to_owned(),
        password: Secret::new("plum tree by the old canal".to_owned()),
    };
    let grace = auth.set_up(setup.expose(), grace, Transport::Token, None).await?.me.user.id;
    for way in auth.sign_in_methods() {
        println!("sign in by {} with {}", way.method, way.proof.join(" and "));
    }

    desk.hand_out("blue 42", grace);
    let ticket = || Proof::new([("ticket".to_owned(), Secret::new("blue 42".to_owned()))]);
    let signed_in = auth.sign_in_by("ticket", ticket(), Transport::Cookie, None, None).await?;
    println!("signed in: {}", signed_in.me.user.name);
    match auth.sign_in_by("ticket", ticket(), Transport::Cookie, None, None).await {
        Err(refused) => println!("the same ticket again: {refused}"),
        Ok(_) => return Err("a ticket works once".into()),
    }
    Ok(())
}
