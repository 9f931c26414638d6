//! Changing single keys by hand, in the file and in what runs.

use std::fs;
use std::sync::Arc;

use plexi_config::{
    ConfigError, ConfigSchema, Editor, Edits, FileEdit, FormKind, History, Lock, Reloader, Sources,
};
use plexi_core::{Coded as _, ManualClock, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Demo, FILE, file_in, load_text, variables};

struct Server {
    folder: TempDir,
    reloader: Reloader<Demo>,
}

impl Server {
    fn start(text: &str) -> Self {
        Self::start_with(text, |sources| sources)
    }

    fn start_with(text: &str, more: impl FnOnce(Sources) -> Sources) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = file_in(folder.path(), text);
        let history = History::open(folder.path().join("config-history")).unwrap();
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1)));
        let reloader = Reloader::start(more(Sources::new().file(path)), Some(history), clock).unwrap();
        Self { folder, reloader }
    }

    fn text(&self) -> String {
        fs::read_to_string(self.folder.path().join(FILE)).unwrap()
    }
}

fn edits(pairs: &[(&str, Value)]) -> Edits {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

/// What is refused, each as `key: words`.
fn refused(error: &ConfigError) -> Vec<String> {
    assert_eq!(error.code().as_str(), "VALIDATION_INVALID", "{error}");
    error.fields().into_iter().map(|field| format!("{}: {}", field.field, field.problem)).collect()
}

#[test]
fn a_change_is_written_among_the_comments_and_takes_effect() {
    let server = Server::start("# ours\ntitle = \"one\" # first\n\n[auth]\n# enough\nmin_length = 9\n");
    let wanted = edits(&[
        ("title", json!("two")),
        ("auth.max_length", json!(70)),
        ("server.listen", json!("[::]:80")),
    ]);
    let proposed = server.reloader.propose(&wanted, Editor::Console, Some(1)).unwrap();
    assert_eq!(proposed.version, Some(1));
    assert_eq!(proposed.changed, ["auth.max_length", "title"]);
    assert_eq!(proposed.needs_restart, ["server.listen"]);
    let told: Vec<_> = proposed.changes.iter().map(|change| change.key.as_str()).collect();
    assert_eq!(told, ["auth.max_length", "server.listen", "title"]);
    assert!(server.text().contains("title = \"one\""), "a proposal changes nothing");

    let done = server.reloader.apply(&wanted, Editor::Console, Some(1)).unwrap();
    assert_eq!((done.version, &done.changes), (Some(2), &proposed.changes));
    assert_eq!(
        server.text(),
        "# ours\ntitle = \"two\" # first\n\n[auth]\n# enough\nmin_length = 9\nmax_length = 70\n\n[server]\nlisten = \"[::]:80\"\n"
    );
    let live = server.reloader.live().get();
    assert_eq!(
        (live.title.as_str(), live.auth.max_length, live.server.listen.as_str()),
        ("two", 70, "127.0.0.1:8080")
    );
    assert!(!server.reloader.changed_since_load(), "what was written here is taken over already");
}

#[test]
fn null_takes_a_key_out_so_that_the_default_counts_again() {
    let server = Server::start(
        "# ours\ntitle = \"one\"\n[logging.targets]\n# loud\nsqlx = \"debug\"\nhttp = \"debug\"\n",
    );
    let wanted = edits(&[
        ("title", Value::Null),
        ("logging.targets.sqlx", Value::Null),
        ("auth.min_length", Value::Null),
    ]);
    let done = server.reloader.apply(&wanted, Editor::Operator, None).unwrap();
    assert_eq!(done.changed, ["logging.targets.sqlx", "title"], "what was not set changes nothing");
    assert_eq!(server.text(), "# ours\n[logging.targets]\n# loud\nhttp = \"debug\"\n");
}

#[test]
fn all_that_is_wrong_is_said_at_once_and_nothing_is_changed() {
    let server = Server::start_with("[auth]\nmin_length = 9\n", |sources| {
        sources
            .environment(variables(&[("PLEXICHAT_TITLE", "theirs")]))
            .flags(["server.share=0.5".to_owned()])
    });
    let wanted = edits(&[
        ("title", json!("ours")),
        ("server.share", json!(0.7)),
        ("server.listne", json!("x")),
        ("server.max_body_bytes", json!("many")),
        ("server.trusted", json!([null])),
        ("auth", json!({"min_length": 3})),
        ("auth.pepper", json!("hunter2")),
        ("auth.signing", json!({"command": ["sh", "-c", "id"]})),
        ("auth.signing.command", json!(["sh"])),
        ("auth.max_length", json!(3)),
    ]);
    let error = server.reloader.apply(&wanted, Editor::Operator, None).unwrap_err();
    let secret =
        "is a secret: write where it is kept into the file on the server's machine, or see `plexi secret`";
    let told = refused(&error);
    for line in [
        "auth: is a section: change the keys in it".to_owned(),
        format!("auth.pepper: {secret}"),
        format!("auth.signing: {secret}"),
        format!("auth.signing.command: {secret}"),
        "server.listne: unknown key; did you mean server.listen?".to_owned(),
        "server.share: is set by --set server.share, which is stronger than the file".to_owned(),
        "server.trusted: null cannot stand in a list or table".to_owned(),
        "title: is set by PLEXICHAT_TITLE, which is stronger than the file".to_owned(),
        "auth.min_length: must not be above auth.max_length".to_owned(),
    ] {
        assert!(told.contains(&line), "{line} is not in {told:#?}");
    }
    assert!(told.iter().any(|line| line.starts_with("server.max_body_bytes: found")), "{told:#?}");
    assert!(!format!("{error} {told:?}").contains("hunter2"));
    assert_eq!(server.text(), "[auth]\nmin_length = 9\n");
    assert_eq!(server.reloader.version(), 1);
}

#[test]
fn who_saw_another_version_is_refused() {
    let server = Server::start("title = \"one\"\n");
    let wanted = edits(&[("title", json!("two"))]);
    server.reloader.apply(&wanted, Editor::Console, Some(1)).unwrap();
    let late =
        server.reloader.apply(&edits(&[("title", json!("three"))]), Editor::Console, Some(1)).unwrap_err();
    assert!(matches!(late, ConfigError::Outdated { seen: 1, present: 2 }), "{late}");
    assert_eq!(late.code().as_str(), "VALIDATION_CONFLICT");
    file_in(server.folder.path(), "title = \"by hand\"\n");
    let beside = server.reloader.apply(&wanted, Editor::Console, Some(2)).unwrap_err();
    assert!(matches!(beside, ConfigError::NotTakenOver { .. }), "{beside}");
    assert_eq!(server.text(), "title = \"by hand\"\n");
}

#[test]
fn the_console_changes_nothing_that_is_kept_from_it_not_even_by_going_back() {
    let server = Server::start("[server]\nhome = \"/srv/old\"\n");
    let wanted = edits(&[("server.home", json!("/etc"))]);
    let error = server.reloader.apply(&wanted, Editor::Console, None).unwrap_err();
    assert_eq!(refused(&error), ["server.home: is changed on the server's machine only"]);
    server.reloader.apply(&edits(&[("server.home", json!("/srv/new"))]), Editor::Operator, None).unwrap();
    let error = server.reloader.roll_back(1, Editor::Console, Some(2)).unwrap_err();
    assert_eq!(refused(&error), ["server.home: is changed on the server's machine only"]);
    assert_eq!(server.reloader.roll_back(1, Editor::Operator, Some(2)).unwrap().version, Some(3));
    assert_eq!(server.text(), "[server]\nhome = \"/srv/old\"\n");
}

#[test]
fn what_cannot_be_kept_in_the_history_is_not_applied_and_the_file_is_as_before() {
    let server = Server::start("title = \"one\"\n");
    let history = server.folder.path().join("config-history");
    fs::remove_dir_all(&history).unwrap();
    fs::write(&history, "no folder any more").unwrap();
    let error =
        server.reloader.apply(&edits(&[("title", json!("two"))]), Editor::Operator, None).unwrap_err();
    assert_eq!(error.code().as_str(), "STORAGE_UNAVAILABLE", "{error}");
    assert_eq!(server.text(), "title = \"one\"\n");
    assert_eq!(server.reloader.live().get().title, "one");
    assert!(!server.reloader.changed_since_load());
}

#[test]
fn a_file_that_cannot_be_written_stays_and_leaves_nothing_beside_it() {
    let server = Server::start("title = \"one\"\n");
    // a folder stands where the new text would be written first
    fs::create_dir(server.folder.path().join(format!("{FILE}.tmp"))).unwrap();
    let error =
        server.reloader.apply(&edits(&[("title", json!("two"))]), Editor::Operator, None).unwrap_err();
    assert!(matches!(error, ConfigError::Io { action: "write", .. }), "{error}");
    assert_eq!(server.text(), "title = \"one\"\n");
    assert_eq!(server.reloader.live().get().title, "one");
}

#[test]
fn the_file_is_made_when_there_is_none_and_the_strongest_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("config").join(FILE);
    let sources = Sources::new().file_if_present(&main);
    let wanted = edits(&[("title", json!("new"))]);
    let edit = FileEdit::prepare::<Demo>(&sources, &wanted).unwrap();
    assert_eq!(edit.edited.changed, ["title"]);
    assert!(!main.exists(), "nothing is written until it is");
    edit.write().unwrap();
    assert_eq!(fs::read_to_string(&main).unwrap(), "title = \"new\"\n");

    let profile = main.with_extension("dev.toml");
    fs::write(&profile, "[server]\nshare = 0.5\n").unwrap();
    let sources = sources.profile("dev");
    FileEdit::prepare::<Demo>(&sources, &edits(&[("server.share", json!(0.75))])).unwrap().write().unwrap();
    assert_eq!(fs::read_to_string(&profile).unwrap(), "[server]\nshare = 0.75\n");
    let elsewhere = FileEdit::prepare::<Demo>(&sources, &edits(&[("title", Value::Null)])).err().unwrap();
    assert_eq!(refused(&elsewhere), ["title: stands in another file"]);
}

