use std::collections::HashSet;

use plexi_core::{Actor, plain};

use crate::error::MessagingError;
use crate::hub::{OutFrame, ServerFrame};
use crate::messaging::{Messaging, account, invalid};
use crate::model::Category;
use crate::search::fold::fold;
use crate::spaces::LONGEST_NAME;

/// Categories of one person.
const MOST: usize = 50;
/// Channels in all categories of one person: as many as there can be in their sidebar.
const MOST_CHANNELS: usize = 2_000;

impl Messaging {
    /// The categories of the actor's sidebar, in the actor's order.
    pub async fn categories(&self, actor: &Actor) -> Result<Vec<Category>, MessagingError> {
        Ok(self.0.store.categories(account(actor)?).await?)
    }

    /// Replaces the categories of the actor's sidebar: at most 50, with 2,000 channels in all, names of 1 to 64 characters of which
    /// none is there twice. All connections of the actor are told.
    pub async fn set_categories(
        &self,
        actor: &Actor,
        categories: Vec<Category>,
    ) -> Result<Vec<Category>, MessagingError> {
        let user = account(actor)?;
        let categories = accept(categories)?;
        self.0.store.set_categories(user, &categories).await?;
        if let Some(frame) = OutFrame::encode(&ServerFrame::Categories { items: &categories }) {
            self.0.hub.to_user(user, &frame, None);
        }
        Ok(categories)
    }
}

fn accept(mut categories: Vec<Category>) -> Result<Vec<Category>, MessagingError> {
    if categories.len() > MOST {
        return Err(invalid("items", "must be at most 50"));
    }
    if categories.iter().map(|category| category.channel_ids.len()).sum::<usize>() > MOST_CHANNELS {
        return Err(invalid("items", "must hold at most 2000 channels"));
    }
    let (mut names, mut channels) = (HashSet::new(), HashSet::new());
    for (at, category) in categories.iter_mut().enumerate() {
        let field = format!("items[{at}].name");
        category.name = category.name.trim().to_owned();
        let length = category.name.chars().take(LONGEST_NAME + 1).count();
        if length == 0 || length > LONGEST_NAME {
            return Err(invalid(&field, "must be 1 to 64 characters"));
        }
        if !plain::is_plain(&category.name) {
            return Err(invalid(&field, plain::NOT_PLAIN));
        }
        if !names.insert(fold(&category.name)) {
            return Err(invalid(&field, "is there twice"));
        }
        if !category.channel_ids.iter().all(|channel| channels.insert(*channel)) {
            return Err(invalid(
                &format!("items[{at}].channel_ids"),
                "holds a channel that is in a category already",
            ));
        }
    }
    Ok(categories)
}
