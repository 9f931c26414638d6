//! The server that is measured, set up through its own API.

use std::path::Path;
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::process::Server;
use crate::{Outcome, Room};

pub(crate) struct PlexiChat {
    pub server: Server,
    pub address: String,
    pub http: Client,
    pub token: String,
}

pub(crate) const PASSWORD: &str = "nine calm otters paint fences 42";

/// A command that starts the server on `address` with its data in `folder`.
pub(crate) fn command(binary: &Path, folder: &Path, address: &str) -> Command {
    let mut command = Command::new(binary);
    command.arg("--set").arg(format!("server.listen={address}"));
    command.arg("--set").arg(format!("server.data_dir={}", folder.display()));
    // The limit that closes flooding clients is not what is measured.
    command.arg("--set").arg("server.max_frames_per_second=1000000");
    // One user holds all sockets of the measurement.
    command.arg("--set").arg("server.max_sockets_per_user=100000");
    command
}

/// An address on loopback that nobody listens on.
pub(crate) fn free_address() -> Outcome<String> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// A new HTTP client. Its TLS, which nothing here uses, must know whose cryptography to take before it can be made.
fn http_client() -> Client {
    // An error says that this is so already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

impl PlexiChat {
    /// Starts on an empty folder and sets it up.
    pub async fn fresh(binary: &Path, folder: &Path) -> Outcome<Self> {
        let address = free_address()?;
        let (server, mut lines) = Server::start("PlexiChat", &mut command(binary, folder, &address))?;
        let token = loop {
            let line = tokio::time::timeout(Duration::from_secs(20), lines.next_line()).await??;
            let line = line.ok_or_else(|| crate::stopped(&server))?;
            if let Some((_, token)) = line.split_once("setup#token=") {
                break token.trim().to_owned();
            }
        };
        let mut this = Self { server, address, http: http_client(), token: String::new() };
        // What is printed later is read and dropped, so that the pipe never fills.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        this.until_ready().await?;
        let answer = this
            .post(
                "auth/setup",
                &json!({"token": token, "name": "root", "display_name": "Root", "password": PASSWORD, "space_name": "Bench", "transport": "token"}),
            )
            .await?;
        this.token = text(&answer, "access_token")?;
        Ok(this)
    }

    /// Starts on a folder that was set up, by the administrator's name.
    pub async fn again(binary: &Path, folder: &Path) -> Outcome<Self> {
        let address = free_address()?;
        let (server, mut lines) = Server::start("PlexiChat", &mut command(binary, folder, &address))?;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let mut this = Self { server, address, http: http_client(), token: String::new() };
        this.until_ready().await?;
        this.token = this.sign_in("root").await?;
        Ok(this)
    }

    pub async fn until_ready(&self) -> Outcome<()> {
        for _ in 0..2_000 {
            let answer = self.http.get(format!("http://{}/health/ready", self.address)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(crate::stopped(&self.server).into())
    }

    /// Channels, each with a member of its own whose connections see only that channel.
    pub async fn rooms(&self, count: usize) -> Outcome<Vec<Room>> {
        let spaces = self.get("spaces").await?;
        let space = text(&spaces["items"][0], "id")?;
        let mut rooms = Vec::new();
        for n in 0..count {
            let name = format!("bench{n}");
            let user = self
                .post(
                    "users",
                    &json!({"name": name, "display_name": name, "password": PASSWORD, "role": "member"}),
                )
                .await?;
            let user = text(&user, "id")?;
            self.put(&format!("spaces/{space}/members/{user}"), &json!({"role": "member"})).await?;
            let channel = self
                .post(&format!("spaces/{space}/channels"), &json!({"name": name, "kind": "public"}))
                .await?;
            let channel = text(&channel, "id")?;
            self.put(&format!("channels/{channel}/members/{user}"), &json!({"role": "member"})).await?;
            rooms.push(Room {
                url: format!("ws://{}/api/v1/ws", self.address),
                token: Some(self.sign_in(&name).await?),
                channel: format!(r#""channel_id":"{channel}","#),
            });
        }
        Ok(rooms)
    }

    async fn sign_in(&self, name: &str) -> Outcome<String> {
        let answer = self.post("auth/sign-in", &json!({"name": name, "password": PASSWORD})).await?;
        text(&answer, "access_token")
    }

    pub async fn get(&self, path: &str) -> Outcome<Value> {
        self.answer(self.http.get(self.url(path))).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        self.answer(self.http.post(self.url(path)).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Outcome<Value> {
        self.answer(self.http.put(self.url(path)).json(body)).await
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/api/v1/{path}", self.address)
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Outcome<Value> {
        let request = if self.token.is_empty() { request } else { request.bearer_auth(&self.token) };
        let answer = request.send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        if !status.is_success() {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
        }
        Ok(if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? })
    }
}

pub(crate) fn text(value: &Value, name: &str) -> Outcome<String> {
    Ok(value[name].as_str().ok_or_else(|| format!("no {name} in {value}"))?.to_owned())
}
