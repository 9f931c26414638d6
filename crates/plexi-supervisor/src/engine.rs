//! One supervisor at work: a loop over what happens (a task ended, a child is ready, a time has come, an order arrived), and the decisions
//! about it. Nothing in it waits for a child, so that one that stops slowly holds up nobody else.

mod slot;
mod timers;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use plexi_core::Entropy;
use tokio::sync::mpsc;
use tokio::task::JoinError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::child::{ChildError, Restart, Task, Tasks, Work, words};
use crate::context::{Context, Run};
use crate::error::Escalated;
use crate::intensity::Recent;
use crate::node::{Node, Order, State};
use crate::supervisor::{Spec, Stopped, Strategy};
use slot::{Live, Phase, Slot, Why};
use timers::{Due, Timers};

/// How long an aborted task may take to end before it is given up. It ends at its next await point.
const ABORT_GRACE: Duration = Duration::from_secs(1);
/// How many orders may wait.
const ORDERS: usize = 64;

/// What a supervisor is started with.
pub(crate) struct Start {
    pub(crate) spec: Arc<Spec>,
    pub(crate) node: Arc<Node>,
    pub(crate) path: String,
    pub(crate) stop: CancellationToken,
    pub(crate) entropy: Arc<dyn Entropy>,
    /// The run of this supervisor as somebody's child.
    pub(crate) parent: Option<Context>,
}

/// A group restart that is under way: everybody from a place on is brought down, last first, and then started again.
struct Regroup {
    from: usize,
    /// Everybody at or above this place is down.
    down_to: usize,
    /// Not started again before.
    at: Instant,
    /// Whether that time is in the list of times.
    timed: bool,
}

enum Ending {
    Asked,
    GaveUp { child: usize, reason: String },
}

/// What a task was, and how it ended.
type Ended = (Task, Result<(), ChildError>);

/// What happens to a supervisor.
enum Event {
    Stop,
    Ended(Result<Ended, JoinError>),
    Ready(usize, u32),
    Order(Order),
    Time,
}

struct Engine {
    /// When what is dealt with happened.
    now: Instant,
    spec: Arc<Spec>,
    node: Arc<Node>,
    path: String,
    entropy: Arc<dyn Entropy>,
    parent: Option<Context>,
    slots: Vec<Slot>,
    tasks: Tasks,
    timers: Timers,
    ready: mpsc::UnboundedSender<(usize, u32)>,
    recent: Recent,
    /// Those to be started in order.
    queue: VecDeque<usize>,
    /// The child of the queue that was started and is not ready yet.
    gate: Option<usize>,
    regroup: Option<Regroup>,
    ending: Option<Ending>,
    /// Everybody at or above this place is down, once the supervisor ends.
    down_to: usize,
}

/// Runs a supervisor until it is asked to stop or gives up.
pub(crate) async fn run(start: Start) -> Result<Stopped, Escalated> {
    let (ready, mut readied) = mpsc::unbounded_channel();
    let (orders, mut ordered) = mpsc::channel(ORDERS);
    let node = Arc::clone(&start.node);
    if let Some(branch) = node.branch() {
        *branch.orders() = Some(orders);
        branch.ready.send_replace(false);
    }
    let stop = start.stop.clone();
    // Made once: whoever waits is in a list, and to be put there at each turn would cost more than the turn.
    let stopped = stop.cancelled();
    tokio::pin!(stopped);
    let mut engine = Engine::new(start, ready);
    let sleep = tokio::time::sleep(Duration::ZERO);
    tokio::pin!(sleep);
    if engine.parent.is_none() {
        node.enter(State::Running, engine.now);
    }
    engine.advance();
    while !engine.is_down() {
        let next = engine.timers.next();
        if let Some(at) = next
            && at != sleep.deadline()
        {
            sleep.as_mut().reset(at);
        }
        let event = tokio::select! {
            biased;
            () = &mut stopped, if engine.ending.is_none() => Event::Stop,
            Some(ended) = engine.tasks.join_next() => Event::Ended(ended),
            Some((place, generation)) = readied.recv() => Event::Ready(place, generation),
            Some(order) = ordered.recv() => Event::Order(order),
            () = &mut sleep, if next.is_some() => Event::Time,
        };
        engine.now = Instant::now();
        match event {
            Event::Stop => engine.end(Ending::Asked),
            Event::Ended(ended) => engine.ended(ended),
            Event::Ready(place, generation) => engine.became_ready(place, generation),
            Event::Order(order) => engine.obey(order),
            Event::Time => engine.times(),
        }
        engine.advance();
    }
    if let Some(branch) = node.branch() {
        *branch.orders() = None;
    }
    engine.outcome()
}