#[test]
fn whoever_listens_is_told_before_the_change_is_answered() {
    let server = Server::start("title = \"one\"\n");
    let (sender, told) = std::sync::mpsc::channel();
    server.reloader.on_change(move |demo| drop(sender.send(demo.title.clone())));
    server.reloader.apply(&edits(&[("title", json!("two"))]), Editor::Operator, None).unwrap();
    assert_eq!(told.try_recv().as_deref(), Ok("two"));
    server.reloader.apply(&edits(&[("server.listen", json!("x"))]), Editor::Operator, None).unwrap();
    assert!(told.try_recv().is_err(), "what waits for a restart changes nothing that runs");
}

#[test]
fn the_facts_of_a_key_are_all_that_an_editor_needs() {
    let server = Server::start_with("[server]\nlisten = \"a\"\n[auth]\npepper = \"hunter2\"\n", |sources| {
        sources.environment(variables(&[("PLEXICHAT_SERVER__SHARE", "0.25")]))
    });
    server.reloader.apply(&edits(&[("server.listen", json!("b"))]), Editor::Operator, None).unwrap();
    let (version, facts) = server.reloader.facts(Editor::Console);
    assert_eq!(version, 2);
    let of = |key: &str| facts.iter().find(|fact| fact.key == key).unwrap();
    let listen = of("server.listen");
    assert_eq!(
        (&listen.value, &listen.in_use, &listen.default),
        (&json!("b"), &Some(json!("a")), &json!("127.0.0.1:8080"))
    );
    assert!(listen.needs_restart && listen.locked.is_none());
    assert_eq!((listen.section.as_str(), listen.form.kind), ("server", FormKind::Text));
    assert_eq!(listen.meaning, "The address to listen on.");
    assert!(of("server.public_url").form.optional && !listen.form.optional);
    assert_eq!(of("server.max_body_bytes").form.minimum, Some(1.0));
    assert_eq!(of("server.share").locked, Some(Lock::Stronger));
    assert_eq!(
        (of("server.home").locked, of("auth.pepper").locked),
        (Some(Lock::Machine), Some(Lock::Secret))
    );
    assert_eq!((of("auth.pepper").form.kind, &of("auth.pepper").value), (FormKind::Secret, &json!("***")));
    assert_eq!(
        (of("logging.level").form.kind, &of("logging.level").form.choices),
        (FormKind::Choice, &vec!["info".to_owned(), "debug".to_owned()])
    );
    assert_eq!(
        (of("logging.targets").form.kind, &of("logging.targets").form.choices),
        (FormKind::Table, &vec!["info".to_owned(), "debug".to_owned()])
    );
    assert_eq!(of("server.trusted").form.kind, FormKind::List);
    assert!(!serde_json::to_string(&facts).unwrap().contains("hunter2"));
}

