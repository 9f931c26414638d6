//! The command line on a server behind TLS.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use crate::plexi::Plexi;

const BODY: &str = r#"{"name":"PlexiChat","version":"9.8.7"}"#;

/// A TLS server for `localhost` that answers every request with [`BODY`].
struct TlsServer {
    url: String,
    folder: TempDir,
}

impl TlsServer {
    fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let pem = format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            STANDARD.encode(made.cert.der())
        );
        std::fs::write(folder.path().join("certificate.pem"), pem).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut tls = BufReader::new(StreamOwned::new(connection, stream.unwrap()));
                let mut line = String::new();
                // A client that does not trust this server goes away in the middle of the handshake.
                while tls.read_line(&mut line).is_ok_and(|read| read > 0) && !line.ends_with("\r\n\r\n") {}
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
                let _ = write!(tls.get_mut(), "{head}Content-Length: {}\r\n\r\n{BODY}", BODY.len());
                tls.get_mut().conn.send_close_notify();
                let _ = tls.get_mut().flush();
            }
        });
        Self { url, folder }
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }
}

#[test]
fn a_server_whose_certificate_the_system_trusts_is_talked_to_over_tls() {
    let server = TlsServer::start();
    let told = Plexi::at(&server.url).trusting(&server.certificate()).json(&["version"]);
    assert_eq!(told["server"]["version"], "9.8.7");
}

#[test]
fn a_server_with_a_certificate_of_a_stranger_is_refused() {
    let server = TlsServer::start();
    let stranger = TlsServer::start();
    let plexi = Plexi::at(&server.url).trusting(&stranger.certificate());
    let ran = plexi.fails(&["version"], 5);
    assert!(ran.err.contains("certificate"), "{}", ran.err);
    assert!(!ran.out.contains("9.8.7"), "{}", ran.out);
}