/// A supervisor as a task of another. Boxed, for a supervisor may hold supervisors.
fn nested(place: usize, start: Start) -> Pin<Box<dyn Future<Output = Ended> + Send>> {
    Box::pin(async move { (Task::Run(place), run(start).await.map(drop).map_err(ChildError::from)) })
}

impl Engine {
    fn new(start: Start, ready: mpsc::UnboundedSender<(usize, u32)>) -> Self {
        let Start { spec, node, path, entropy, parent, .. } = start;
        let places = node.branch().map(|branch| &*branch.children).unwrap_or_default();
        let slots: Vec<Slot> = places.iter().map(|place| Slot::new(Arc::clone(place))).collect();
        Self {
            now: Instant::now(),
            queue: (0..slots.len()).collect(),
            down_to: slots.len(),
            slots,
            spec,
            node,
            path,
            entropy,
            parent,
            tasks: Tasks::new(),
            timers: Timers::default(),
            ready,
            recent: Recent::default(),
            gate: None,
            regroup: None,
            ending: None,
        }
    }

    fn is_down(&self) -> bool {
        self.ending.is_some() && self.down_to == 0
    }

    fn outcome(self) -> Result<Stopped, Escalated> {
        let left = stuck(&self.node);
        if self.parent.is_none() {
            self.node.enter(State::Ended, Instant::now());
        }
        match self.ending {
            Some(Ending::GaveUp { child, reason }) => Err(Escalated {
                supervisor: self.path,
                child: self.spec.children.get(child).map(|child| child.name.to_string()).unwrap_or_default(),
                reason,
                left,
            }),
            Some(Ending::Asked) | None => Ok(Stopped { left }),
        }
    }

    fn end(&mut self, ending: Ending) {
        self.queue.clear();
        self.gate = None;
        self.regroup = None;
        self.ending = Some(ending);
    }

    /// What can be done now is done: one more is asked to stop, or one more is started.
    fn advance(&mut self) {
        if self.ending.is_some() {
            self.down_to = self.bring_down(self.down_to, 0);
            return;
        }
        if let Some(mut group) = self.regroup.take() {
            group.down_to = self.bring_down(group.down_to, group.from);
            if !self.may_start(&mut group) {
                self.regroup = Some(group);
                return;
            }
            let again = (group.from..self.slots.len()).filter(|place| self.is_of_the_group(*place));
            self.queue.extend(again.collect::<Vec<_>>());
        }
        while self.gate.is_none()
            && let Some(place) = self.queue.pop_front()
        {
            if !self.slots[place].is_live() {
                self.start(place);
            }
            if self.slots[place].phase == Phase::Starting {
                self.gate = Some(place);
            }
        }
        if self.gate.is_none() {
            // It is empty, and for most supervisors it stays so: the room it had is given back.
            self.queue.shrink_to_fit();
            self.all_ready();
        }
    }

    /// Whether everybody of the group is down and its time has come.
    fn may_start(&mut self, group: &mut Regroup) -> bool {
        if group.down_to > group.from {
            return false;
        }
        let waits = self.now < group.at;
        if waits && !group.timed {
            self.timers.add(group.at, Due::Regroup, group.from, 0);
            group.timed = true;
        }
        !waits
    }

    fn all_ready(&self) {
        if let Some(branch) = self.node.branch()
            && !*branch.ready.borrow()
        {
            branch.ready.send_replace(true);
            if let Some(parent) = &self.parent {
                parent.ready();
            }
        }
    }

    /// A temporary child that was started once is not part of its group any more.
    fn is_of_the_group(&self, place: usize) -> bool {
        self.spec.children[place].restart != Restart::Temporary || self.slots[place].generation == 0
    }

    /// Brings down whoever is at or above `from` and below `down_to`, the last first. Returns down to which place all are down.
    fn bring_down(&mut self, mut down_to: usize, from: usize) -> usize {
        while down_to > from {
            let place = down_to - 1;
            match self.slots[place].phase {
                Phase::Starting | Phase::Running => {
                    self.ask_to_stop(place, Why::Group);
                    if self.slots[place].is_live() {
                        break;
                    }
                }
                Phase::Stopping(_) | Phase::Aborted(_) => {
                    self.slots[place].phase = self.slots[place].phase.for_the_group();
                    break;
                }
                Phase::Backoff => self.rest(place),
                Phase::Waiting | Phase::Ended | Phase::Stuck(_) => {}
            }
            down_to = place;
        }
        down_to
    }

