use crate::args::{Global, SignIn};
use crate::exit::CliError;
use crate::output::{Out, plain};
use crate::prompt;
use crate::remote::Remote;

/// `plexi sign-in`
pub(crate) async fn sign_in(global: &Global, args: SignIn, out: Out) -> Result<(), CliError> {
    let mut remote = Remote::anonymous(server(global)?)?;
    if remote.in_the_clear() {
        out.note("warning: this address is not https, so the password travels in the clear");
    }
    let name = args.name.map_or_else(|| prompt::line("Name"), Ok)?;
    let password = prompt::password(args.password, "Password", false)?;
    let user = remote.sign_in(&name, &password, global).await?;
    out.show(&user, |user| {
        let shown = user["display_name"].as_str().unwrap_or(&name);
        format!("signed in to {} as {}", remote.key(), plain(shown))
    })
}

/// `plexi sign-out`
pub(crate) async fn sign_out(global: &Global, out: Out) -> Result<(), CliError> {
    let remote = Remote::signed_in(server(global)?, global).await?;
    remote.sign_out(global).await?;
    out.done(&format!("signed out of {}", remote.key()))
}

fn server(global: &Global) -> Result<&str, CliError> {
    let missing = || CliError::usage("this needs a running server").remedy("Say which: --server URL.");
    global.server.as_deref().ok_or_else(missing)
}
