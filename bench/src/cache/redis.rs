//! What the same value costs from Redis over TLS, on both sides together.

use std::path::Path;
use std::time::Duration;

use redis::{Client, TlsCertificates};
use serde_json::json;
use tokio::process::Command;

use super::Sheet;
use super::memory::noise;
use crate::Outcome;
use crate::cost::{self, float};
use crate::process::Server;

/// Enough that the server's CPU time, which is counted in hundredths of a second, is known well.
const QUESTIONS: usize = 20_000;

/// Compares a sealed hit of 4 KiB with a `GET` of 4 KiB. Left out, and the sheet says so, without Redis.
pub(crate) async fn measure(sheet: &mut Sheet, sealed_hit: f64) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let Some((server, mut connection)) = start(folder.path()).await? else {
        sheet.section("Redis over TLS: left out, `redis-server` is not installed");
        return Ok(());
    };
    redis::cmd("SET").arg("value").arg(noise(4_096)).query_async::<()>(&mut connection).await?;
    let (asked, answered) = (cost::of_process(), server.cpu()?);
    for _ in 0..QUESTIONS {
        let value: Vec<u8> = redis::cmd("GET").arg("value").query_async(&mut connection).await?;
        std::hint::black_box(value);
    }
    let client = cost::of_process().saturating_sub(asked);
    let nanos = (client + server.cpu()?.saturating_sub(answered)).as_secs_f64() * 1e9 / float(QUESTIONS);
    server.stop().await?;
    sheet.section("Redis over TLS, GET of 4,096 B, ns of CPU of client and server together");
    sheet.line(format!("  Redis                    {nanos:>8.0}"));
    sheet.row(json!({"figure": "redis", "bytes": 4_096, "nanos": nanos}));
    sheet.at_most("sealed hit of 4096 B against Redis over TLS", sealed_hit / nanos, 1.0 / 40.0);
    Ok(())
}

async fn start(folder: &Path) -> Outcome<Option<(Server, redis::aio::MultiplexedConnection)>> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
    let certificate = pem("CERTIFICATE", made.cert.der());
    std::fs::write(folder.join("cert.pem"), &certificate)?;
    std::fs::write(folder.join("key.pem"), pem("PRIVATE KEY", &made.signing_key.serialize_der()))?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut command = Command::new("redis-server");
    command
        .args(["--bind", "127.0.0.1", "--port", "0", "--tls-auth-clients", "no", "--save", ""])
        .args(["--tls-port", &port.to_string(), "--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem"])
        .args(["--tls-ca-cert-file", "cert.pem"])
        .current_dir(folder);
    let Ok((server, _lines)) = Server::start("Redis", &mut command) else { return Ok(None) };
    // Fails when one was installed before, which is then used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let authority = TlsCertificates { client_tls: None, root_cert: Some(certificate.into_bytes()) };
    let client = Client::build_with_tls(format!("rediss://127.0.0.1:{port}/"), authority)?;
    for _ in 0..100 {
        if let Ok(connection) = client.get_multiplexed_async_connection().await {
            return Ok(Some((server, connection)));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err("Redis did not start".into())
}

fn pem(what: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", lines.join("\n"))
}
