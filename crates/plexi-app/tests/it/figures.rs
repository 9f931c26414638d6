//! What a running server tells of itself in figures.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::routing::post;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::NumberDataPoint;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use plexi_app::Faults;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::restart::set_up;
use crate::server;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_tells_what_it_takes_and_how_it_was_of_late() {
    let folder = tempfile::tempdir().unwrap();
    let (running, http) = (server::start(folder.path()).await, crate::http());
    let (access, _) = set_up(&http, &running.url, running.setup_token.as_deref().unwrap()).await;

    let looked = async {
        loop {
            let address = format!("{}/api/v1/admin/metrics/history?range=1h", running.url);
            let history: Value =
                http.get(address).bearer_auth(&access).send().await.unwrap().json().await.unwrap();
            if history["times"].as_array().is_some_and(|times| !times.is_empty()) {
                return history;
            }
        }
    };
    let history = tokio::time::timeout(Duration::from_mins(1), looked).await.unwrap();
    assert_eq!(history["every_seconds"], 10);
    for name in ["disk_free", "connections", "memory"] {
        let series = history["items"].as_array().unwrap().iter().find(|series| series["name"] == name);
        let known = series.unwrap()["values"][0].is_number();
        assert!(known || (name == "memory" && cfg!(not(target_os = "linux"))), "{name}: {history}");
    }

    let text = http.get(format!("{}/metrics", running.url)).send().await.unwrap().text().await.unwrap();
    for line in ["plexi_ready 1", "# TYPE plexi_database_check_duration_seconds histogram"] {
        assert!(text.lines().any(|found| found == line), "{line} not in\n{text}");
    }
    assert!(!text.contains("plexi_database_check_duration_seconds_count 0"), "the sampler looks");
    running.stop().await;
}

/// A collector on this machine: hands on what it is sent, and answers each request with what `answers` has next.
async fn collector(answers: Vec<u16>) -> (String, mpsc::Receiver<ExportMetricsServiceRequest>) {
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/v1/metrics", socket.local_addr().unwrap());
    let (hand_on, handed) = mpsc::channel(1);
    let answers = Arc::new(Mutex::new(answers.into_iter()));
    let take = post(move |body: axum::body::Bytes| {
        let (hand_on, answers) = (hand_on.clone(), Arc::clone(&answers));
        async move {
            hand_on.send(serde_json::from_slice(&body).unwrap()).await.unwrap();
            let status = answers.lock().unwrap().next().unwrap_or(200);
            (axum::http::StatusCode::from_u16(status).unwrap(), "{}")
        }
    });
    let router = axum::Router::new().route("/v1/metrics", take);
    #[expect(clippy::disallowed_methods, reason = "the test is the parent of the collector")]
    tokio::spawn(async move { axum::serve(socket, router).await });
    (address, handed)
}

/// The sum of the points of a counter of whole numbers that have this label.
fn sum_of(sent: &ExportMetricsServiceRequest, name: &str, label: &str) -> Option<i64> {
    let metrics = &sent.resource_metrics[0].scope_metrics[0].metrics;
    let metric = metrics.iter().find(|metric| metric.name == name)?;
    let Some(Data::Sum(sum)) = &metric.data else { return None };
    let has = |point: &&NumberDataPoint| {
        let text = |attribute: &KeyValue| format!("{attribute:?}").contains(label);
        label.is_empty() || point.attributes.iter().any(text)
    };
    let value = |point: &NumberDataPoint| match point.value {
        Some(Number::AsInt(value)) => Some(value),
        _ => None,
    };
    sum.data_points.iter().filter(has).map(value).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_pushed_to_a_collector_and_what_it_does_not_take_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (address, mut handed) = collector(vec![503, 400, 200]).await;
    let settings = [format!("metrics.otlp.address={address}"), "metrics.otlp.interval_seconds=1".to_owned()];
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let running = server::start_with(folder.path(), &settings, Faults::default()).await;
    set_up(&crate::http(), &running.url, running.setup_token.as_deref().unwrap()).await;

    let mut next = async || {
        tokio::time::timeout(Duration::from_mins(1), handed.recv()).await.unwrap().expect("it goes on")
    };
    for (sent, lost) in [(0, 0), (0, 1), (0, 2), (1, 2)] {
        let told = next().await;
        let pushes = |outcome| sum_of(&told, "plexi_metrics_pushes_total", outcome);
        assert_eq!((pushes("sent"), pushes("lost")), (Some(sent), Some(lost)));
    }
    let requests = sum_of(&next().await, "plexi_http_requests_total", "auth.setup");
    assert_eq!(requests, Some(1), "what the server did is among them");
    running.stop().await;
}
