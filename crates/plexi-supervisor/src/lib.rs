//! Supervision trees for tokio.
//!
//! A [`Supervisor`] starts its [`Child`]ren in order, each when the one before is ready, and keeps them running by the rules of
//! Erlang/OTP ([supervisor behaviour](https://www.erlang.org/doc/system/sup_princ.html)): a [`Strategy`] says who is restarted
//! with whom, [`Restart`] who is restarted at all, an [`Intensity`] when to give up and let the supervisor above decide. To that come
//! what OTP leaves to others: exponential [`Backoff`] with jitter, liveness by heartbeat and probe (a task that hangs is found, not
//! only one that ends), stops in reverse order with a deadline for each, and a [`Watch`] that shows the tree and restarts a child by its
//! path.
//!
//! ```
//! use std::sync::Arc;
//! use plexi_core::SystemEntropy;
//! use plexi_supervisor::{Child, Supervisor};
//! use tokio_util::sync::CancellationToken;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let tree = Supervisor::new("service")
//!     .child(Child::new("clock", |context| async move {
//!         context.stopped().await; // work until asked to stop
//!         Ok(())
//!     }))
//!     .build()
//!     .unwrap();
//! let stop = CancellationToken::new();
//! let watch = tree.watch();
//! let running = tree.run(stop.clone(), Arc::new(SystemEntropy::new()));
//! let asking = async {
//!     watch.ready().await;
//!     assert_eq!(watch.status().children[0].name, "clock");
//!     stop.cancel();
//! };
//! let (ended, ()) = tokio::join!(running, asking);
//! assert!(ended.is_ok());
//! # });
//! ```

mod backoff;
mod child;
mod config;
mod context;
mod engine;
mod error;
mod group;
mod intensity;
mod node;
mod report;
mod stop;
mod supervisor;
mod watch;

pub use backoff::Backoff;
pub use child::{Child, ChildError, Probe, Restart};
pub use config::SupervisorConfig;
pub use context::Context;
pub use error::{BuildError, ControlError, Escalated};
pub use group::TaskGroup;
pub use intensity::Intensity;
pub use node::{Kind, State, Status};
pub use report::{METRICS_MARK, report};
pub use supervisor::{Stopped, Strategy, Supervisor, Tree};
pub use watch::Watch;
