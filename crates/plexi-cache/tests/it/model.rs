//! Whatever is done, a cache answers what a plain table with times and generations would, or nothing.

use std::collections::HashMap;
use std::time::Duration;

use plexi_cache::{Keep, Lookup, Namespace, SecurityLevel};
use proptest::prelude::*;

use crate::world::{TTL, World, words_with};

#[derive(Clone, Debug)]
enum Step {
    Insert { node: usize, key: u64, seconds: u64 },
    Get { node: usize, key: u64 },
    Load { node: usize, key: u64 },
    Invalidate { node: usize, key: u64 },
    InvalidateTag { node: usize, tag: u64 },
    InvalidateAll { node: usize },
    Pass { seconds: u64 },
    Rotate,
    Damage { with: u8 },
    Away { away: bool },
}

const NODES: usize = 2;
const KEYS: u64 = 4;
const TAGS: u64 = 2;

fn step() -> impl Strategy<Value = Step> {
    let (node, key) = (0..NODES, 0..KEYS);
    prop_oneof![
        3 => (node.clone(), key.clone(), 1..90_u64).prop_map(|(node, key, seconds)| Step::Insert { node, key, seconds }),
        6 => (node.clone(), key.clone()).prop_map(|(node, key)| Step::Get { node, key }),
        4 => (node.clone(), key.clone()).prop_map(|(node, key)| Step::Load { node, key }),
        1 => (node.clone(), key).prop_map(|(node, key)| Step::Invalidate { node, key }),
        1 => (node.clone(), 0..TAGS).prop_map(|(node, tag)| Step::InvalidateTag { node, tag }),
        1 => node.prop_map(|node| Step::InvalidateAll { node }),
        2 => (1..40_u64).prop_map(|seconds| Step::Pass { seconds }),
        1 => Just(Step::Rotate),
        1 => any::<u8>().prop_map(|with| Step::Damage { with }),
        1 => any::<bool>().prop_map(|away| Step::Away { away }),
    ]
}

fn tag_of(key: u64) -> String {
    (key % TAGS).to_string()
}

/// What is true: the values as their source has them, and until when a copy may be shown.
#[derive(Default)]
struct Truth {
    now: u64,
    count: u64,
    values: HashMap<u64, (String, u64)>,
}

impl Truth {
    /// The value changes; copies of the former one are no longer true.
    fn change(&mut self, key: u64) -> String {
        self.count += 1;
        let value = format!("{key}/{}", self.count);
        self.values.insert(key, (value.clone(), 0));
        value
    }

    /// The value is read, and a copy of it kept so long.
    fn copy(&mut self, key: u64, seconds: u64) -> String {
        if !self.values.contains_key(&key) {
            self.change(key);
        }
        let until = self.now + seconds.min(TTL.as_secs());
        let (value, last) = self.values.get_mut(&key).unwrap();
        *last = until.max(*last);
        value.clone()
    }

    /// Only the value of this key, and only before the end of its last copy.
    fn allows(&self, key: u64, shown: &Lookup<String>) -> bool {
        match shown {
            Lookup::Value(value) => {
                self.values.get(&key).is_some_and(|(last, until)| last == value && self.now < *until)
            }
            Lookup::Absent => false,
            Lookup::Unknown => true,
        }
    }
}

async fn run(steps: Vec<Step>, level: SecurityLevel, remote: bool) -> Result<(), TestCaseError> {
    let world = World::new();
    let nodes: Vec<Namespace<u64, String>> = (0..NODES as u64)
        .map(|seed| {
            let cache = world.node(seed, true);
            words_with(&cache, level, |builder| if remote { builder.remote() } else { builder })
        })
        .collect();
    let mut truth = Truth::default();
    for step in steps {
        match step.clone() {
            Step::Insert { node, key, seconds } => {
                truth.change(key);
                let value = truth.copy(key, seconds);
                let keep = Keep::new().at_most(Duration::from_secs(seconds)).tag(&tag_of(key));
                nodes[node].insert(&key, value, &keep).await;
            }
            Step::Get { node, key } => {
                let shown = nodes[node].get(&key).await;
                prop_assert!(truth.allows(key, &shown), "{step:?} showed {shown:?}");
            }
            Step::Load { node, key } => {
                let load = async || Ok::<_, ()>(Some(truth.copy(key, TTL.as_secs())));
                let shown = nodes[node].get_or_try_load(&key, &Keep::new().tag(&tag_of(key)), load).await;
                let shown = shown.ok().flatten().map_or(Lookup::Absent, Lookup::Value);
                prop_assert!(truth.allows(key, &shown), "{step:?} showed {shown:?}");
            }
            Step::Invalidate { node, key } => {
                truth.change(key);
                nodes[node].invalidate(&key).await;
            }
            Step::InvalidateTag { node, tag } => {
                (0..KEYS).filter(|key| key % TAGS == tag).for_each(|key| drop(truth.change(key)));
                nodes[node].invalidate_tag(&tag.to_string()).await;
            }
            Step::InvalidateAll { node } => {
                (0..KEYS).for_each(|key| drop(truth.change(key)));
                nodes[node].invalidate_all().await;
            }
            Step::Pass { seconds } => {
                truth.now += seconds;
                world.pass(Duration::from_secs(seconds));
            }
            Step::Rotate => {
                world.keys.rotate(level);
            }
            Step::Damage { with } => {
                for (name, mut record) in world.remote.records() {
                    let at = usize::from(with) % record.len().max(1);
                    match with % 3 {
                        0 => record.truncate(at),
                        1 => record.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= with | 1),
                        _ => record.reverse(),
                    }
                    world.remote.replace(name, record);
                }
            }
            Step::Away { away } => world.remote.set_away(away && remote),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_value_is_shown_after_its_end_or_for_another_key_or_generation(
        steps in prop::collection::vec(step(), 1..80),
        level in 0..5_usize,
        remote in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(run(steps, SecurityLevel::ALL[level], remote))?;
    }
}
