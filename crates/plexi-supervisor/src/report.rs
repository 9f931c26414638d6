use std::collections::HashMap;
use std::time::Duration;

use crate::child::ChildError;
use crate::context::Context;
use crate::node::{Kind, State, Status};
use crate::watch::Watch;

/// What each line of figures begins with.
pub const METRICS_MARK: &str = "[SUPERVISOR_METRICS]";

/// Writes the figures of the tree to the log at every `every`, each line beginning with [`METRICS_MARK`]: one for the whole, at INFO, and one for each part
/// that does not run or was restarted or hung since the last time; those of parts that are well are written at DEBUG. Meant as a child:
///
/// ```
/// # use plexi_supervisor::{Child, Supervisor, TaskGroup, Watch, report};
/// # use std::time::Duration;
/// # fn reporter(watch: Watch) -> Child {
/// Child::new("report", move |context| report(watch.clone(), Duration::from_secs(30), context))
/// # }
/// ```
pub async fn report(watch: Watch, every: Duration, context: Context) -> Result<(), ChildError> {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut troubles = HashMap::new();
    loop {
        tokio::select! {
            _ = ticks.tick() => write(&watch.status(), &mut troubles),
            () = context.stopped() => return Ok(()),
        }
    }
}

/// Writes a tree. `troubles` holds how often each part was restarted and hung when it was written last.
fn write(root: &Status, troubles: &mut HashMap<String, (u64, u64)>) {
    let mut parts = Vec::new();
    flatten(root, "", &mut parts);
    let tasks = parts.iter().filter(|(_, part)| part.kind == Kind::Worker);
    let running = tasks.clone().filter(|(_, part)| part.state == State::Running).count();
    let restarts: u64 = tasks.clone().map(|(_, part)| part.restarts).sum();
    let hung: u64 = tasks.clone().map(|(_, part)| part.hung).sum();
    tracing::info!(tree = root.name, tasks = tasks.count(), running, restarts, hung, "{METRICS_MARK}");
    for (path, part) in &parts {
        let now = (part.restarts, part.hung);
        let before = troubles.insert(path.clone(), now).unwrap_or_default();
        let in_state_ms = part.in_state.as_millis();
        let state = part.state.as_str();
        if part.state == State::Running && now == before {
            tracing::debug!(path, state, in_state_ms, restarts = now.0, hung = now.1, "{METRICS_MARK}");
        } else {
            tracing::info!(path, state, in_state_ms, restarts = now.0, hung = now.1, "{METRICS_MARK}");
        }
    }
}

fn flatten<'a>(status: &'a Status, above: &str, into: &mut Vec<(String, &'a Status)>) {
    let path = if above.is_empty() { status.name.clone() } else { format!("{above}/{}", status.name) };
    into.push((path.clone(), status));
    for child in &status.children {
        flatten(child, &path, into);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::Level;
    use tracing::field::{Field, Visit};
    use tracing_subscriber::layer::{Context as Around, Layer, SubscriberExt as _};

    use super::*;

    /// The level of each line, and which part it is about: `whole` for the tree.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<(Level, String)>>>);

    #[derive(Default)]
    struct About(Option<String>);

    impl Visit for About {
        fn record_str(&mut self, field: &Field, value: &str) {
            if field.name() == "path" {
                self.0 = Some(value.to_owned());
            }
        }

        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            if field.name() == "message" {
                assert_eq!(format!("{value:?}"), METRICS_MARK);
            }
        }
    }

    impl<S: tracing::Subscriber> Layer<S> for Lines {
        fn on_event(&self, event: &tracing::Event<'_>, _: Around<'_, S>) {
            let mut about = About::default();
            event.record(&mut about);
            let path = about.0.unwrap_or_else(|| "whole".to_owned());
            self.0.lock().unwrap().push((*event.metadata().level(), path));
        }
    }

    fn part(name: &str, state: State, restarts: u64, children: Vec<Status>) -> Status {
        let kind = if children.is_empty() { Kind::Worker } else { Kind::Supervisor };
        Status {
            name: name.to_owned(),
            kind,
            state,
            in_state: Duration::ZERO,
            restarts,
            hung: 0,
            last_failure: None,
            starts_in: None,
            children,
        }
    }

    #[test]
    fn what_is_well_is_one_line_and_what_is_not_has_its_own_until_it_is_well_again() {
        let lines = Lines::default();
        let mut troubles = HashMap::new();
        let mut told = |state, restarts| {
            let tree = part("server", State::Running, 0, vec![part("bus", state, restarts, Vec::new())]);
            let subscriber = tracing_subscriber::registry().with(lines.clone());
            tracing::subscriber::with_default(subscriber, || write(&tree, &mut troubles));
            let lines = std::mem::take(&mut *lines.0.lock().unwrap());
            lines
                .into_iter()
                .filter(|(level, _)| *level == Level::INFO)
                .map(|(_, path)| path)
                .collect::<Vec<_>>()
        };
        assert_eq!(told(State::Running, 0), ["whole"]);
        assert_eq!(told(State::Backoff, 0), ["whole", "server/bus"]);
        assert_eq!(told(State::Running, 1), ["whole", "server/bus"], "it was restarted");
        assert_eq!(told(State::Running, 1), ["whole"]);
    }
}
