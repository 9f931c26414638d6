//! What things are called here when another has their name, and texts that name them.

use std::collections::HashMap;

use plexi_core::UserId;

use crate::ports::{ImportedMessage, ImportedUser, Placed};
use crate::{search, text};

/// A name with a number behind it, cut so that it has at most `most` characters: what a store tries when a name is taken.
///
/// ```
/// assert_eq!(plexi_messaging::transfer::numbered("general", '-', 2, 64), "general-2");
/// assert_eq!(plexi_messaging::transfer::numbered("abcdef", ' ', 10, 6), "abc 10");
/// ```
pub fn numbered(name: &str, glue: char, number: u32, most: usize) -> String {
    let suffix = format!("{glue}{number}");
    name.chars().take(most.saturating_sub(suffix.len())).collect::<String>() + &suffix
}

/// What the accounts of the source are called here.
#[derive(Default)]
pub(super) struct AccountNames {
    /// By the name there: who has it, and the name here. Two accounts of a source may have one name when folded.
    by_name: HashMap<String, Vec<(UserId, String)>>,
    /// Some account is called otherwise here.
    differ: bool,
}

impl AccountNames {
    /// Remembers an account.
    pub fn add(&mut self, there: &ImportedUser, here: &Placed<UserId>) {
        self.differ |= there.name != here.name;
        self.by_name.entry(there.name.clone()).or_default().push((there.id, here.name.clone()));
    }

    /// Puts the names here into the texts of a message; whether the text itself changed.
    pub fn apply(&self, entry: &mut ImportedMessage) -> bool {
        if !self.differ {
            return false;
        }
        let mentions = entry.message.mentions.clone();
        for former in &mut entry.history {
            if let Some(renamed) = self.renamed(&former.text, &mentions) {
                former.text = renamed;
            }
        }
        let Some(renamed) = self.renamed(&entry.message.text, &mentions) else { return false };
        // What is found by search is what a text holds; a deleted message has none.
        if !entry.message.index.is_empty() {
            entry.message.index = search::index_text(&renamed);
        }
        entry.message.text = renamed;
        true
    }

    fn renamed(&self, text: &str, mentions: &[UserId]) -> Option<String> {
        let mut met: HashMap<String, usize> = HashMap::new();
        text::rename_mentions(text, |name| {
            let accounts = self.by_name.get(name)?;
            let named = |user: &UserId| accounts.iter().find(|(id, _)| id == user);
            let meant: Vec<_> = mentions.iter().filter_map(named).collect();
            let count = met.entry(name.to_owned()).or_default();
            let (_, here) = meant.get(*count).or(meant.last()).copied().or(accounts.first())?;
            *count += 1;
            (here != name).then(|| here.clone())
        })
    }
}