#[test]
fn a_pair_is_read_as_the_command_line_takes_it() {
    let schema = ConfigSchema::of::<Demo>();
    let read = |pair: &str| schema.read_pair(pair).map_err(|error| refused(&error));
    assert_eq!(read("title=12"), Ok(("title".to_owned(), json!("12"))));
    assert_eq!(read("auth.min_length = 12"), Ok(("auth.min_length".to_owned(), json!(12))));
    assert_eq!(read("server.trusted=[\"a\", \"b\"]"), Ok(("server.trusted".to_owned(), json!(["a", "b"]))));
    assert_eq!(read("titel=x"), Err(vec!["titel: unknown key; did you mean title?".to_owned()]));
    assert_eq!(read("title"), Err(vec![": must be KEY=VALUE, for instance logging.level=debug".to_owned()]));
}

/// Lines of a file in any order, with comments, and what may be changed in them.
fn a_file() -> impl Strategy<Value = String> {
    let comment = "( ?# [a-z]{0,8})?";
    let lines = (comment, 1u8..60, comment, 61u8..200, comment, "[a-z]{0,6}", any::<bool>());
    lines.prop_map(|(one, min, two, max, three, title, dotted)| {
        let auth = if dotted {
            format!("auth.min_length = {min}{one}\n# between\nauth.max_length =  {max}{two}\n")
        } else {
            String::new()
        };
        let table = if dotted {
            String::new()
        } else {
            format!(
                "\n[auth]{three}\n# above\nmin_length = {min}{one}\n\n# last\nmax_length={max} {two}\n# end\n"
            )
        };
        format!("# head\ntitle = '{title}'{three}\n{auth}{table}\n[server] # s\nshare = 0.5\n# tail\n")
    })
}

