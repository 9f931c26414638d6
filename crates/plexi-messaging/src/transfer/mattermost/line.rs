//! The lines of a bulk file, as far as they are used.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Line {
    Version {
        version: u32,
    },
    Team {
        team: MmTeam,
    },
    Channel {
        channel: MmChannel,
    },
    User {
        user: MmUser,
    },
    Bot {
        bot: MmBot,
    },
    Post {
        post: MmPost,
    },
    DirectChannel {
        direct_channel: MmDirect,
    },
    DirectPost {
        direct_post: MmPost,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct MmTeam {
    pub name: String,
    #[serde(default)]
    pub display_name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MmChannel {
    pub team: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub header: String,
    pub purpose: String,
    pub deleted_at: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MmUser {
    pub username: String,
    /// Tells people of two servers apart: a bulk file does not say which server it comes from.
    pub email: String,
    pub roles: String,
    pub nickname: String,
    pub first_name: String,
    pub last_name: String,
    pub delete_at: i64,
    pub teams: Option<Vec<MmUserTeam>>,
    #[serde(skip)]
    pub bot: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct MmUserTeam {
    pub name: String,
    #[serde(default)]
    pub roles: String,
    #[serde(default)]
    pub channels: Option<Vec<MmUserChannel>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct MmUserChannel {
    pub name: String,
    #[serde(default)]
    pub roles: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MmBot {
    pub username: String,
    pub display_name: String,
    pub delete_at: i64,
}

impl MmBot {
    pub fn into_user(self) -> MmUser {
        MmUser {
            username: self.username,
            nickname: self.display_name,
            delete_at: self.delete_at,
            bot: true,
            ..MmUser::default()
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct MmDirect {
    pub members: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MmPost {
    pub team: String,
    pub channel: String,
    pub channel_members: Vec<String>,
    pub user: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub message: String,
    pub create_at: i64,
    pub edit_at: i64,
    pub is_pinned: bool,
    pub reactions: Option<Vec<MmReaction>>,
    pub replies: Option<Vec<MmPost>>,
    pub attachments: Option<Vec<MmAttachment>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct MmReaction {
    pub user: String,
    pub emoji_name: String,
    #[serde(default)]
    pub create_at: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MmAttachment {
    pub path: String,
}
