//! A server in this process, on a folder of the test and a free port.

use std::path::Path;
use std::sync::Arc;

use plexi_app::config::{Reloader, Sources};
use plexi_app::{Ambient, App, AppError, AppParts, Faults, Settings, Signal};
use plexi_core::SystemClock;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub struct Running {
    pub url: String,
    pub setup_token: Option<String>,
    pub asks: mpsc::Sender<Signal>,
    pub ended: JoinHandle<Result<(), AppError>>,
}

pub fn settings(folder: &Path, more: &[&str]) -> Arc<Reloader<Settings>> {
    let mut set =
        vec![format!("server.data_dir={}", folder.display()), "server.listen=127.0.0.1:0".to_owned()];
    set.extend(more.iter().map(ToString::to_string));
    Arc::new(Reloader::start(Sources::new().flags(set), None, Arc::new(SystemClock)).unwrap())
}

/// A server whose tasks can be made to fail.
pub async fn start_with(folder: &Path, more: &[&str], faults: Faults) -> Running {
    let ambient = Ambient { faults, ..Ambient::default() };
    let parts = AppParts { settings: settings(folder, more), log: None, ambient };
    run(App::build(parts).await.unwrap())
}

pub async fn build(folder: &Path) -> Result<App, AppError> {
    App::build(AppParts { settings: settings(folder, &[]), log: None, ambient: Ambient::default() }).await
}

#[expect(clippy::disallowed_methods, reason = "the test is the parent of the server")]
pub fn run(app: App) -> Running {
    let (asks, asked) = mpsc::channel(4);
    let asked =
        futures_util::stream::unfold(asked, |mut asked| async move { Some((asked.recv().await?, asked)) });
    let url = app.url();
    let setup_token = app.setup_link().and_then(|link| Some(link.split_once("#token=")?.1.to_owned()));
    Running { url, setup_token, asks, ended: tokio::spawn(app.run(asked)) }
}

pub async fn start(folder: &Path) -> Running {
    run(build(folder).await.unwrap())
}

impl Running {
    pub async fn stop(self) {
        self.asks.send(Signal::Stop).await.unwrap();
        self.ended.await.unwrap().unwrap();
    }
}
