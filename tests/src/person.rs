use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::{Outcome, PASSWORD, Plexi, Socket, http_client};

/// Somebody who is signed in, by token.
#[derive(Clone)]
pub struct Person {
    http: Client,
    address: String,
    token: String,
    /// The id of the account.
    pub id: String,
    /// The name of the account.
    pub name: String,
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body; null when empty or no JSON.
    pub body: Value,
}

impl Answer {
    /// The code of an error answer.
    pub fn code(&self) -> &str {
        self.body["error_code"].as_str().unwrap_or_default()
    }

    /// The body of a good answer; an error otherwise.
    pub fn ok(self) -> Outcome<Value> {
        if self.status.is_success() {
            Ok(self.body)
        } else {
            Err(format!("{}: {}", self.status, self.body).into())
        }
    }
}

impl Person {
    /// Makes the administrator of a fresh server.
    pub async fn set_up(server: &Plexi, token: &str) -> Outcome<Self> {
        let body = json!({"token": token, "name": "ada", "display_name": "Ada", "password": PASSWORD, "space_name": "Home", "transport": "token"});
        Self::nobody(server).enter("auth/setup", body).await
    }

    /// Nobody: asks without a token.
    pub fn nobody(server: &Plexi) -> Self {
        let address = server.address().to_owned();
        Self { http: http_client(), address, token: String::new(), id: String::new(), name: String::new() }
    }

    /// Signs in.
    pub async fn sign_in(server: &Plexi, name: &str) -> Outcome<Self> {
        Self::nobody(server).enter("auth/sign-in", json!({"name": name, "password": PASSWORD})).await
    }

    /// Accepts an invitation.
    pub async fn register(server: &Plexi, code: &str, name: &str) -> Outcome<Self> {
        let body = json!({"code": code, "name": name, "display_name": name, "password": PASSWORD, "transport": "token"});
        Self::nobody(server).enter("auth/register", body).await
    }

    async fn enter(mut self, path: &str, body: Value) -> Outcome<Self> {
        let answer = self.post(path, body).await?.ok()?;
        answer["access_token"].as_str().ok_or("no access token")?.clone_into(&mut self.token);
        answer["user"]["id"].as_str().ok_or("no user id")?.clone_into(&mut self.id);
        answer["user"]["name"].as_str().ok_or("no user name")?.clone_into(&mut self.name);
        Ok(self)
    }

    /// Invites somebody to a space and lets them register as `name`.
    pub async fn invite(&self, server: &Plexi, space: &str, name: &str) -> Outcome<Self> {
        let body = json!({"space_id": space, "role": "member", "max_uses": 1, "expires_in_hours": 1});
        let invitation = self.post("invitations", body).await?.ok()?;
        Self::register(server, invitation["code"].as_str().ok_or("no code")?, name).await
    }

    /// The address of the server, `127.0.0.1:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The access token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Outcome<Answer> {
        self.ask(Method::GET, path, None).await
    }

    /// `POST`.
    pub async fn post(&self, path: &str, body: Value) -> Outcome<Answer> {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// `POST` with an `Idempotency-Key`.
    pub async fn post_once(&self, path: &str, body: Value, key: &str) -> Outcome<Answer> {
        let address = format!("http://{}/api/v1/{path}", self.address);
        let request = self.http.post(address).bearer_auth(&self.token).json(&body);
        answered(request.header("Idempotency-Key", key)).await
    }

    /// `PUT`.
    pub async fn put(&self, path: &str, body: Option<Value>) -> Outcome<Answer> {
        self.ask(Method::PUT, path, body).await
    }

    /// `PATCH`.
    pub async fn patch(&self, path: &str, body: Value) -> Outcome<Answer> {
        self.ask(Method::PATCH, path, Some(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Outcome<Answer> {
        self.ask(Method::DELETE, path, None).await
    }

    /// `PUT` of a piece of a file.
    pub async fn put_octets(&self, path: &str, piece: Vec<u8>) -> Outcome<Answer> {
        let address = format!("http://{}/api/v1/{path}", self.address);
        let request = self.http.put(address).bearer_auth(&self.token).body(piece);
        answered(request.header("Content-Type", "application/octet-stream")).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Outcome<Answer> {
        let mut request = self.http.request(method, format!("http://{}/api/v1/{path}", self.address));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        answered(request).await
    }

    /// The id of the first space and of its channel `general`.
    pub async fn home(&self) -> Outcome<(String, String)> {
        let sync = self.get("sync").await?.ok()?;
        let id = |value: &Value| value["id"].as_str().map(ToOwned::to_owned);
        let space = id(&sync["spaces"][0]).ok_or("no space")?;
        let channels = sync["channels"].as_array().ok_or("no channels")?;
        let general =
            channels.iter().find(|channel| channel["name"] == "general").and_then(id).ok_or("no general")?;
        Ok((space, general))
    }

    /// All messages of a channel's main line, oldest first.
    pub async fn all_messages(&self, channel: &str) -> Outcome<Vec<Value>> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let from = all.last().and_then(|message| message["position"].as_i64()).unwrap_or(-1);
            let window =
                self.get(&format!("channels/{channel}/messages?after={from}&limit=200")).await?.ok()?;
            let items = window["items"].as_array().ok_or("no items")?;
            if items.is_empty() {
                return Ok(all);
            }
            all.extend(items.iter().cloned());
        }
    }

    /// Opens the WebSocket.
    pub async fn connect(&self) -> Outcome<Socket> {
        Socket::open(&self.address, &self.token).await
    }

    /// As [`Person::connect`], asking for longer events to be compressed.
    pub async fn connect_packing(&self) -> Outcome<Socket> {
        Socket::open_packing(&self.address, &self.token).await
    }
}

async fn answered(request: reqwest::RequestBuilder) -> Outcome<Answer> {
    let answer = request.send().await?;
    let status = answer.status();
    let body = serde_json::from_slice(&answer.bytes().await?).unwrap_or(Value::Null);
    Ok(Answer { status, body })
}
