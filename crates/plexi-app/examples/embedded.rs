//! A whole server inside another program: on a temporary folder and a free port, asked whether it is ready, stopped.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;

use plexi_app::config::{Reloader, Sources};
use plexi_app::{Ambient, App, AppParts, Signal};
use plexi_core::SystemClock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let set =
        [format!("server.data_dir={}", folder.path().display()), "server.listen=127.0.0.1:0".to_owned()];
    let settings = Arc::new(Reloader::start(Sources::new().flags(set), None, Arc::new(SystemClock))?);
    let app = App::build(AppParts { settings, log: None, ambient: Ambient::default() }).await?;
    println!("serving at {}", app.url());

    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let address = app.local_address();
    let asks = futures_util::stream::once(async move {
        // a sender that is gone means stop, too
        let _ = stopped.await;
        Signal::Stop
    });
    let asking = async {
        let mut connection = tokio::net::TcpStream::connect(address).await?;
        connection
            .write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        println!("{}", answer.lines().next().unwrap_or_default());
        drop(stop);
        Ok::<(), std::io::Error>(())
    };
    let (served, asked) = tokio::join!(app.run(asks), asking);
    served?;
    Ok(asked?)
}
