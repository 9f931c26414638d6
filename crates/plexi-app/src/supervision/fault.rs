//! Faults for tests: what happens to a task of the running server when something goes wrong in it.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// What a task is made to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It panics.
    Panic,
    /// It ends by itself.
    End,
    /// It goes on for ever without doing anything.
    Hang,
}

/// The fault that waits for each task, by its name.
type Orders = HashMap<&'static str, watch::Sender<Option<Fault>>>;

/// Makes tasks of a server fail. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Orders>>);

impl Faults {
    /// Makes the run of the task `name` that is under way, or else its next, fail once. False when no such task was ever started.
    pub fn strike(&self, name: &str, fault: Fault) -> bool {
        let tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.get(name).is_some_and(|task| task.send_replace(Some(fault)).is_none())
    }

    #[expect(clippy::panic, reason = "the test asked for it")]
    pub(crate) async fn meet(self, name: &'static str, work: impl Future<Output = ()>) {
        let mut orders = {
            let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            tasks.entry(name).or_insert_with(|| watch::Sender::new(None)).subscribe()
        };
        let ordered = async {
            let Ok(order) = orders.wait_for(Option::is_some).await.map(|order| *order) else {
                return std::future::pending().await;
            };
            order
        };
        let order = tokio::select! {
            () = work => return,
            order = ordered => order,
        };
        if let Some(task) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            task.send_replace(None);
        }
        match order {
            Some(Fault::Panic) => panic!("a fault of a test"),
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::End) | None => {}
        }
    }
}