    /// Down with its group, to be started again with it or not.
    fn rest(&mut self, place: usize) {
        let again = self.ending.is_none() && self.is_of_the_group(place);
        let (phase, state) =
            if again { (Phase::Waiting, State::Waiting) } else { (Phase::Ended, State::Ended) };
        self.slots[place].phase = phase;
        self.slots[place].node.enter(state, self.now);
    }

    fn start(&mut self, place: usize) {
        if self.slots[place].node.is_held() {
            self.wait_for_former(place);
            return;
        }
        let child = &self.spec.children[place];
        let (ready_within, heartbeat) = (child.is_ready_within(), child.beats_within());
        let (phase, state) = match ready_within {
            Some(_) => (Phase::Starting, State::Starting),
            None => (Phase::Running, State::Running),
        };
        let slot = &mut self.slots[place];
        slot.generation += 1;
        slot.probe_failures = 0;
        // Before its task begins, so that whoever sees what it does sees that it runs.
        slot.phase = phase;
        slot.node.enter(state, self.now);
        let generation = slot.generation;
        let run = Arc::new(Run::new(place, generation, Arc::clone(&slot.node), self.ready.clone(), self.now));
        let context = Context(Arc::clone(&run));
        let abort = match &child.work {
            Work::Task(start) => Arc::clone(start).start(context, &mut self.tasks),
            Work::Supervisor(spec) => self.tasks.spawn(nested(
                place,
                Start {
                    spec: Arc::clone(spec),
                    node: Arc::clone(context.node()),
                    path: format!("{}/{}", self.path, child.name),
                    stop: context.stop_token(),
                    entropy: Arc::clone(&self.entropy),
                    parent: Some(context),
                },
            )),
        };
        slot.live = Some(Live { run, abort });
        match ready_within {
            // Some are given all the time there is.
            Some(within) => {
                if let Some(at) = self.now.checked_add(within) {
                    self.timers.add(at, Due::Ready, place, generation);
                }
            }
            None => self.look_after(place),
        }
        if let Some(within) = heartbeat {
            self.timers.add(self.now + within, Due::Beat, place, generation);
        }
    }

    /// A task that never yielded when this supervisor ran before still lives: it is waited for as if it were of this run.
    fn wait_for_former(&mut self, place: usize) {
        let slot = &mut self.slots[place];
        let node = Arc::clone(&slot.node);
        let ready = self.ready.clone();
        let run = Arc::new(Run::new(place, slot.generation, Arc::clone(&node), ready, self.now));
        let abort = self.tasks.spawn(async move {
            node.freed().await;
            (Task::Run(place), Ok(()))
        });
        slot.live = Some(Live { run, abort });
        self.stuck(place, Why::Group);
    }

    /// The health of a child that runs is asked for, if it can be.
    fn look_after(&mut self, place: usize) {
        if let Some(probe) = self.spec.children[place].own_probe() {
            self.timers.add(self.now + probe.every, Due::Probe, place, self.slots[place].generation);
        }
    }

    fn became_ready(&mut self, place: usize, generation: u32) {
        let slot = &mut self.slots[place];
        if slot.is(generation) && slot.phase == Phase::Starting {
            slot.phase = Phase::Running;
            slot.node.enter(State::Running, self.now);
            self.look_after(place);
            self.pass(place);
        }
    }

    /// Whoever waited for this child waits no longer.
    fn pass(&mut self, place: usize) {
        if self.gate == Some(place) {
            self.gate = None;
        }
    }

    fn ask_to_stop(&mut self, place: usize, why: Why) {
        let within = self.spec.children[place].stop_within;
        let slot = &mut self.slots[place];
        let Some(live) = &slot.live else { return };
        live.run.stop.ask();
        if within.is_zero() {
            self.abort(place, why);
            return;
        }
        slot.phase = Phase::Stopping(why);
        slot.node.enter(State::Stopping, self.now);
        if let Some(at) = self.now.checked_add(within) {
            self.timers.add(at, Due::Abort, place, slot.generation);
        }
    }

    fn abort(&mut self, place: usize, why: Why) {
        let slot = &mut self.slots[place];
        let Some(live) = &slot.live else { return };
        live.run.stop.ask();
        live.abort.abort();
        slot.phase = Phase::Aborted(why);
        slot.node.enter(State::Stopping, self.now);
        self.timers.add(self.now + ABORT_GRACE, Due::Stuck, place, slot.generation);
    }