proptest! {
    #[test]
    fn comments_and_all_other_keys_stay(text in a_file(), min in 1u8..60, title in "[a-z\"\\\\ \u{e9}\n]{0,12}", gone in any::<bool>()) {
        let before = load_text(&text).unwrap().settings;
        let folder = tempfile::tempdir().unwrap();
        let path = file_in(folder.path(), &text);
        let min = if gone { Value::Null } else { json!(min) };
        let wanted = edits(&[("auth.min_length", min.clone()), ("title", json!(title))]);
        FileEdit::prepare::<Demo>(&Sources::new().file(&path), &wanted).unwrap().write().unwrap();
        let written = fs::read_to_string(&path).unwrap();
        let mut expected = before;
        expected.title = title;
        expected.auth.min_length = min.as_u64().map_or(8, |min| u8::try_from(min).unwrap());
        prop_assert_eq!(load_text(&written).unwrap().settings, expected);
        // a comment behind the key that goes is about that key
        for line in text.lines().filter(|line| !gone || !line.contains("min_length")) {
            if let Some((_, comment)) = line.split_once('#') {
                prop_assert!(written.contains(comment), "{comment:?} is gone from {written}");
            }
            if line.contains("max_length") || line.contains("share") {
                prop_assert!(written.lines().any(|kept| kept == line), "{line:?} is gone from {written}");
            }
        }
    }
}
