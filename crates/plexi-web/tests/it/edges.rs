//! Around the operations: health, metrics, the web client, headers, ids, overload, panics.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Method, Request, header};
use plexi_web::{Fault, FaultHook, WebConfig};
use serde_json::{Value, json};

use crate::world::{Options, plain, request, world, world_with};

fn fetch(path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let builder = headers.iter().fold(plain(path), |builder, (name, value)| builder.header(*name, *value));
    builder.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn every_answer_has_the_callers_correlation_id_when_it_is_plain() {
    let world = world().await;
    for (sent, expected) in [("abc-1", "req-abc-1"), ("req-x.y_z", "req-x.y_z")] {
        let reply = world.send(fetch("/api/v1/nowhere", &[("x-correlation-id", sent)])).await;
        assert_eq!(reply.header("x-correlation-id"), expected);
        assert_eq!(reply.json()["correlation_id"], expected);
    }
    let long = "a".repeat(70);
    for sent in ["a b", "<script>", &*long] {
        let reply = world.send(fetch("/api/v1/system/version", &[("x-correlation-id", sent)])).await;
        let given = reply.header("x-correlation-id");
        assert!(given.starts_with("req-") && given.len() == 36, "{given}");
    }
}

#[tokio::test]
async fn a_panic_is_an_internal_error_that_says_nothing() {
    let world = world().await;
    let reply = world.send(fetch("/panic", &[])).await;
    assert_eq!((reply.status, &*reply.code()), (500, "SYSTEM_INTERNAL"));
    reply.assert_error_shape("panic");
    assert!(!reply.text().contains("secret"), "{}", reply.text());
    assert_eq!(world.send(fetch("/health/live", &[])).await.status, 200);
}

/// Keeps what it is told.
#[derive(Default)]
struct Alarm(std::sync::Mutex<Vec<String>>);

impl FaultHook for Alarm {
    fn fault(&self, fault: &Fault<'_>) {
        let text = format!("{} {} {}", fault.code, fault.correlation_id, fault.diagnosis);
        self.0.lock().unwrap().push(text);
    }
}

#[tokio::test]
async fn an_alarm_is_raised_for_what_is_broken_and_not_for_what_is_refused() {
    let alarm = Arc::new(Alarm::default());
    let hooks: Vec<Arc<dyn FaultHook>> = vec![alarm.clone()];
    let world = world_with(Options { fault_hooks: hooks, ..Options::default() }).await;
    world.send(fetch("/api/v1/nowhere", &[])).await;
    world.send(fetch("/api/v1/users/me", &[])).await;
    assert!(alarm.0.lock().unwrap().is_empty());
    world.send(fetch("/panic", &[("x-correlation-id", "abc")])).await;
    assert_eq!(*alarm.0.lock().unwrap(), ["SYSTEM_INTERNAL req-abc panic: the secret of the house"]);
}

#[tokio::test]
async fn browsers_are_told_to_be_strict_in_every_answer() {
    let world = world().await;
    for path in ["/", "/api/v1/system/version", "/api/v1/nowhere", "/health/live", "/panic"] {
        let reply = world.send(fetch(path, &[])).await;
        let policy = reply.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("strict-transport-security"), "", "not without TLS");
    }
    let config = WebConfig { public_url: "https://chat.example.org".into(), ..WebConfig::default() };
    let world = world_with(Options { web: config, ..Options::default() }).await;
    let reply = world.send(fetch("/api/v1/system/version", &[])).await;
    assert!(reply.header("strict-transport-security").starts_with("max-age="));
}

#[tokio::test]
async fn readiness_fails_when_the_server_stops_and_liveness_does_not() {
    let world = world().await;
    assert_eq!(world.send(fetch("/health/ready", &[])).await.json()["status"], "ok");
    world.stop.cancel();
    let ready = world.send(fetch("/health/ready", &[])).await;
    assert_eq!((ready.status, &ready.json()["checks"]["lifecycle"]), (503, &json!("stopping")));
    assert_eq!(world.send(fetch("/health/live", &[])).await.status, 200);
    assert_eq!(world.send(fetch("/health/startup", &[])).await.json()["checks"]["started"], "ok");
}