    /// Whether the child is part of a group that is being restarted.
    fn regroups(&self, place: usize) -> bool {
        self.regroup.as_ref().is_some_and(|group| place >= group.from)
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Restart(place) => self.restart_as_ordered(place),
            // Whoever does not wait any more needs no answer.
            Order::Answer(to) => drop(to.send(())),
        }
    }

    fn restart_as_ordered(&mut self, place: usize) {
        if self.ending.is_some() || self.regroups(place) {
            return;
        }
        tracing::info!(child = self.path_of(place), "restart ordered");
        match self.slots[place].phase {
            Phase::Starting | Phase::Running => {
                self.slots[place].node.count_restart();
                self.ask_to_stop(place, Why::Order);
            }
            Phase::Backoff | Phase::Ended => {
                self.slots[place].node.count_restart();
                self.start(place);
            }
            // It is under way, or it cannot be helped.
            Phase::Waiting | Phase::Stopping(_) | Phase::Aborted(_) | Phase::Stuck(_) => {}
        }
    }

    fn ended(&mut self, ended: Result<Ended, JoinError>) {
        match ended {
            Ok((Task::Run(place), result)) => {
                self.run_ended(place, &result.map_err(|error| error.to_string()));
            }
            Ok((Task::Probe(place, generation), result)) => {
                self.probed(place, generation, result.map_err(|error| error.to_string()));
            }
            // It panicked or was aborted, and could not say which it was.
            Err(error) => {
                let is_it = |live: &Live| live.abort.id() == error.id();
                let place = self.slots.iter().position(|slot| slot.live.as_ref().is_some_and(is_it));
                if let Some(place) = place {
                    self.run_ended(place, &Err(how(error)));
                }
            }
        }
    }

    fn run_ended(&mut self, place: usize, result: &Result<(), String>) {
        let slot = &mut self.slots[place];
        let ran = slot.live.take().map_or(Duration::ZERO, |live| self.now.duration_since(live.run.started));
        let phase = slot.phase;
        match phase {
            Phase::Stopping(why) | Phase::Aborted(why) | Phase::Stuck(why) => {
                if let (Phase::Stopping(_), Err(reason)) = (phase, result) {
                    tracing::warn!(child = self.path_of(place), reason, "failed while it stopped");
                }
                let alone = self.ending.is_none() && !self.regroups(place);
                // Stuck while its group was restarted, it is the only one that is missing.
                let missing = matches!(phase, Phase::Stuck(_)) && self.is_of_the_group(place);
                match why {
                    Why::Order if alone => self.start(place),
                    Why::Group if alone && missing => self.start(place),
                    Why::Order | Why::Group => self.rest(place),
                    Why::Hung if self.spec.children[place].restart == Restart::Temporary => {
                        self.stays_down(place);
                    }
                    Why::Hung => self.failed(place, "hung", ran),
                }
            }
            Phase::Waiting | Phase::Starting | Phase::Running | Phase::Backoff | Phase::Ended => {
                let restart = self.spec.children[place].restart;
                match (result, restart) {
                    (Ok(()), Restart::Permanent) => self.failed(place, "ended, and is permanent", ran),
                    (Ok(()), Restart::Transient | Restart::Temporary) => self.stays_down(place),
                    (Err(reason), Restart::Temporary) => {
                        self.note_failure(place, reason, false);
                        self.stays_down(place);
                    }
                    (Err(reason), Restart::Permanent | Restart::Transient) => self.failed(place, reason, ran),
                }
            }
        }
    }

    fn stays_down(&mut self, place: usize) {
        self.slots[place].phase = Phase::Ended;
        self.slots[place].node.enter(State::Ended, self.now);
        self.pass(place);
    }

    fn note_failure(&self, place: usize, reason: &str, hung: bool) {
        self.slots[place].node.note_failure(reason, hung);
        tracing::warn!(child = self.path_of(place), reason, "failed");
    }

    /// A child is down that should not be.
    fn failed(&mut self, place: usize, reason: &str, ran: Duration) {
        if reason != "hung" {
            self.note_failure(place, reason, false);
        }
        self.slots[place].phase = Phase::Ended;
        self.slots[place].node.enter(State::Ended, self.now);
        if self.ending.is_some() {
            return;
        }
        let now = self.now;
        if self.recent.exceeds(self.spec.intensity, now) {
            tracing::error!(
                supervisor = self.path,
                child = self.path_of(place),
                reason,
                "too many failures, giving up"
            );
            self.end(Ending::GaveUp { child: place, reason: reason.to_owned() });
            return;
        }
        let backoff = self.spec.children[place].own_backoff().unwrap_or(self.spec.backoff);
        let slot = &mut self.slots[place];
        if backoff.was_healthy(ran) {
            slot.last_wait = None;
        }
        let wait = backoff.next(slot.last_wait, &*self.entropy);
        slot.last_wait = Some(wait);
        slot.node.count_restart();
        match self.spec.strategy {
            Strategy::OneForOne => self.start_after(place, wait, now),
            Strategy::RestForOne => self.restart_from(place, now + wait),
            Strategy::OneForAll => self.restart_from(0, now + wait),
        }
    }

    fn start_after(&mut self, place: usize, wait: Duration, now: Instant) {
        if wait.is_zero() {
            self.start(place);
            return;
        }
        let slot = &mut self.slots[place];
        slot.phase = Phase::Backoff;
        slot.node.wait_until(now + wait, now);
        self.timers.add(now + wait, Due::Start, place, slot.generation);
    }

    fn restart_from(&mut self, from: usize, at: Instant) {
        // Whoever is in the group waits for it, also the one that failed.
        let before = self.regroup.take();
        let from = before.as_ref().map_or(from, |group| group.from.min(from));
        let at = before.as_ref().map_or(at, |group| group.at.max(at));
        self.queue.retain(|place| *place < from);
        if self.gate.is_some_and(|gate| gate >= from) {
            self.gate = None;
        }
        self.regroup = Some(Regroup { from, down_to: self.slots.len(), at, timed: false });
    }

    fn hung(&mut self, place: usize, reason: &str) {
        self.note_failure(place, reason, true);
        self.abort(place, Why::Hung);
    }

    fn times(&mut self) {
        let now = self.now;
        while let Some((due, place, generation)) = self.timers.take(now) {
            if due != Due::Regroup && self.slots[place].is(generation) {
                self.due(due, place, now);
            }
        }
    }

    fn due(&mut self, due: Due, place: usize, now: Instant) {
        let phase = self.slots[place].phase;
        let alive = matches!(phase, Phase::Starting | Phase::Running);
        match (due, phase) {
            (Due::Start, Phase::Backoff) => self.start(place),
            (Due::Abort, Phase::Stopping(why)) => {
                tracing::warn!(child = self.path_of(place), "did not stop in time, aborted");
                self.abort(place, why);
            }
            (Due::Stuck, Phase::Aborted(why)) => self.stuck(place, why),
            (Due::Ready, Phase::Starting) => self.hung(place, "not ready in time"),
            (Due::Beat, _) if alive => self.check_beat(place, now),
            (Due::Probe, Phase::Running) => self.probe(place),
            _ => {}
        }
    }

    /// A task that never yields cannot be ended. Another beside it would do its work twice: it is left alone and reported.
    fn stuck(&mut self, place: usize, why: Why) {
        tracing::error!(child = self.path_of(place), "never yields and cannot be ended");
        self.slots[place].phase = Phase::Stuck(why);
        self.slots[place].node.enter(State::Stuck, self.now);
    }

    fn check_beat(&mut self, place: usize, now: Instant) {
        let slot = &self.slots[place];
        let (Some(within), Some(live)) = (self.spec.children[place].beats_within(), &slot.live) else {
            return;
        };
        let at = live.run.last_beat() + within;
        if at > now {
            self.timers.add(at, Due::Beat, place, slot.generation);
        } else {
            self.hung(place, "no heartbeat");
        }
    }

    fn probe(&mut self, place: usize) {
        if let Some(probe) = self.spec.children[place].own_probe() {
            probe.spawn(&mut self.tasks, Task::Probe(place, self.slots[place].generation));
        }
    }

    fn probed(&mut self, place: usize, generation: u32, result: Result<(), String>) {
        let Some(probe) = self.spec.children[place].own_probe() else { return };
        let slot = &mut self.slots[place];
        if !slot.is(generation) || slot.phase != Phase::Running {
            return;
        }
        slot.probe_failures = if result.is_ok() { 0 } else { slot.probe_failures.saturating_add(1) };
        if let Err(reason) = result
            && slot.probe_failures >= probe.failures
        {
            self.hung(place, &format!("probe failed: {reason}"));
            return;
        }
        self.timers.add(self.now + probe.every, Due::Probe, place, generation);
    }

    fn path_of(&self, place: usize) -> String {
        format!("{}/{}", self.path, self.spec.children[place].name)
    }
}

/// How many tasks of a supervisor and those below it never ended.
fn stuck(node: &Node) -> usize {
    fn count(status: &crate::node::Status) -> usize {
        usize::from(status.state == State::Stuck) + status.children.iter().map(count).sum::<usize>()
    }
    count(&node.status())
}

/// How a task ended that gave no result.
fn how(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => words(&*panic),
        Err(_) => "aborted".to_owned(),
    }
}
