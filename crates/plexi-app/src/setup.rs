use plexi_auth::model::User;
use plexi_auth::ports::SessionStore as _;
use plexi_auth::{AuthError, NewPerson, Transport};
use plexi_core::{Actor, ActorKind, FieldError};
use plexi_messaging::model::ChannelKind;
use plexi_messaging::{ChannelDraft, MessagingError};

use crate::error::AppError;
use crate::services::Services;

/// Does what the set-up page does, for the operator at the console, who needs no link: whoever can write to the data folder
/// has the server anyhow.
pub(crate) async fn set_up(services: &Services, person: NewPerson, space: &str) -> Result<User, AppError> {
    let auth = &services.auth;
    // set-up closes with the account: what can be refused is refused before
    services.messaging.check_space_name(space).await.map_err(|error| match error {
        MessagingError::Invalid(problems) => MessagingError::Invalid(
            problems.into_iter().map(|wrong| FieldError::new("space", wrong.problem)).collect(),
        ),
        other => other,
    })?;
    let token = services.setup_token.as_ref().ok_or(AuthError::SetupClosed)?;
    let device = Some("plexi setup".to_owned());
    let signed_in = auth.set_up(token.expose(), person, Transport::Token, device).await?;
    let user = signed_in.me.user;
    // the console keeps no session
    services.database.end_sessions(user.id, None).await.map_err(AuthError::from)?;
    let actor =
        Actor { user: user.id, session: None, kind: ActorKind::User, system: signed_in.me.permissions };
    // spaces that an import brought before have nobody who can sign in
    services.messaging.administer_all_spaces(&actor).await?;
    let space = services.messaging.create_space(&actor, space).await?;
    let general = ChannelDraft { name: "general".into(), kind: ChannelKind::Public, topic: String::new() };
    services.messaging.create_channel(&actor, space.id, general).await?;
    Ok(user)
}