#[tokio::test]
async fn metrics_are_for_this_machine_and_for_administrators() {
    let world = world().await;
    world.get(&world.root, "/users/me").await;
    let from = |peer: &str, headers: &[(&str, &str)]| {
        let mut request = fetch("/metrics", headers);
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        request
    };
    let text = world.send(from("127.0.0.1", &[])).await;
    assert!(text.header("content-type").starts_with("text/plain; version=0.0.4"));
    assert!(
        text.text().contains("plexi_http_requests_total{operation=\"users.me\",status=\"200\"} 1"),
        "{}",
        text.text()
    );
    for step in [
        "plexi_http_step_duration_seconds_count{step=\"handle\"} 1",
        "plexi_message_step_duration_seconds_count{step=\"store\"} ",
    ] {
        assert!(text.text().contains(step), "{step}");
    }
    assert_eq!(world.send(from("203.0.113.7", &[])).await.status, 401);
    let forwarded = world.send(from("127.0.0.1", &[("x-forwarded-for", "203.0.113.7")])).await;
    assert_eq!(forwarded.status, 401, "what a proxy on this machine forwards does not come from it");
    let bearer = |token: &str| from("203.0.113.7", &[("authorization", &format!("Bearer {token}"))]);
    assert_eq!(world.send(bearer(&world.root.token)).await.status, 200);
    assert_eq!(world.send(bearer(&world.member.token)).await.status, 403);
}

#[tokio::test]
async fn figures_are_told_as_data_too_all_or_those_of_a_name() {
    let world = world().await;
    world.get(&world.root, "/users/me").await;
    let all = world.get(&world.root, "/admin/metrics").await.json();
    let all = all["items"].as_array().unwrap();
    let family = |name: &str| all.iter().find(|family| family["name"] == name).unwrap();
    let requests = family("plexi_http_requests_total");
    assert_eq!(requests["kind"], "counter");
    let sample = json!({ "labels": { "operation": "users.me", "status": "200" }, "value": 1 });
    assert!(requests["samples"].as_array().unwrap().contains(&sample), "{requests}");
    let took = family("plexi_http_request_duration_seconds");
    let took = took["samples"].as_array().unwrap();
    let took = &took.iter().find(|one| one["labels"]["operation"] == "users.me").unwrap()["histogram"];
    assert_eq!(took["count"], 1);
    assert!(took["p99"].as_f64().unwrap() > 0.0 && took["buckets"].as_array().unwrap().len() == 12, "{took}");

    let some = world.get(&world.root, "/admin/metrics?prefix=plexi_ws_").await.json();
    let names: Vec<&str> =
        some["items"].as_array().unwrap().iter().map(|family| family["name"].as_str().unwrap()).collect();
    assert!(
        names.contains(&"plexi_ws_connections") && names.iter().all(|name| name.starts_with("plexi_ws_"))
    );
    let none = world.get(&world.root, "/admin/metrics?prefix=nothing").await.json();
    assert_eq!(none, json!({ "items": [] }));
}

#[tokio::test]
async fn the_client_is_served_compressed_and_pages_lead_to_its_start() {
    let world = world().await;
    let asset = "/assets/index-3f2a.js";
    let brotli = world.send(fetch(asset, &[("accept-encoding", "gzip, br;q=0.9")])).await;
    assert_eq!((&*brotli.text(), brotli.header("content-encoding")), ("brotli", "br"));
    assert_eq!(brotli.header("cache-control"), "public, max-age=31536000, immutable");
    let gzip = world.send(fetch(asset, &[("accept-encoding", "gzip, br;q=0")])).await;
    assert_eq!((&*gzip.text(), gzip.header("vary")), ("gzip", "accept-encoding"));
    let plain = world.send(fetch(asset, &[])).await;
    assert_eq!((&*plain.text(), plain.header("surrogate-key")), ("plain", "client"));
    let tags = [plain.header("etag"), gzip.header("etag"), brotli.header("etag")];
    assert!(
        tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2],
        "each encoding has its own: {tags:?}"
    );
    for (encoding, tag) in ["identity", "gzip", "br"].into_iter().zip(tags) {
        let asks = |tag: &str| fetch(asset, &[("accept-encoding", encoding), ("if-none-match", tag)]);
        let known = world.send(asks(&format!("\"other\", {tag}"))).await;
        assert_eq!((known.status, known.bytes.len(), known.header("etag")), (304, 0, tag));
        assert_eq!(known.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(world.send(asks("\"other\"")).await.status, 200);
    }

    let page = [("accept", "text/html,application/xhtml+xml;q=0.9")];
    for path in ["/", "/c/0198c0de-0000-7000-8000-000000000001", "/sign-in"] {
        let reply = world.send(fetch(path, &page)).await;
        assert_eq!((reply.status, &*reply.text()), (200, "<!doctype html>"), "{path}");
        assert_eq!(reply.header("cache-control"), "public, max-age=0, must-revalidate");
    }
    for path in ["/api/v1/nowhere", "/api", "/health/nowhere", "/.well-known/nothing"] {
        assert_eq!(world.send(fetch(path, &page)).await.status, 404, "{path}");
    }
    assert_eq!(
        world.send(fetch("/c/1", &[("accept", "*/*")])).await.status,
        404,
        "a script asked, not a page"
    );
    let posted = plain_post("/");
    assert_eq!(world.send(posted).await.header("allow"), "GET, HEAD");
}

