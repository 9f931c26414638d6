use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;

use plexi_core::Entropy;
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::child::{Child, Work};
use crate::engine;
use crate::error::{BuildError, Escalated};
use crate::intensity::Intensity;
use crate::node::Node;
use crate::watch::Watch;

/// Who is restarted when a child fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Strategy {
    /// That child.
    #[default]
    OneForOne,
    /// That child and all that were started after it.
    RestForOne,
    /// All children.
    OneForAll,
}

/// A supervisor to be built: children in the order of their start, and the rules for them.
#[derive(Debug)]
pub struct Supervisor {
    name: Arc<str>,
    spec: Spec,
}

/// What a supervisor does, whenever it is started.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) strategy: Strategy,
    pub(crate) intensity: Intensity,
    pub(crate) backoff: Backoff,
    pub(crate) children: Vec<Child>,
}

impl Supervisor {
    /// A supervisor called `name`, by the rules that OTP has as defaults: one for one, one restart in five seconds, no backoff.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            spec: Spec {
                strategy: Strategy::default(),
                intensity: Intensity::default(),
                backoff: Backoff::NONE,
                children: Vec::new(),
            },
        }
    }

    /// Who is restarted with whom.
    #[must_use]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.spec.strategy = strategy;
        self
    }

    /// When it gives up.
    #[must_use]
    pub fn intensity(mut self, intensity: Intensity) -> Self {
        self.spec.intensity = intensity;
        self
    }

    /// How long its children wait before a restart, unless they say otherwise.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.spec.backoff = backoff;
        self
    }

    /// Adds a child, to be started after those before it.
    #[must_use]
    pub fn child(mut self, child: Child) -> Self {
        self.spec.children.push(child);
        self
    }

    /// The whole tree, ready to run. Refuses names that are none, and two children of one name.
    pub fn build(self) -> Result<Tree, BuildError> {
        check(&self.name, &self.spec)?;
        let node = Arc::new(plant(&self.name, &self.spec));
        Ok(Tree { node, spec: Arc::new(self.spec) })
    }

    pub(crate) fn into_spec(self) -> (Arc<str>, Spec) {
        (self.name, self.spec)
    }
}

/// A name is part of a path and of metrics.
fn is_name(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn check(name: &str, spec: &Spec) -> Result<(), BuildError> {
    if !is_name(name) {
        return Err(BuildError::Name(name.to_owned()));
    }
    let mut seen = HashSet::new();
    for child in &spec.children {
        match &child.work {
            Work::Supervisor(below) => check(&child.name, below)?,
            Work::Task(_) if !is_name(&child.name) => return Err(BuildError::Name(child.name.to_string())),
            Work::Task(_) => {}
        }
        if !seen.insert(&child.name) {
            return Err(BuildError::Twice { supervisor: name.to_owned(), child: child.name.to_string() });
        }
    }
    Ok(())
}

/// The places of a supervisor and all below it.
fn plant(name: &Arc<str>, spec: &Spec) -> Node {
    let child = |child: &Child| match &child.work {
        Work::Task(_) => Node::worker(&child.name),
        Work::Supervisor(below) => plant(&child.name, below),
    };
    Node::supervisor(name, spec.children.iter().map(|one| Arc::new(child(one))).collect())
}

/// A tree that was built and can run.
#[derive(Debug)]
pub struct Tree {
    node: Arc<Node>,
    spec: Arc<Spec>,
}

/// How a tree ended that was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// How many tasks could not be ended, since they never yield. 0 when all ended.
    pub left: usize,
}

impl Tree {
    /// A look at the tree, before, while and after it runs.
    pub fn watch(&self) -> Watch {
        Watch::new(Arc::clone(&self.node))
    }

    /// Runs the tree until `stop` is cancelled and all have ended in reverse order, or until the root gives up. Dropping the future ends all
    /// at once. `entropy` spreads the waits before restarts.
    pub fn run(
        self,
        stop: CancellationToken,
        entropy: Arc<dyn Entropy>,
    ) -> impl Future<Output = Result<Stopped, Escalated>> + Send {
        let path = self.node.name.to_string();
        engine::run(engine::Start { spec: self.spec, node: self.node, path, stop, entropy, parent: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idle(name: &str) -> Child {
        Child::new(name, |context| async move {
            context.stopped().await;
            Ok(())
        })
    }

    #[test]
    fn a_name_that_cannot_be_in_a_path_is_refused() {
        for name in ["", "a/b", "a b", "\u{e4}", &"x".repeat(101)] {
            let built = Supervisor::new("root").child(idle(name)).build();
            assert_eq!(built.unwrap_err(), BuildError::Name(name.to_owned()));
        }
        assert!(Supervisor::new("").build().is_err());
    }

    #[test]
    fn two_of_one_name_are_refused_at_any_depth() {
        let below = Supervisor::new("below").child(idle("twin")).child(idle("twin"));
        let built = Supervisor::new("root").child(Child::supervisor(below)).build();
        let expected = BuildError::Twice { supervisor: "below".to_owned(), child: "twin".to_owned() };
        assert_eq!(built.unwrap_err(), expected);
    }

    #[test]
    fn one_name_under_two_supervisors_is_fine() {
        let below = Supervisor::new("below").child(idle("twin"));
        assert!(Supervisor::new("root").child(idle("twin")).child(Child::supervisor(below)).build().is_ok());
    }
}
