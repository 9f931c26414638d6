//! Invitations to the server and one of its spaces.

use http::Method;
use plexi_auth::model::Invitation;
use plexi_auth::{AuthError, Caller};
use plexi_core::{ErrorCode, Page, Permission, Secret, SpaceId, Timestamp};
use plexi_messaging::MessagingError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::{InvitationPath, PageQuery};
use crate::answer::{Created, Done, Found};
use crate::call::{Anyone, Call, Nothing};
use crate::error::ApiError;
use crate::operations::{Class, Operation};
use crate::state::WebState;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Method::POST,
            "/invitations",
            "invitations.create",
            "Invite people to a space",
            create,
        ),
        Operation::new(Method::GET, "/invitations", "invitations.list", "List invitations", list),
        Operation::new(
            Method::DELETE,
            "/invitations/{invitation_id}",
            "invitations.delete",
            "Take an invitation back",
            delete,
        ),
        Operation::new(
            Method::GET,
            "/auth/invitation",
            "invitations.look",
            "Where an invitation leads",
            look,
        )
        .class(Class::Auth),
    ]
}

/// What who accepts becomes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum InvitedRole {
    /// A member of the server and the space.
    Member,
    /// A guest: sees only the channels they are added to.
    Guest,
}

/// An invitation to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewInvitation {
    /// To which space.
    space_id: SpaceId,
    /// Member or guest.
    role: InvitedRole,
    /// How often it can be used.
    #[schemars(range(min = 1, max = 1_000))]
    max_uses: u32,
    /// For how many hours it is valid.
    #[schemars(range(min = 1, max = 720))]
    expires_in_hours: u32,
}

/// An invitation with its code, which is shown only now.
#[derive(Serialize, JsonSchema)]
struct InvitationMade {
    #[serde(flatten)]
    invitation: Invitation,
    /// The code.
    code: String,
    /// The address to send to who is invited.
    url: String,
}

async fn create(
    call: Call<Caller, Nothing, Nothing, NewInvitation>,
) -> Result<Created<InvitationMade>, ApiError> {
    let NewInvitation { space_id, role, max_uses, expires_in_hours } = call.body;
    let actor = &call.who.actor;
    call.web.messaging.require_open_space(actor, space_id, Permission::InvitationsCreate).await?;
    let role = match role {
        InvitedRole::Member => "member",
        InvitedRole::Guest => "guest",
    };
    let made = call.web.auth.create_invitation(actor, space_id, role, max_uses, expires_in_hours).await?;
    let (invitation, code): (Invitation, Secret<String>) = made;
    let code = code.expose().clone();
    // The code stands in the fragment, which browsers never send.
    let url = format!("{}/join#code={code}", call.web.config().public_url.trim_end_matches('/'));
    Ok(Created(InvitationMade { invitation, code, url }))
}

async fn list(call: Call<Caller, Nothing, PageQuery>) -> Result<Found<Page<Invitation>>, ApiError> {
    let PageQuery { cursor, limit } = call.query;
    Ok(Found(call.web.auth.invitations(&call.who.actor, None, cursor.as_deref(), limit).await?))
}

async fn delete(call: Call<Caller, InvitationPath>) -> Result<Done, ApiError> {
    let (web, actor, id) = (&call.web, &call.who.actor, call.path.invitation_id);
    let invitation = web.auth.invitation_by_id(id).await?;
    if invitation.created_by != actor.user && !actor.system.has(Permission::InvitationsCreate) {
        // Who may invite to the space may take its invitations back; to anybody else there is none.
        let may =
            web.messaging.require_space(actor, invitation.space_id, Permission::InvitationsCreate).await;
        may.map_err(|error| hidden(error.into()))?;
    }
    web.auth.remove_invitation(actor, id).await?;
    Ok(Done)
}

/// A refusal that would say that there is something.
fn hidden(error: ApiError) -> ApiError {
    if error.code() == ErrorCode::AuthForbidden {
        ApiError::new(ErrorCode::ValidationNotFound)
    } else {
        error
    }
}

/// An invitation's code.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CodeQuery {
    /// The code.
    #[schemars(length(min = 1, max = 128))]
    code: String,
}

/// Where an invitation leads.
#[derive(Serialize, JsonSchema)]
struct InvitationSeen {
    /// The name of the space.
    space_name: String,
    /// Until when it is valid.
    expires_at: Timestamp,
}

/// The invitation of a code, if who made it may still invite to its space, and that is not archived.
pub(crate) async fn open(web: &WebState, code: &str) -> Result<Invitation, ApiError> {
    let invitation = web.auth.invitation(code).await?;
    let maker = web.auth.maker(&invitation).await?;
    match web.messaging.require_open_space(&maker, invitation.space_id, Permission::InvitationsCreate).await {
        Ok(()) => Ok(invitation),
        Err(MessagingError::Denied(_)) => Err(AuthError::InvitationInvalid.into()),
        Err(error) => Err(error.into()),
    }
}

async fn look(call: Call<Anyone, Nothing, CodeQuery>) -> Result<Found<InvitationSeen>, ApiError> {
    let invitation = open(&call.web, &call.query.code).await?;
    // Whoever holds the code may know the name of the space it leads to.
    let space = call.web.messaging.space(&plexi_core::Actor::system(), invitation.space_id).await?;
    Ok(Found(InvitationSeen { space_name: space.name, expires_at: invitation.expires_at }))
}
