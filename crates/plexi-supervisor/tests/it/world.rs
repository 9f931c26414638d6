//! Children that do what they are told, and a list of what happened when.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plexi_core::{Entropy, SeededEntropy};
use plexi_supervisor::{Child, Context, Escalated, Stopped, Supervisor, Watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What a run of a child does, from its start on.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Works until asked to stop, then ends at once.
    Run,
    /// Works until asked to stop, then needs so many milliseconds.
    Slow(u64),
    /// Never ends by itself, and does not heed the wish to stop.
    Deaf,
    /// Fails after so many milliseconds.
    Fail(u64),
    /// Panics after so many milliseconds.
    Panic(u64),
    /// Ends well after so many milliseconds.
    Finish(u64),
    /// Says that it is ready after so many milliseconds, then works until asked to stop.
    Ready(u64),
    /// Says that it is ready after so many milliseconds, then fails after as many more.
    ReadyThenFail(u64, u64),
    /// Beats every so many milliseconds, so many times, then hangs.
    Beat(u64, u32),
}

/// Milliseconds since the test began, and what happened: `a+` started, `a-` ended as asked, `a!` failed, `a.` finished, `a?` was dropped.
pub type Trace = Arc<Mutex<Vec<String>>>;

#[derive(Clone)]
pub struct World {
    began: Instant,
    trace: Trace,
}

impl World {
    pub fn new() -> Self {
        Self { began: Instant::now(), trace: Trace::default() }
    }

    /// What happened so far, as `0 a+, 10 a!`.
    pub fn trace(&self) -> String {
        self.trace.lock().unwrap().join(", ")
    }

    fn note(&self, what: &str) {
        let at = self.began.elapsed().as_millis();
        self.trace.lock().unwrap().push(format!("{at} {what}"));
    }

    /// A child that performs the acts, one a run, and the last one in every further run.
    pub fn child(&self, name: &'static str, acts: &[Act]) -> Child {
        let world = self.clone();
        let acts = Arc::new(Mutex::new(acts.iter().copied().collect::<VecDeque<_>>()));
        Child::new(name, move |context| {
            let act = {
                let mut acts = acts.lock().unwrap();
                if acts.len() > 1 { acts.pop_front() } else { acts.front().copied() }
            };
            perform(world.clone(), name, act.expect("an act"), context)
        })
    }
}

/// Notes when a run is dropped before it came to an end of its own.
struct Dropped {
    world: World,
    name: &'static str,
    ended: bool,
}

impl Dropped {
    fn end(mut self, mark: &str) {
        self.ended = true;
        self.world.note(&format!("{}{mark}", self.name));
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        if !self.ended {
            self.world.note(&format!("{}?", self.name));
        }
    }
}

async fn perform(
    world: World,
    name: &'static str,
    act: Act,
    context: Context,
) -> Result<(), plexi_supervisor::ChildError> {
    let pause = |milliseconds| tokio::time::sleep(Duration::from_millis(milliseconds));
    world.note(&format!("{name}+"));
    let run = Dropped { world, name, ended: false };
    match act {
        Act::Run => context.stopped().await,
        Act::Slow(milliseconds) => {
            context.stopped().await;
            pause(milliseconds).await;
        }
        Act::Deaf => std::future::pending().await,
        Act::Fail(milliseconds) => {
            pause(milliseconds).await;
            run.end("!");
            return Err("broken".into());
        }
        Act::Panic(milliseconds) => {
            pause(milliseconds).await;
            run.end("!");
            panic!("out of order");
        }
        Act::Finish(milliseconds) => {
            pause(milliseconds).await;
            run.end(".");
            return Ok(());
        }
        Act::Ready(milliseconds) => {
            pause(milliseconds).await;
            context.ready();
            context.stopped().await;
        }
        Act::ReadyThenFail(before, after) => {
            pause(before).await;
            context.ready();
            pause(after).await;
            run.end("!");
            return Err("broken".into());
        }
        Act::Beat(every, times) => {
            for _ in 0..times {
                context.beat();
                pause(every).await;
            }
            std::future::pending::<()>().await;
        }
    }
    run.end("-");
    Ok(())
}

pub type Ended = Result<Stopped, Escalated>;

/// Runs a tree for so many milliseconds, then stops it. Returns how it ended.
pub async fn run_for(milliseconds: u64, supervisor: Supervisor) -> Ended {
    run_with(supervisor, async |_| tokio::time::sleep(Duration::from_millis(milliseconds)).await).await
}

/// Runs a tree while `meanwhile` runs, then stops it.
pub async fn run_with(supervisor: Supervisor, meanwhile: impl AsyncFnOnce(Watch)) -> Ended {
    let tree = supervisor.build().expect("a tree");
    let (watch, stop) = (tree.watch(), CancellationToken::new());
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(1));
    let running = tree.run(stop.clone(), entropy);
    let meanwhile = async {
        meanwhile(watch).await;
        stop.cancel();
    };
    tokio::pin!(running, meanwhile);
    tokio::select! {
        biased;
        ended = &mut running => ended,
        () = &mut meanwhile => running.await,
    }
}

pub fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}
