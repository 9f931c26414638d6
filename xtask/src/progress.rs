//! Steps with a number, a name and the time they took.

use std::time::{Duration, Instant};

use crate::failure::{Failure, Outcome};

/// Numbers the steps of a long chore and remembers how long each took.
pub struct Steps {
    total: usize,
    finished: Vec<(&'static str, Duration)>,
}

impl Steps {
    /// A chore of `total` steps.
    pub fn new(total: usize) -> Self {
        Self { total, finished: Vec::with_capacity(total) }
    }

    /// Says which step begins, performs it, and names it in the failure.
    pub fn step(&mut self, name: &'static str, body: impl FnOnce() -> Outcome) -> Outcome {
        println!("\n[{:>2}/{}] {name}", self.finished.len() + 1, self.total);
        let start = Instant::now();
        body().map_err(|failure| Failure::new(format!("{name}: {failure}")))?;
        let took = start.elapsed();
        println!("        {name}: done in {:.1} s", took.as_secs_f64());
        self.finished.push((name, took));
        Ok(())
    }

    /// Prints the steps and their times.
    pub fn summary(&self) {
        println!();
        for (name, took) in &self.finished {
            println!("  {:>7.1} s  {name}", took.as_secs_f64());
        }
    }
}
