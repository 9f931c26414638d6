use std::fs;
use std::sync::Arc;

use plexi_config::{ConfigError, Editor, History, Live, Reloader, Sources};
use plexi_core::{ManualClock, Timestamp};
use tempfile::TempDir;

use crate::{Demo, FILE, file_in};

struct Server {
    folder: TempDir,
    reloader: Reloader<Demo>,
}

impl Server {
    fn start(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = file_in(folder.path(), text);
        let history = History::open(folder.path().join("config-history")).unwrap();
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1)));
        let reloader = Reloader::start(Sources::new().file(path), Some(history), clock).unwrap();
        Self { folder, reloader }
    }

    fn write(&self, text: &str) {
        file_in(self.folder.path(), text);
    }

    fn text(&self) -> String {
        fs::read_to_string(self.folder.path().join(FILE)).unwrap()
    }

    fn history(&self) -> &History {
        self.reloader.history().unwrap()
    }
}

#[tokio::test]
async fn a_reload_applies_what_changed_and_tells_the_sections_that_did() {
    let server = Server::start("title = \"one\"");
    let mut live = server.reloader.live();
    let mut title = server.reloader.section(|demo| demo.title.clone());
    let auth: Live<_> = server.reloader.section(|demo| demo.auth.clone());
    assert!(!server.reloader.changed_since_load());
    server.write("title = \"three\"");
    assert!(server.reloader.changed_since_load());
    let done = server.reloader.reload().unwrap();
    assert_eq!((done.changed, done.needs_restart), (vec!["title".to_owned()], vec![]));
    assert!(!server.reloader.changed_since_load());
    assert!(live.changed().await && title.changed().await);
    assert_eq!((live.get().title.as_str(), title.get().as_str()), ("three", "three"));
    let mut auth_changes = auth.clone();
    drop(server);
    assert!(!auth_changes.changed().await, "the section that did not change is not told");
}

#[test]
fn an_invalid_file_changes_nothing_and_says_why() {
    let server = Server::start("title = \"one\"");
    let live = server.reloader.live();
    server.write("title = \"two\"\n[server]\nlistne = \"x\"");
    let error = server.reloader.reload().unwrap_err();
    assert!(error.to_string().contains("did you mean server.listen?"), "{error}");
    assert_eq!(live.get().title, "one");
    assert_eq!(server.reloader.loaded().settings.title, "one");
    assert_eq!(server.history().numbers().unwrap(), [1]);
    assert!(!server.reloader.changed_since_load(), "the same mistake is reported once");
}

#[test]
fn a_key_that_needs_a_restart_keeps_its_value_until_then() {
    let server = Server::start("title = \"one\"");
    server.write("title = \"two\"\n[server]\nlisten = \"[::]:80\"");
    for _ in 0..2 {
        let done = server.reloader.reload().unwrap();
        assert_eq!(done.needs_restart, ["server.listen"]);
    }
    let live = server.reloader.live().get();
    assert_eq!((live.title.as_str(), live.server.listen.as_str()), ("two", "127.0.0.1:8080"));
    assert_eq!(server.reloader.loaded().settings.server.listen, "[::]:80");
}

#[test]
fn a_changed_secret_counts_as_a_change_and_tables_with_free_names_too() {
    let server = Server::start("[auth]\npepper = \"one\"\n");
    server.write("[auth]\npepper = \"two\"\n[logging.targets]\nsqlx = \"debug\"\n");
    let done = server.reloader.reload().unwrap();
    assert_eq!(done.changed, ["auth.pepper", "logging.targets.sqlx"]);
    server.write("[auth]\npepper = \"two\"\n");
    assert_eq!(server.reloader.reload().unwrap().changed, ["logging.targets.sqlx"]);
    assert!(server.reloader.live().get().logging.targets.is_empty());
}

#[test]
fn every_applied_configuration_is_kept_and_compared() {
    let server = Server::start("title = \"one\"");
    server.write("title = \"two\"\n[auth]\nmin_length = 9");
    assert_eq!(server.reloader.reload().unwrap().version, Some(2));
    assert_eq!(server.reloader.reload().unwrap().version, Some(2), "the same again is no new version");
    let changes = server.history().diff(1, 2).unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|change| {
            format!("{} {} {}", change.key, change.before.clone().unwrap(), change.after.clone().unwrap())
        })
        .collect();
    assert_eq!(told, ["auth.min_length 8 9", "title \"one\" \"two\""]);
    let versions = server.history().versions().unwrap();
    assert_eq!(versions[0].files[0].text.as_deref(), Some("title = \"one\""));
    assert_eq!(versions[0].applied_at, Timestamp::from_seconds(1));
    assert!(matches!(server.history().diff(1, 7), Err(ConfigError::NoVersion(7))));
}

#[test]
fn rolling_back_restores_the_text_and_applies_it() {
    let server = Server::start("# ours\ntitle = \"one\" # first\n");
    server.write("title = \"two\"");
    server.reloader.reload().unwrap();
    let done = server.reloader.roll_back(1, Editor::Operator, None).unwrap();
    assert_eq!((done.changed, done.version), (vec!["title".to_owned()], Some(3)));
    assert_eq!(server.text(), "# ours\ntitle = \"one\" # first\n");
    assert_eq!(server.reloader.live().get().title, "one");
    assert!(matches!(server.reloader.roll_back(9, Editor::Operator, None), Err(ConfigError::NoVersion(9))));
}

