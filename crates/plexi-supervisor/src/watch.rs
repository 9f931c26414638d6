use std::sync::Arc;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;

use crate::error::ControlError;
use crate::node::{Branch, Node, Order, Status};

/// A look at a tree from outside, and orders to it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Watch(Arc<Node>);

impl Watch {
    pub(crate) fn new(root: Arc<Node>) -> Self {
        Self(root)
    }

    /// The whole tree as it is now.
    pub fn status(&self) -> Status {
        self.0.status()
    }

    /// Waits until every child of the root was started and is ready.
    pub async fn ready(&self) {
        if let Some(branch) = self.0.branch() {
            let mut ready = branch.ready.subscribe();
            // The sender lives as long as the node that is borrowed here.
            let _ = ready.wait_for(|ready| *ready).await;
        }
    }

    /// Asks every supervisor that runs whether it is still at work, and waits until all have said so. One that hangs, or whose runtime does, never
    /// does: who asks sets a limit. What a service manager's watchdog should hear of.
    pub async fn answers(&self) {
        let mut asked = Vec::new();
        let mut places = vec![&*self.0];
        while let Some(place) = places.pop() {
            let Some(branch) = place.branch() else { continue };
            places.extend(branch.children.iter().map(|child| &**child));
            let orders = branch.orders().clone();
            let (answer, answered) = oneshot::channel();
            // One that does not run, or ends meanwhile, is its supervisor's business.
            if let Some(orders) = orders
                && orders.send(Order::Answer(answer)).await.is_ok()
            {
                asked.push(answered);
            }
        }
        for answered in asked {
            let _ = answered.await;
        }
    }

    /// Ends a child and starts it again, whatever it does now; also one that had ended for good. `path` is the names from below the root to the child,
    /// joined by `/`, such as `bus/client`. Returns when the order was given; the status shows what becomes of it. It counts as a restart of the child and
    /// not towards the intensity.
    pub fn restart(&self, path: &str) -> Result<(), ControlError> {
        let unknown = || ControlError::Unknown(path.to_owned());
        let mut above: &Node = &self.0;
        let mut names = path.split('/').peekable();
        while let Some(name) = names.next() {
            let branch = above.branch().ok_or_else(unknown)?;
            let place = branch.children.iter().position(|child| &*child.name == name).ok_or_else(unknown)?;
            if names.peek().is_none() {
                return order(branch, Order::Restart(place), path);
            }
            above = branch.children.get(place).ok_or_else(unknown)?;
        }
        Err(unknown())
    }
}

fn order(branch: &Branch, order: Order, path: &str) -> Result<(), ControlError> {
    let orders = branch.orders();
    let sender = orders.as_ref().ok_or_else(|| ControlError::NotRunning(path.to_owned()))?;
    sender.try_send(order).map_err(|error| match error {
        TrySendError::Full(_) => ControlError::Busy(path.to_owned()),
        TrySendError::Closed(_) => ControlError::NotRunning(path.to_owned()),
    })
}
