//! `ractor`: a supervisor as its documentation shows one, an actor that is told of its children's failures and starts them again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};

use super::work::Work;
use crate::Outcome;

pub(crate) async fn run(work: &Arc<Work>, meanwhile: impl AsyncFnOnce()) -> Outcome<Duration> {
    let (supervisor, ended) = Actor::spawn(None, Boss, Arc::clone(work)).await?;
    work.settled().await;
    meanwhile().await;
    let (stopped, took) = super::timed(async { ractor::call!(supervisor, Order::StopAll) }).await;
    stopped?;
    supervisor.stop(None);
    ended.await?;
    Ok(took)
}

enum Order {
    /// Stop the children one after the other, the last first.
    StopAll(RpcReplyPort<()>),
}

struct Boss;

struct Children {
    work: Arc<Work>,
    running: Vec<ActorCell>,
    places: HashMap<ActorId, usize>,
}

impl Actor for Boss {
    type Msg = Order;
    type State = Children;
    type Arguments = Arc<Work>;

    async fn pre_start(
        &self,
        myself: ActorRef<Order>,
        work: Arc<Work>,
    ) -> Result<Children, ActorProcessingErr> {
        let mut children = Children { work, running: Vec::new(), places: HashMap::new() };
        for place in 0..children.work.count() {
            let cell = start(&myself, &mut children, place).await?;
            children.running.push(cell);
        }
        Ok(children)
    }

    async fn handle(
        &self,
        _myself: ActorRef<Order>,
        Order::StopAll(done): Order,
        children: &mut Children,
    ) -> Result<(), ActorProcessingErr> {
        while let Some(child) = children.running.pop() {
            child.stop_and_wait(None, None).await?;
        }
        Ok(done.send(())?)
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<Order>,
        event: SupervisionEvent,
        children: &mut Children,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(who, _) = event
            && let Some(place) = children.places.remove(&who.get_id())
        {
            children.running[place] = start(&myself, children, place).await?;
        }
        Ok(())
    }
}

async fn start(
    boss: &ActorRef<Order>,
    children: &mut Children,
    place: usize,
) -> Result<ActorCell, ActorProcessingErr> {
    let worker = Worker { work: Arc::clone(&children.work), place };
    let (started, _) = Actor::spawn_linked(None, worker, (), boss.get_cell()).await?;
    children.places.insert(started.get_id(), place);
    Ok(started.get_cell())
}

struct Worker {
    work: Arc<Work>,
    place: usize,
}

impl Actor for Worker {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _myself: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn post_start(&self, _myself: ActorRef<()>, (): &mut ()) -> Result<(), ActorProcessingErr> {
        if self.work.begins(self.place) { Err("failed".into()) } else { Ok(()) }
    }

    async fn post_stop(&self, _myself: ActorRef<()>, (): &mut ()) -> Result<(), ActorProcessingErr> {
        self.work.ends(self.place);
        Ok(())
    }
}
