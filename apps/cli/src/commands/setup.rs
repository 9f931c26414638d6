use plexi_app::auth::NewPerson;
use reqwest::Method;
use serde_json::{Value, json};

use crate::args::{Global, Setup};
use crate::exit::CliError;
use crate::output::Out;
use crate::prompt;
use crate::remote::Remote;
use crate::workspace::open_services;

/// `plexi setup`
pub(crate) async fn run(global: &Global, args: Setup, out: Out) -> Result<(), CliError> {
    let shown = args.display_name.clone().unwrap_or_else(|| args.name.clone());
    match &global.server {
        Some(address) => remote(global, address, &args, &shown, out).await,
        None => local(global, &args, &shown, out).await,
    }
}

async fn local(global: &Global, args: &Setup, shown: &str, out: Out) -> Result<(), CliError> {
    let services = open_services(global).await?;
    let result = async {
        if !services.can_be_set_up().await? {
            return Err(CliError::new(crate::exit::Exit::Refused, "set-up was completed before")
                .remedy("Make further accounts with `plexi user create`."));
        }
        let password = prompt::password(args.password, &format!("Password for {}", args.name), true)?;
        let person = NewPerson { name: args.name.clone(), display_name: shown.into(), password };
        Ok(services.set_up(person, &args.space).await?)
    };
    let result = result.await;
    services.close().await;
    let user = result?;
    out.show(&user, |user| done(&user.name, &args.space))
}

async fn remote(global: &Global, address: &str, args: &Setup, shown: &str, out: Out) -> Result<(), CliError> {
    let mut remote = Remote::anonymous(address)?;
    let token = match &args.token {
        Some(token) => token.clone(),
        None => prompt::hidden("Token from the set-up link")?.expose().clone(),
    };
    let password = prompt::password(args.password, &format!("Password for {}", args.name), true)?;
    let body = json!({
        "token": token, "name": args.name, "display_name": shown, "password": password.expose(),
        "space_name": args.space, "transport": "token",
    });
    let answer: Value = remote.change(Method::POST, "auth/setup", &body).await?;
    let user = remote.keep(&answer, global)?;
    out.show(&user, |_| format!("{}\nsigned in to {}", done(&args.name, &args.space), remote.key()))
}

fn done(name: &str, space: &str) -> String {
    format!("made the administrator {name} and the space {space} with the channel #general")
}
