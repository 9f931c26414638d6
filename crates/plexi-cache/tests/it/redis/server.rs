//! A Redis server of a test's own, on loopback, that can be killed and frozen.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Whether the server speaks TLS only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    Without,
    With,
}

pub struct Server {
    folder: Arc<TempDir>,
    port: u16,
    tls: Tls,
    authority: Option<Vec<u8>>,
    child: Option<Child>,
}

impl Server {
    /// Starts one; none skips the test, which the build server does not allow.
    pub async fn start(tls: Tls) -> Option<Self> {
        if setting("PLEXI_TEST_REDIS_URL").is_none() {
            let needed = setting("CI").as_deref() == Some("true");
            assert!(!needed, "PLEXI_TEST_REDIS_URL is not set: cargo xtask services up installs Redis");
            return None;
        }
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let authority = (tls == Tls::With).then(|| certify(&folder));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { folder, port, tls, authority, child: None };
        server.start_again().await;
        Some(server)
    }

    pub fn url(&self) -> String {
        let scheme = if self.tls == Tls::With { "rediss" } else { "redis" };
        format!("{scheme}://127.0.0.1:{}/", self.port)
    }

    pub fn authority(&self) -> Option<Vec<u8>> {
        self.authority.clone()
    }

    /// The same server, as somebody sees it who trusts another authority.
    pub fn with_authority_of(&self, other: &Self) -> Self {
        let authority = other.authority.clone();
        Self { folder: self.folder.clone(), port: self.port, tls: self.tls, authority, child: None }
    }

    /// The same server behind another port.
    pub fn behind(&self, port: u16) -> Self {
        Self {
            folder: self.folder.clone(),
            port,
            tls: self.tls,
            authority: self.authority.clone(),
            child: None,
        }
    }

    pub async fn visit(&self) -> tokio::net::TcpStream {
        tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    pub async fn start_again(&mut self) {
        let port = self.port.to_string();
        let mut command = Command::new("redis-server");
        command
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(self.folder.path());
        match self.tls {
            Tls::Without => command.args(["--port", &port]),
            Tls::With => command
                .args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"])
                .arg("--tls-cert-file")
                .arg(self.file("cert.pem"))
                .arg("--tls-key-file")
                .arg(self.file("key.pem"))
                .arg("--tls-ca-cert-file")
                .arg(self.file("cert.pem")),
        };
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        self.child = Some(child);
        let start = Instant::now();
        while !self.answers().await {
            assert!(start.elapsed() < Duration::from_secs(30), "Redis did not start");
            tokio::task::yield_now().await;
        }
    }

    pub async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().await.unwrap();
        }
    }

    pub async fn freeze(&self) {
        self.signal("-STOP").await;
    }

    pub async fn thaw(&self) {
        self.signal("-CONT").await;
    }

    /// The names that match.
    pub async fn keys(&self, pattern: &str) -> Vec<String> {
        let text = self.client(&["KEYS", pattern]).await.unwrap_or_default();
        text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// Has a command done by Redis' own client.
    pub async fn ask(&self, words: &[&str]) {
        assert!(self.client(words).await.is_some(), "{words:?}");
    }

    async fn answers(&self) -> bool {
        self.client(&["PING"]).await.as_deref() == Some("PONG\n")
    }

    async fn client(&self, words: &[&str]) -> Option<String> {
        let mut command = Command::new("redis-cli");
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        if self.tls == Tls::With {
            command.arg("--tls").arg("--cacert").arg(self.file("cert.pem"));
        }
        let done = command.args(words).stdin(Stdio::null()).output().await.unwrap();
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        (done.status.success() && !text.starts_with("ERR")).then_some(text)
    }

    async fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().and_then(Child::id).unwrap().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().await.unwrap().success());
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Writes a certificate and its key into the folder. Answers the certificate, which is its own authority.
fn certify(folder: &TempDir) -> Vec<u8> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    let certificate = pem("CERTIFICATE", made.cert.der());
    std::fs::write(folder.path().join("cert.pem"), &certificate).unwrap();
    std::fs::write(folder.path().join("key.pem"), pem("PRIVATE KEY", &made.signing_key.serialize_der()))
        .unwrap();
    certificate.into_bytes()
}

fn pem(what: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", lines.join("\n"))
}

#[expect(clippy::disallowed_methods, reason = "tests are told by their environment what there is")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
