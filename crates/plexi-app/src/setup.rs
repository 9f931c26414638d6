use plexi_auth::model::User;
use plexi_auth::ports::SessionStore as _;
use plexi_auth::{AuthError, NewPerson, Transport};
use plexi_core::{Actor, ActorKind, FieldError};
use plexi_messaging::MessagingError;

use crate::error::AppError;
use crate::services::Services;

/// Does what the set-up page does, for the operator at the console, who needs no link: whoever can write to the data folder
/// has the server anyhow. When the first space could not be made after the administrator was, it is made by trying again with the
/// same name and password.
pub(crate) async fn set_up(services: &Services, person: NewPerson, space: &str) -> Result<User, AppError> {
    // set-up closes with the account: what can be refused is refused before
    services.messaging.check_space_name(space).await.map_err(|error| match error {
        MessagingError::Invalid(problems) => MessagingError::Invalid(
            problems.into_iter().map(|wrong| FieldError::new("space", wrong.problem)).collect(),
        ),
        other => other,
    })?;
    let device = || Some("plexi setup".to_owned());
    let (name, password) = (person.name.clone(), person.password.clone());
    let made = match &services.setup_token {
        Some(token) => services.auth.set_up(token.expose(), person, Transport::Token, device()).await,
        None => Err(AuthError::SetupClosed),
    };
    let signed_in = match made {
        Err(AuthError::SetupClosed) if services.has_no_space().await? => {
            let again = services.auth.sign_in(&name, password, Transport::Token, device(), None).await;
            again.map_err(|_| AuthError::SetupClosed)?
        }
        made => made?,
    };
    let me = signed_in.me;
    // the console keeps no session
    services.database.end_session(signed_in.session.id).await.map_err(AuthError::from)?;
    let actor = Actor { user: me.user.id, session: None, kind: ActorKind::User, system: me.permissions };
    services.messaging.first_space(&actor, space).await?;
    Ok(me.user)
}