#[test]
fn a_version_is_put_back_over_files_that_are_not_valid_and_from_any_folder() {
    let server = Server::start("title = \"one\"");
    server.write("this is = = no configuration");
    let sources = Sources::new().file(server.folder.path().join(".").join(FILE));
    server.history().put_back::<Demo>(1, &sources).unwrap();
    assert_eq!(server.text(), "title = \"one\"");
    let other = Sources::new().file(server.folder.path().join("other.toml"));
    let refused = server.history().put_back::<Demo>(1, &other).unwrap_err();
    assert!(matches!(refused, ConfigError::FileNotKept { version: 1, .. }), "{refused}");
}

#[test]
fn a_version_that_is_not_valid_any_more_is_not_put_back() {
    let server = Server::start("[auth]\nmin_length = 20\nmax_length = 30");
    server.write("title = \"two\"");
    let sources =
        Sources::new().file(server.folder.path().join(FILE)).flags(["auth.max_length=10".to_owned()]);
    let refused = server.history().put_back::<Demo>(1, &sources).unwrap_err();
    assert_eq!(refused.problems()[0].key, "auth.min_length");
    assert_eq!(server.text(), "title = \"two\"");
}

#[test]
fn a_version_is_compared_with_what_is_loaded() {
    let server = Server::start("title = \"one\"");
    server.write("title = \"two\"");
    server.reloader.reload().unwrap();
    let changes = server.history().version(1).unwrap().changes_to(&server.reloader.loaded());
    assert_eq!(changes.iter().map(|change| change.key.as_str()).collect::<Vec<_>>(), ["title"]);
}

#[test]
fn the_history_keeps_no_secret_and_rolling_back_takes_it_from_the_file_of_today() {
    let server = Server::start("[auth]\npepper = \"hunter2\"\n# more\nsigning = 'hunter2'\n");
    server.write("title = \"new\"\n[auth]\nsigning = 'changed'\npepper = \"hunter3\"\n");
    server.reloader.reload().unwrap();
    for number in server.history().numbers().unwrap() {
        let kept = serde_json::to_string(&server.history().version(number).unwrap()).unwrap();
        assert!(!kept.contains("hunter") && !kept.contains("changed") && kept.contains("***"), "{kept}");
    }
    server.reloader.roll_back(1, Editor::Operator, None).unwrap();
    assert_eq!(server.text(), "[auth]\npepper = \"hunter3\"\n# more\nsigning = 'changed'\n");
    server.write("[auth]\nsigning = 'changed'\n");
    server.reloader.reload().unwrap();
    let refused = server.reloader.roll_back(1, Editor::Operator, None).unwrap_err();
    assert!(matches!(&refused, ConfigError::SecretNotKept { key, .. } if key == "auth.pepper"), "{refused}");
    assert_eq!(server.text(), "[auth]\nsigning = 'changed'\n");
}

#[test]
fn the_arguments_of_a_command_are_kept_from_the_history_and_taken_from_the_file_of_today() {
    let server = Server::start("[auth]\nsigning = { command = [\"vault\", \"--token\", \"hunter2\"] }\n");
    server.write("title = \"new\"\n[auth]\nsigning = { command = [ 'vault', 'hunter3' ] } # ours\n");
    server.reloader.reload().unwrap();
    for number in server.history().numbers().unwrap() {
        let kept = serde_json::to_string(&server.history().version(number).unwrap()).unwrap();
        assert!(!kept.contains("hunter") && !kept.contains("token") && kept.contains("vault"), "{kept}");
    }
    server.reloader.roll_back(1, Editor::Operator, None).unwrap();
    assert_eq!(server.text(), "[auth]\nsigning = { command = [\"vault\", 'hunter3'] }\n");
    // Arguments for another program are of no use to this one.
    server.write("[auth]\nsigning = { command = [\"pass\", \"chat\"] }\n");
    server.reloader.reload().unwrap();
    let refused = server.reloader.roll_back(1, Editor::Operator, None).unwrap_err();
    assert!(
        matches!(&refused, ConfigError::SecretNotKept { key, .. } if key == "auth.signing.command.vault"),
        "{refused}"
    );
    server.write("[auth]\nsigning = { command = [\"pass\", \"chap\"] }\n");
    assert_eq!(server.reloader.reload().unwrap().changed, ["auth.signing"], "a change counts, unseen");
}

#[test]
fn the_history_is_bounded_to_the_last_fifty() {
    let server = Server::start("");
    for nth in 0..60 {
        server.write(&format!("title = \"{nth}\""));
        server.reloader.reload().unwrap();
    }
    let numbers = server.history().numbers().unwrap();
    assert_eq!((numbers.len(), numbers.first(), numbers.last()), (50, Some(&12), Some(&61)));
}

#[cfg(unix)]
#[test]
fn the_history_is_for_its_owner_only_and_a_file_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start("title = \"one\"");
    let file = server.folder.path().join(FILE);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    server.write("title = \"two\"");
    server.reloader.reload().unwrap();
    server.reloader.roll_back(1, Editor::Operator, None).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o640);
    let history = server.folder.path().join("config-history");
    assert_eq!((mode(&history), mode(&history.join("000001.json"))), (0o700, 0o600));
}
