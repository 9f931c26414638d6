//! People group the channels in their sidebars.

use plexi_core::{ChannelId, Coded};
use plexi_messaging::model::{Category, ChannelKind};

use crate::world::{World, waiting};

fn category(name: &str, channel_ids: &[ChannelId]) -> Category {
    Category { name: name.to_owned(), collapsed: false, channel_ids: channel_ids.to_vec() }
}

#[tokio::test]
async fn categories_are_mine_and_follow_me_to_my_devices() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let (bob, laptop) = (world.actor("bob"), world.connect_as(&world.other_device("bob")).await);
    let set = vec![category(" Garden ", &[channel.id]), category("Later", &[])];
    let kept = world.messaging.set_categories(&bob, set).await.unwrap();
    assert_eq!(kept[0].name, "Garden");
    let frames = waiting(&laptop);
    let told = frames.iter().find(|frame| frame["type"] == "categories").unwrap();
    assert_eq!(told["items"], serde_json::to_value(&kept).unwrap());
    assert_eq!(world.messaging.categories(&bob).await.unwrap(), kept);
    assert_eq!(world.messaging.categories(&world.actor("ada")).await.unwrap(), []);
}

#[tokio::test]
async fn a_category_has_a_name_of_its_own_and_a_channel_one_category() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let refused = [
        (vec![category("", &[])], "items[0].name"),
        (vec![category("a\u{200B}b", &[])], "items[0].name"),
        (vec![category(&"x".repeat(65), &[])], "items[0].name"),
        (vec![category("Garden", &[]), category("GARDEN", &[])], "items[1].name"),
        (vec![category("a", &[channel.id]), category("b", &[channel.id])], "items[1].channel_ids"),
        ((0..51).map(|number| category(&number.to_string(), &[])).collect(), "items"),
    ];
    for (categories, field) in refused {
        let error = world.messaging.set_categories(&world.actor("bob"), categories).await.unwrap_err();
        assert_eq!(error.fields()[0].field, field);
    }
}
