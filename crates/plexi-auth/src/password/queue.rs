//! A bounded queue in front of the cores: as many hashes at once as there are cores, so many waiting, the rest refused.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::Block;
use tokio::sync::Semaphore;

use crate::error::AuthError;

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Queue {
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    capacity: usize,
    cores: usize,
    /// Memory of hashes that ended while others waited; a fresh one costs as much time as the hash itself.
    spare: Arc<Mutex<Vec<Vec<Block>>>>,
}

impl Queue {
    /// A queue in which `waiting` jobs may wait.
    pub fn new(waiting: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let capacity = cores + waiting;
        Self {
            admitted: Arc::new(Semaphore::new(capacity)),
            running: Arc::new(Semaphore::new(cores)),
            capacity,
            cores,
            spare: Arc::default(),
        }
    }

    /// Runs a job on a thread of its own as soon as a core is free. [`AuthError::Overloaded`] at once when too many wait.
    /// A job that began is finished even if nobody waits for it any more, and keeps its place until then.
    pub async fn run<T, F>(&self, job: F) -> Result<T, AuthError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Vec<Block>) -> Result<T, AuthError> + Send + 'static,
    {
        let place = self.admitted.clone().try_acquire_owned().map_err(|_| AuthError::Overloaded)?;
        let core = self.running.clone().acquire_owned().await.map_err(|_| AuthError::Overloaded)?;
        let queue = self.clone();
        let result = tokio::task::spawn_blocking(move || {
            let mut memory = queue.lend();
            let result = job(&mut memory);
            drop(place);
            queue.give_back(memory);
            drop(core);
            result
        });
        result.await.map_err(|_| AuthError::Crypto("password job failed".to_owned()))?
    }

    fn lend(&self) -> Vec<Block> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Keeps the memory while jobs wait for it, and lets go of all of it when the rush is over.
    fn give_back(&self, memory: Vec<Block>) {
        let busy = self.capacity - self.admitted.available_permits() >= self.cores;
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if busy {
            spare.push(memory);
        } else {
            spare.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn when_all_places_are_taken_the_next_is_refused_at_once_and_afterwards_there_is_room_again() {
        let queue = Queue::new(1);
        let (release, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let mut jobs = tokio::task::JoinSet::new();
        for _ in 0..queue.capacity {
            let (queue, gate) = (queue.clone(), gate.clone());
            jobs.spawn(async move {
                queue.run(move |_| gate.lock().unwrap().recv().map_err(|_| AuthError::Overloaded)).await
            });
        }
        while queue.admitted.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(queue.run(|_| Ok(())).await, Err(AuthError::Overloaded)));
        for _ in 0..queue.capacity {
            release.send(()).unwrap();
        }
        jobs.join_all().await.into_iter().for_each(Result::unwrap);
        queue.run(|_| Ok(())).await.unwrap();
        assert!(queue.spare.lock().unwrap().is_empty(), "no memory is kept when nobody waits");
    }
}
