use std::sync::Arc;

use plexi_app::config::{Reloader, Sources};
use plexi_app::{Ambient, App, AppParts, Signal};
use plexi_core::SystemClock;
use tempfile::TempDir;

use crate::plexi::{PASSWORD, Plexi};

/// A server in this process, which stops when it is dropped.
struct Server {
    url: String,
    setup_token: String,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    _folder: TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let set = [
            format!("server.data_dir={}", folder.path().join("data").display()),
            "server.listen=127.0.0.1:0".to_owned(),
        ];
        let (told, hear) = std::sync::mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let settings =
                    Reloader::start(Sources::new().flags(set), None, Arc::new(SystemClock)).unwrap();
                let parts = AppParts { settings: Arc::new(settings), log: None, ambient: Ambient::default() };
                let app = App::build(parts).await.unwrap();
                let token = app.setup_link().unwrap().split_once("#token=").unwrap().1.to_owned();
                told.send((app.url(), token)).unwrap();
                let asks = Box::pin(futures_util::stream::once(async move {
                    let _ = stopped.await;
                    Signal::Stop
                }));
                app.run(asks).await.unwrap();
            });
        });
        let (url, setup_token) = hear.recv().unwrap();
        Self { url, setup_token, stop: Some(stop), thread: Some(thread), _folder: folder }
    }

    /// Sets up through the command line, which is then signed in as `ada`.
    fn with_admin() -> (Self, Plexi) {
        let server = Self::start();
        let plexi = Plexi::at(&server.url);
        plexi.ok_with(&["setup", "ada", "--setup-token", &server.setup_token, "--password-stdin"], PASSWORD);
        (server, plexi)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking());
        }
    }
}

#[test]
fn a_person_sets_up_signs_in_and_out() {
    let (server, admin) = Server::with_admin();
    assert!(admin.ok(&["user", "list"]).contains("ada"));
    let other = Plexi::at(&server.url);
    let ran = other.fails(&["user", "list"], 4);
    assert!(ran.err.contains("plexi sign-in"), "{}", ran.err);
    let wrong = other.run(&["sign-in", "ada", "--password-stdin"], "not the password at all");
    assert_eq!(wrong.code, 4, "{}", wrong.err);
    assert!(wrong.err.contains("correlation id: req-"), "{}", wrong.err);
    other.ok_with(&["sign-in", "ada", "--password-stdin"], PASSWORD);
    assert!(other.ok(&["channel", "list"]).contains("#general"));
    other.ok(&["sign-out"]);
    other.fails(&["user", "list"], 4);
    assert!(admin.ok(&["user", "list"]).contains("ada"), "other sessions go on");
}

#[test]
fn an_access_token_that_has_expired_is_renewed_once_for_all_commands() {
    let (_server, plexi) = Server::with_admin();
    let path = plexi.path("credentials");
    let kept = || -> serde_json::Value {
        let all: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        all["servers"].as_object().unwrap().values().next().unwrap().clone()
    };
    let before = kept();
    let text = std::fs::read_to_string(&path).unwrap();
    let expired = text.replace(before["expires_at"].as_str().unwrap(), "2026-01-01T00:00:00Z");
    std::fs::write(&path, expired).unwrap();
    // at once, as a script may: a refresh token works only once
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..3).map(|_| scope.spawn(|| plexi.ok(&["user", "list"]))).collect();
        for run in runs {
            assert!(run.join().unwrap().contains("ada"));
        }
    });
    let after = kept();
    assert_ne!(before["refresh_token"], after["refresh_token"]);

    let text = std::fs::read_to_string(&path).unwrap();
    let gone = text.replace(after["refresh_token"].as_str().unwrap(), "no-such-token");
    let gone = gone.replace(after["expires_at"].as_str().unwrap(), "2026-01-01T00:00:00Z");
    std::fs::write(&path, gone).unwrap();
    let ran = plexi.fails(&["user", "list"], 4);
    assert!(ran.err.contains("plexi sign-in"), "{}", ran.err);
}

#[test]
fn the_same_commands_do_the_same_through_the_server() {
    let (_server, plexi) = Server::with_admin();
    plexi.ok_with(&["user", "create", "grace", "--display-name", "Grace", "--password-stdin"], PASSWORD);
    plexi.ok(&["channel", "create", "ops", "--kind", "private", "--topic", "Pagers"]);
    plexi.ok(&["space", "members", "add", "grace"]);
    assert!(plexi.ok(&["space", "members", "list"]).contains("Grace"));
    plexi.ok(&["channel", "members", "add", "ops", "grace"]);
    assert!(plexi.ok(&["channel", "members", "list", "ops"]).contains("Grace"));
    let first = plexi.json(&["send", "ops", "hello there", "--client-id", "k1"]);
    let again = plexi.json(&["send", "ops", "hello there", "--client-id", "k1"]);
    assert_eq!(first["id"], again["id"]);
    assert!(plexi.ok(&["search", "hello"]).contains("#ops  ada\n  hello there"));
    plexi.ok(&["role", "create", "greeter", "--scope", "space", "--grant", "space.read"]);
    let update = ["role", "update", "greeter", "--name", "usher", "--grant", "space.read,channel.join"];
    assert!(plexi.ok(&update).contains("usher"));
    plexi.ok(&["role", "delete", "usher"]);
    plexi.ok(&["user", "disable", "grace"]);
    plexi.ok(&["channel", "rename", "ops", "pagers"]);
    plexi.ok(&["channel", "topic", "pagers", "Who is on call"]);
    assert_eq!(plexi.json(&["channel", "list"]).as_array().unwrap()[1]["topic"], "Who is on call");
    plexi.ok(&["channel", "rename", "pagers", "ops"]);
    plexi.ok(&["channel", "archive", "ops"]);
    plexi.fails(&["channel", "members", "list", "nowhere"], 3);
}

