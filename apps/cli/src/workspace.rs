//! Where a command works: on the data folder of a stopped server, or through the API of a running one. Both sides call the same
//! service functions; here is the one place that knows which.

mod channels;
mod messages;
mod people;
mod spaces;

use plexi_app::Services;
use plexi_core::{Actor, ActorKind, Permission, UserId};

use crate::args::Global;
use crate::exit::{CliError, Exit};
use crate::remote::Remote;

pub(crate) use people::scope_name;
pub(crate) use spaces::Member;

/// Entries asked for at once.
const PAGE: u32 = 200;
/// The most entries of a list that a command reads.
const MOST: usize = 1_000_000;

/// Where a command works.
pub(crate) enum Workspace {
    /// The services on the data folder, in this process.
    Local(Box<Local>),
    /// A running server.
    Remote(Box<Remote>),
}

/// The services on the data folder, and who acts.
pub(crate) struct Local {
    pub(crate) services: Services,
    pub(crate) actor: Actor,
}

impl Workspace {
    /// Opens what the options say.
    pub(crate) async fn open(global: &Global) -> Result<Self, CliError> {
        if let Some(address) = &global.server {
            if global.act_as.is_some() {
                return Err(CliError::usage(
                    "--as works on the data folder only; sign in as that person instead",
                ));
            }
            return Ok(Self::Remote(Box::new(Remote::signed_in(address, global).await?)));
        }
        let services = open_existing(global).await?;
        let mut local = Local { services, actor: Actor::system() };
        if let Some(name) = &global.act_as {
            match local.acting_as(name).await {
                Ok(actor) => local.actor = actor,
                Err(error) => {
                    local.services.close().await;
                    return Err(error);
                }
            }
        }
        Ok(Self::Local(Box::new(local)))
    }

    /// Finishes: writes what waits and frees the data folder.
    pub(crate) async fn close(self) {
        if let Self::Local(local) = self {
            local.services.close().await;
        }
    }
}

/// The services on the data folder, which must be a workspace's: a name that was mistyped does not become one.
pub(crate) async fn open_existing(global: &Global) -> Result<Services, CliError> {
    let settings = crate::commands::config::load(global)?.settings;
    if !Services::exist(&settings) {
        let folder = settings.server.data_dir.display();
        return Err(CliError::not_found(format!("there is no workspace in {folder}")).remedy(
            "Say where it is: --set server.data_dir=FOLDER. To make one: `plexi setup` or `plexi import`.",
        ));
    }
    Ok(Services::open(&settings, "plexi").await?)
}

/// The services on the data folder, made when there are none.
pub(crate) async fn open_services(global: &Global) -> Result<Services, CliError> {
    let settings = crate::commands::config::load(global)?;
    Ok(Services::open(&settings.settings, "plexi").await?)
}

impl Local {
    /// The account `name` as it would act if it were signed in.
    async fn acting_as(&self, name: &str) -> Result<Actor, CliError> {
        let account = self.services.account_by_name(name).await?.ok_or_else(|| no_user(name))?;
        if account.user.disabled {
            return Err(CliError::new(Exit::Refused, format!("{name} is disabled")));
        }
        Ok(Actor { user: account.user.id, session: None, kind: ActorKind::User, system: account.permissions })
    }

    /// The actor, who must be a person for what is done in a name.
    pub(crate) fn person(&self) -> Result<&Actor, CliError> {
        match self.actor.kind {
            ActorKind::User => Ok(&self.actor),
            ActorKind::System => {
                Err(CliError::usage("this is done in somebody's name").remedy("Say whose: --as NAME."))
            }
        }
    }
}

/// Nobody has that name.
pub(crate) fn no_user(name: &str) -> CliError {
    CliError::not_found(format!("there is no user {name}")).remedy("See `plexi user list`.")
}

/// Reads names of permissions.
pub(crate) fn permissions(names: &[String]) -> Result<Vec<Permission>, CliError> {
    names
        .iter()
        .map(|name| {
            name.trim().parse().map_err(|()| {
                let known: Vec<&str> = Permission::ALL.iter().map(|permission| permission.as_str()).collect();
                CliError::usage(format!("{name} is no permission"))
                    .remedy(format!("Known: {}.", known.join(", ")))
            })
        })
        .collect()
}

/// An id given instead of a name.
pub(crate) fn as_user_id(text: &str) -> Option<UserId> {
    text.parse().ok()
}