fn plain_post(path: &str) -> Request<Body> {
    plain(path).method(Method::POST).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn everybody_may_keep_the_documents_the_person_alone_what_is_theirs_and_nobody_a_refusal() {
    let world = world().await;
    for path in ["openapi.json", "docs", "docs/reference.js", "docs/reference.css"] {
        let path = format!("/api/v1/{path}");
        let reply = world.send(fetch(&path, &[])).await;
        assert_eq!(reply.header("cache-control"), "public, max-age=0, must-revalidate", "{path}");
        assert_eq!((reply.header("surrogate-key"), reply.header("vary")), ("documents", "accept-encoding"));
        let known = world.send(fetch(&path, &[("if-none-match", reply.header("etag"))])).await;
        assert_eq!((known.status, known.bytes.len()), (304, 0), "{path}");
    }
    let own = world.get(&world.root, "/users/me").await;
    assert_eq!(own.header("cache-control"), "private, max-age=0, must-revalidate");
    assert_eq!(own.header("vary"), "accept-encoding, authorization, cookie");
    assert_eq!(own.header("surrogate-key"), "");
    let refused = world.send(fetch("/api/v1/users/me", &[])).await;
    assert_eq!((refused.status, refused.header("cache-control")), (401.try_into().unwrap(), "no-store"));
}

#[tokio::test]
async fn long_answers_are_compressed_and_short_ones_are_not() {
    let world = world().await;
    let long = world.send(fetch("/api/v1/openapi.json", &[("accept-encoding", "br")])).await;
    assert_eq!(long.header("content-encoding"), "br");
    assert!(long.bytes.len() < 40_000, "{}", long.bytes.len());
    let short = world.send(fetch("/api/v1/system/version", &[("accept-encoding", "br")])).await;
    assert_eq!(short.header("content-encoding"), "");
}

#[tokio::test]
async fn above_the_cap_requests_are_shed_and_health_is_not() {
    let config = WebConfig { max_in_flight: 1, ..WebConfig::default() };
    let world = world_with(Options { web: config, ..Options::default() }).await;
    // A body that never ends holds the only place.
    let (_hold, body) = tokio::sync::mpsc::channel::<Result<bytes::Bytes, std::io::Error>>(1);
    let body = Body::from_stream(futures_util::stream::unfold(body, async |mut body| {
        body.recv().await.map(|chunk| (chunk, body))
    }));
    let slow =
        plain("/api/v1/auth/sign-in").method(Method::POST).header(header::CONTENT_TYPE, "application/json");
    let slow = world.send(slow.body(body).unwrap());
    let others = async {
        let shed = world.send(fetch("/api/v1/system/version", &[])).await;
        assert_eq!(
            (shed.status, &*shed.code(), shed.header("retry-after")),
            (503, "NETWORK_OVERLOADED", "1")
        );
        assert_eq!(world.send(fetch("/health/ready", &[])).await.status, 200);
    };
    tokio::select! {
        biased;
        reply = slow => panic!("answered without its body: {}", reply.text()),
        () = others => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_given_up() {
    let world = world().await;
    let body = Body::from_stream(futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>());
    let request =
        plain("/api/v1/auth/sign-in").method(Method::POST).header(header::CONTENT_TYPE, "application/json");
    let reply = world.send(request.body(body).unwrap()).await;
    assert_eq!((reply.status, &*reply.code()), (408, "NETWORK_TIMEOUT"));
    reply.assert_error_shape("timeout");
}

#[tokio::test]
async fn the_administrator_sees_how_the_server_does_and_sets_the_log_level() {
    let world = world().await;
    let status = world.get(&world.root, "/admin/status").await.json();
    assert_eq!((&status["version"], &status["connections"]), (&json!("0.1.0"), &json!(0)));
    let set = world.post(&world.root, "/admin/logs/level", &json!({"level": "loud"})).await;
    assert_eq!(
        set.json()["details"]["fields"][0]["problem"],
        "must be trace or debug or info or warn or error"
    );
    let version = world.call(None, Method::GET, "/system/version", &Value::Null).await.json();
    assert_eq!(version["api"], json!(["v1"]));
}

#[tokio::test]
async fn a_request_to_two_hosts_or_to_what_is_no_host_is_refused() {
    let world = world().await;
    for bad in ["127.0.0.1:9215, evil", "localhost:evil", "localhost evil"] {
        let request = Request::builder().uri("/api/v1/system/version").header(header::HOST, bad);
        let reply = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((reply.status, &*reply.code()), (421, "SECURITY_HOST_REFUSED"), "{bad}");
    }
    let twice = fetch("/api/v1/system/version", &[("host", "localhost:8080")]);
    assert_eq!(world.send(twice).await.status, 421);
}

fn streamed(chunks: Vec<usize>, ends: bool) -> Body {
    let chunks =
        chunks.into_iter().map(|length| Ok::<_, std::io::Error>(bytes::Bytes::from(vec![b' '; length])));
    let chunks = futures_util::stream::iter(chunks);
    if ends {
        return Body::from_stream(chunks);
    }
    Body::from_stream(futures_util::StreamExt::chain(chunks, futures_util::stream::pending()))
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_request_was_not_read_to_its_end_says_that_it_closes() {
    let world = world().await;
    let post = |body: Body, headers: &[(&str, &str)]| {
        let request = plain("/api/v1/spaces").method(Method::POST).header("content-type", "application/json");
        headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value))
            .body(body)
            .unwrap()
    };
    for (body, headers, connection) in [
        (streamed(vec![1_000, 1_000], true), &[][..], ""),
        (streamed(vec![40_000, 40_000], true), &[], "close"),
        (streamed(vec![1_000], false), &[], "close"),
        (streamed(vec![1_000], true), &[("expect", "100-continue")], "close"),
        (Body::empty(), &[], ""),
    ] {
        let reply = world.send(post(body, headers)).await;
        assert_eq!((reply.status, reply.header("connection")), (401, connection));
    }
    let read = request(None, Method::POST, "/auth/sign-in", &json!({"name": "root", "password": "wrong"}));
    assert_eq!(world.send(read).await.header("connection"), "");
    let wrong_place =
        plain("/api/v1/system/version").method(Method::POST).body(streamed(vec![100_000], true)).unwrap();
    let reply = world.send(wrong_place).await;
    assert_eq!((reply.status, reply.header("connection")), (405, "close"));
}

#[tokio::test]
async fn what_is_shed_is_counted() {
    let config = WebConfig { max_sockets_per_user: 1, max_sockets: 1, ..WebConfig::default() };
    let mut world = world_with(Options { web: config, ..Options::default() }).await;
    let address = world.listen().await;
    let _first = crate::socket::ready(address, &world.member.token).await;
    assert_eq!(crate::socket::open(address, &[]).await.err(), Some(503));
    let mut metrics = fetch("/metrics", &[]);
    metrics.extensions_mut().insert(ConnectInfo(SocketAddr::new("127.0.0.1".parse().unwrap(), 1)));
    let text = world.send(metrics).await.text();
    assert!(text.contains("plexi_http_shed_total 1"), "{text}");
}