#[test]
fn members_may_not_do_what_administrators_may() {
    let (server, admin) = Server::with_admin();
    admin.ok_with(&["user", "create", "grace", "--password-stdin"], PASSWORD);
    let grace = Plexi::at(&server.url);
    grace.ok_with(&["sign-in", "grace", "--password-stdin"], PASSWORD);
    let ran = grace.fails(&["user", "disable", "ada"], 4);
    assert!(ran.err.contains("permission"), "{}", ran.err);
}

#[test]
fn health_and_version_need_no_session_and_a_server_that_is_gone_is_unavailable() {
    let server = Server::start();
    let plexi = Plexi::at(&server.url);
    assert!(plexi.ok(&["doctor"]).contains("database"));
    assert!(plexi.ok(&["version"]).contains("server PlexiChat"));
    plexi.fails(&["import", "slack", "some.zip"], 3);
    drop(server);
    plexi.fails(&["version"], 5);
}

#[test]
fn an_operator_sees_what_is_remembered_and_has_it_forgotten() {
    let (_server, admin) = Server::with_admin();
    let hits = || -> u64 {
        let listed: serde_json::Value =
            serde_json::from_str(&admin.ok(&["--json", "cache", "stats"])).unwrap();
        let kinds = listed.as_array().unwrap();
        let names: Vec<_> = kinds.iter().map(|kind| kind["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["accounts", "channel-access", "role-grants", "session-cookies", "sessions"]);
        kinds.iter().find(|kind| kind["name"] == "accounts").unwrap()["hits"].as_u64().unwrap()
    };
    let before = hits();
    assert!(hits() > before, "the caller's account is remembered between two calls");
    assert!(admin.ok(&["cache", "flush", "accounts"]).contains("accounts is forgotten"));
    assert!(admin.ok(&["cache", "flush"]).contains("everything is forgotten"));
    assert!(admin.ok(&["cache", "stats"]).lines().any(|line| line.starts_with("sessions")));
    assert!(admin.fails(&["cache", "flush", "nothing"], 3).err.contains("plexi cache stats"));
}

#[test]
fn an_operator_sees_the_parts_of_the_server_and_starts_one_anew() {
    let (_server, admin) = Server::with_admin();
    let shown = admin.ok(&["supervisor", "status"]);
    for part in ["server", "core/sender", "realtime/presence", "edge/listener"] {
        assert!(
            shown.lines().any(|line| line.starts_with(part) && line.contains("running")),
            "{part}: {shown}"
        );
    }
    assert!(admin.ok(&["supervisor", "restart", "realtime/presence"]).contains("started anew"));
    let listed: serde_json::Value =
        serde_json::from_str(&admin.ok(&["--json", "supervisor", "status"])).unwrap();
    assert!(listed.as_array().unwrap().iter().any(|part| part["path"] == "realtime/presence"), "{listed}");
    assert!(admin.fails(&["supervisor", "restart", "nobody"], 3).err.contains("plexi supervisor status"));
}

#[test]
fn an_operator_sees_the_figures_of_the_server() {
    let (_server, admin) = Server::with_admin();
    let shown = admin.ok(&["metrics"]);
    for figure in ["plexi_uptime_seconds", "plexi_hub_connections", "plexi_cache_hits_total"] {
        assert!(shown.lines().any(|line| line.starts_with(figure)), "{figure}: {shown}");
    }
    let requests = admin.json(&["metrics", "plexi_http_request_duration"]);
    let requests = requests.as_array().unwrap();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert!(requests[0]["samples"][0]["histogram"]["count"].as_u64() > Some(0), "{requests:?}");
    let nobody = Plexi::new().fails(&["metrics"], 2);
    assert!(nobody.err.contains("--server URL"), "{}", nobody.err);
}

#[test]
fn a_token_that_counts_no_more_is_renewed_and_the_command_goes_on() {
    let (_server, admin) = Server::with_admin();
    admin.ok(&["secret", "rotate", "token.key", "--revoke-former"]);
    assert!(admin.ok(&["user", "list"]).contains("ada"));
    let empty = tempfile::NamedTempFile::new().unwrap();
    let path = empty.path().to_str().unwrap();
    assert!(admin.fails(&["import", "mattermost", path], 2).err.contains("is empty"));
}
