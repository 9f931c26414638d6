//! Sinks, each against a listener of the test.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::net::TcpListener;

use plexi_core_log::{Format, Level, LogConfig, SinkConfig, SinkKind, WhenFull};
use tracing::{debug, error, info, info_span, warn};

use crate::{Server, quiet};

fn sink(kind: SinkKind, address: impl Into<String>) -> SinkConfig {
    SinkConfig {
        kind,
        address: Some(address.into()),
        level: None,
        format: None,
        when_full: WhenFull::Drop,
        authorization_file: None,
    }
}

fn with(sink: SinkConfig) -> LogConfig {
    LogConfig { sinks: BTreeMap::from([("collector".to_owned(), sink)]), ..quiet() }
}

fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// One frame with octet counting.
fn frame(stream: &mut impl std::io::BufRead) -> String {
    let mut count = Vec::new();
    stream.read_until(b' ', &mut count).unwrap();
    let count: usize = std::str::from_utf8(&count).unwrap().trim().parse().unwrap();
    let mut text = vec![0; count];
    stream.read_exact(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn syslog_over_tcp_is_framed_and_has_severity_time_and_program() {
    let (listener, address) = listener();
    let server = Server::new();
    let config = with(SinkConfig { level: Some(Level::Info), ..sink(SinkKind::Syslog, address) });
    let (dispatch, guard) = server.build(&LogConfig { level: Level::Debug, ..config });
    tracing::dispatcher::with_default(&dispatch, || {
        error!(target: "web", "failed");
        debug!(target: "web", "too fine for this sink");
        info!(target: "web", user = "zoe\n<0>forged", "signed in");
    });
    let mut stream = BufReader::new(listener.accept().unwrap().0);
    let first = frame(&mut stream);
    let (head, rest) = first.split_once(" - - ").unwrap();
    let head: Vec<_> = head.split(' ').collect();
    assert_eq!((head[0], head[1], head[2]), ("<27>1", "2026-11-21T09:30:00.123456Z", "-"), "{first}");
    assert!(head[3].starts_with("it-") && head[4] == std::process::id().to_string(), "{first}");
    assert_eq!(rest, "2026-11-21T09:30:00.123456Z ERROR web failed");
    let second = frame(&mut stream);
    assert!(
        second.starts_with("<30>1 ") && second.ends_with("signed in user=\"zoe\\n<0>forged\""),
        "{second}"
    );
    drop(guard);
    assert!(server.latest().contains("too fine for this sink"));
}

#[cfg(unix)]
#[test]
fn syslog_over_a_socket_of_the_system_is_a_datagram_an_event() {
    let server = Server::new();
    let path = server.dir.path().join("syslog");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    let config = SinkConfig { format: Some(Format::Json), ..sink(SinkKind::Syslog, path.to_str().unwrap()) };
    let (dispatch, guard) = server.build(&with(config));
    tracing::dispatcher::with_default(&dispatch, || warn!(target: "web", n = 7, "slow"));
    let mut datagram = [0; 4096];
    let len = socket.recv(&mut datagram).unwrap();
    let text = std::str::from_utf8(&datagram[..len]).unwrap();
    let (head, event) = text.split_once(" - - ").unwrap();
    assert!(head.starts_with("<28>1 "), "{text}");
    let event: serde_json::Value = serde_json::from_str(event).unwrap();
    assert_eq!(event["fields"]["n"], 7);
    assert!(guard.handle().flush(crate::PATIENCE));
    let counts = guard.handle().counts();
    let counts: Vec<_> = counts.iter().map(|count| (&*count.name, count.written, count.lost)).collect();
    assert_eq!(counts, [("file", 1, 0), ("sinks.collector", 1, 0)]);
}

#[cfg(unix)]
#[test]
fn the_journal_gets_fields_in_its_own_protocol() {
    let server = Server::new();
    let path = server.dir.path().join("journal");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    let (dispatch, _guard) = server.build(&with(sink(SinkKind::Journald, path.to_str().unwrap())));
    tracing::dispatcher::with_default(&dispatch, || {
        let request = info_span!("request", correlation_id = "req-1");
        request.in_scope(|| error!(target: "web", user = "J\u{fc}rgen\nPRIORITY=0", "fail\u{e9}"));
    });
    let mut datagram = [0; 4096];
    let len = socket.recv(&mut datagram).unwrap();
    let mut rest = &datagram[..len];
    let mut fields = BTreeMap::new();
    while let Some(end) = rest.iter().position(|b| *b == b'\n') {
        let name = std::str::from_utf8(&rest[..end]).unwrap().to_owned();
        let size = usize::try_from(u64::from_le_bytes(rest[end + 1..end + 9].try_into().unwrap())).unwrap();
        let value = std::str::from_utf8(&rest[end + 9..end + 9 + size]).unwrap().to_owned();
        assert_eq!(rest[end + 9 + size], b'\n');
        rest = &rest[end + 10 + size..];
        fields.insert(name, value);
    }
    let field = |name: &str| fields.get(name).map(String::as_str);
    assert_eq!((field("MESSAGE"), field("PRIORITY")), (Some("fail\u{e9}"), Some("3")));
    assert_eq!((field("CORRELATION_ID"), field("TARGET")), (Some("req-1"), Some("web")));
    assert_eq!(field("F_USER"), Some("J\u{fc}rgen\nPRIORITY=0"));
}

#[test]
fn a_sink_that_is_away_holds_up_nobody_is_told_of_in_the_log_and_gets_what_waited() {
    let (listener, address) = listener();
    drop(listener);
    let server = Server::new();
    let (dispatch, guard) = server.build(&with(sink(SinkKind::Syslog, address.clone())));
    tracing::dispatcher::with_default(&dispatch, || {
        info!("waits");
        while !server.latest().contains("log cannot be written, trying again sink=collector error=") {
            std::thread::yield_now();
        }
        let listener = TcpListener::bind(&address).unwrap();
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        assert!(frame(&mut stream).ends_with("waits"));
        info!("goes on");
        assert!(frame(&mut stream).ends_with("goes on"));
    });
    drop(guard);
    assert!(server.latest().contains("log can be written again sink=collector"), "{}", server.latest());
}

#[test]
fn what_cannot_be_delivered_at_the_end_is_told_in_the_log() {
    let (listener, address) = listener();
    drop(listener);
    let server = Server::new();
    let config = with(sink(SinkKind::Syslog, address));
    server.run(&config, || (0..3).for_each(|nth| info!(nth, "lost")));
    let log = server.latest();
    assert!(log.contains("log lines were lost at the end sink=collector count=3 error="), "{log}");
}

#[test]
fn wrong_sinks_are_refused_by_name() {
    let wrong = [
        ("collector", sink(SinkKind::Syslog, "nowhere"), "sinks.collector.address"),
        ("collector", sink(SinkKind::Journald, "localhost:1"), "sinks.collector.address"),
        ("../evil", sink(SinkKind::Syslog, "/dev/log"), "sinks.../evil"),
    ];
    for (name, sink, key) in wrong {
        let config = LogConfig { sinks: BTreeMap::from([(name.to_owned(), sink)]), ..quiet() };
        assert_eq!(config.problems()[0].field, key);
    }
    let unread: Result<SinkConfig, _> = serde_json::from_str(r#"{"kind": "pigeon"}"#);
    assert!(unread.is_err());
}

#[cfg(feature = "http")]
mod http {
    use std::io::{BufRead as _, Read as _, Write as _};
    use std::net::TcpStream;
    use std::sync::mpsc;

    use super::*;
    use crate::PATIENCE;

    /// A request: its head and its body.
    fn request(stream: &mut BufReader<TcpStream>) -> (String, String) {
        let (mut head, mut line) = (String::new(), String::new());
        while line != "\r\n" {
            line.clear();
            assert_ne!(stream.read_line(&mut line).unwrap(), 0, "the connection ended");
            head.push_str(&line.to_ascii_lowercase());
        }
        let mut body = Vec::new();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        body.resize(length.unwrap().trim().parse().unwrap(), 0);
        stream.read_exact(&mut body).unwrap();
        (head, String::from_utf8(body).unwrap())
    }

    /// Answers one request after the other with what is given, and hands out what was asked.
    fn receiver(answers: &[(u16, &str)]) -> (String, mpsc::Receiver<(String, String)>) {
        let (listener, address) = listener();
        let (hands, out) = mpsc::channel();
        let answers: Vec<(u16, String)> =
            answers.iter().map(|(code, body)| (*code, (*body).to_owned())).collect();
        std::thread::spawn(move || {
            let mut answers = answers.into_iter();
            while let Ok((stream, _)) = listener.accept() {
                let mut stream = BufReader::new(stream);
                let Some((code, body)) = answers.next() else { return };
                hands.send(request(&mut stream)).unwrap();
                let answer = format!(
                    "HTTP/1.1 {code} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                stream.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        });
        (format!("http://{address}/v1/logs"), out)
    }

    #[test]
    fn lines_of_json_are_posted_with_the_authorization_of_a_file() {
        let (url, asked) = receiver(&[(204, "")]);
        let server = Server::new();
        let token = server.dir.path().join("token");
        std::fs::write(&token, "Bearer hunter2\n").unwrap();
        let sink = SinkConfig { authorization_file: Some(token), ..sink(SinkKind::Http, url) };
        server.run(&with(sink), || info!(target: "web", n = 7, name = "J\u{fc}rgen", "hello"));
        let (head, body) = asked.recv_timeout(PATIENCE).unwrap();
        assert!(
            head.starts_with("post /v1/logs ") && head.contains("content-type: application/x-ndjson"),
            "{head}"
        );
        assert!(head.contains("authorization: bearer hunter2\r\n"), "{head}");
        let event: serde_json::Value = serde_json::from_str(body.trim_end()).unwrap();
        assert_eq!((&event["message"], &event["fields"]["name"]), (&"hello".into(), &"J\u{fc}rgen".into()));
        assert!(!server.latest().contains("hunter2"));
    }

    #[test]
    fn otlp_requests_are_what_the_schema_says() {
        use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
        use opentelemetry_proto::tonic::common::v1::any_value::Value;
        let (url, asked) = receiver(&[(200, "{}")]);
        let server = Server::new();
        server.run(&with(sink(SinkKind::Otlp, url)), || {
            let request = info_span!("request", correlation_id = "req-1");
            request
                .in_scope(|| error!(target: "web", n = -7, share = 0.5, ok = true, name = "zoe", "failed"));
        });
        let (head, body) = asked.recv_timeout(PATIENCE).unwrap();
        assert!(head.contains("content-type: application/json"), "{head}");
        let request: ExportLogsServiceRequest = serde_json::from_str(&body).unwrap();
        let record = &request.resource_logs[0].scope_logs[0].log_records[0];
        assert_eq!(record.time_unix_nano, 1_795_253_400_123_456_000);
        assert_eq!((record.severity_number, record.severity_text.as_str()), (17, "ERROR"));
        let text = |text: &str| Some(Value::StringValue(text.to_owned()));
        assert_eq!(record.body.as_ref().unwrap().value, text("failed"));
        let attribute = |key: &str| {
            let found = record.attributes.iter().find(|attribute| attribute.key == key).unwrap();
            found.value.as_ref().unwrap().value.clone()
        };
        assert_eq!(attribute("n"), Some(Value::IntValue(-7)));
        assert_eq!(attribute("share"), Some(Value::DoubleValue(0.5)));
        assert_eq!(attribute("ok"), Some(Value::BoolValue(true)));
        assert_eq!((attribute("name"), attribute("correlation_id")), (text("zoe"), text("req-1")));
    }

    #[test]
    fn what_the_receiver_refuses_is_counted_and_told_and_not_sent_again() {
        let partial = r#"{"partialSuccess": {"rejectedLogRecords": "1"}}"#;
        let (url, asked) = receiver(&[(200, partial), (200, ""), (400, "no"), (200, ""), (200, "")]);
        let server = Server::new();
        let (dispatch, guard) = server.build(&with(sink(SinkKind::Otlp, url)));
        let request = || {
            let body: serde_json::Value =
                serde_json::from_str(&asked.recv_timeout(PATIENCE).unwrap().1).unwrap();
            let records = body["resourceLogs"][0]["scopeLogs"][0]["logRecords"].as_array().unwrap();
            records
                .iter()
                .map(|record| record["body"]["stringValue"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        tracing::dispatcher::with_default(&dispatch, || {
            for event in ["partly refused", "refused", "taken"] {
                info!("{event}");
                assert_eq!(request(), [event]);
                if event != "taken" {
                    assert_eq!(request(), ["log lines were lost"], "and not the event again");
                }
            }
            assert!(guard.handle().flush(PATIENCE));
        });
        let counted = guard.handle().counts().into_iter().find(|count| count.name == "sinks.collector");
        assert_eq!(counted.map(|count| (count.written, count.lost)), Some((1, 2)));
        drop(guard);
        let log = server.latest();
        assert_eq!(log.matches("log lines were refused sink=collector count=1").count(), 2, "{log}");
    }

    #[test]
    fn a_receiver_that_is_busy_is_asked_again() {
        let (url, asked) = receiver(&[(503, ""), (200, "")]);
        let server = Server::new();
        let (dispatch, _guard) = server.build(&with(sink(SinkKind::Http, url)));
        tracing::dispatcher::with_default(&dispatch, || info!("patience"));
        let bodies = [asked.recv_timeout(PATIENCE).unwrap().1, asked.recv_timeout(PATIENCE).unwrap().1];
        assert!(bodies[0].contains("patience") && bodies[0] == bodies[1]);
        assert!(server.latest().contains("the receiver answered 503"), "{}", server.latest());
    }

    #[test]
    fn a_sink_for_http_needs_a_url() {
        for address in ["collector:4318", "ftp://collector", "", "https://", "http://user:word@127.0.0.1/"] {
            assert_eq!(with(sink(SinkKind::Otlp, address)).problems()[0].field, "sinks.collector.address");
        }
    }

    #[test]
    fn an_authorization_is_not_sent_where_others_can_read_it() {
        let problems = |address: &str| {
            let authorization_file = Some("token".into());
            with(SinkConfig { authorization_file, ..sink(SinkKind::Otlp, address) }).problems()
        };
        for safe in [
            "https://collector.example.org/v1/logs",
            "http://localhost:4318",
            "http://127.0.0.1/x",
            "http://[::1]:1",
            "http://[::1]/x",
        ] {
            assert_eq!(problems(safe), [], "{safe}");
        }
        for open in [
            "http://collector.example.org/v1/logs",
            "http://127.0.0.1.example.org:4318",
            "http://10.0.0.1",
            "http://[2001:db8::1]/x",
        ] {
            assert_eq!(problems(open)[0].field, "sinks.collector.authorization_file", "{open}");
        }
    }
}
