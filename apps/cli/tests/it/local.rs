use crate::plexi::{PASSWORD, Plexi};

#[test]
fn set_up_happens_once_and_never_takes_a_password_as_argument() {
    let plexi = Plexi::new();
    let ran = plexi.run(&["setup", "ada", "--password-stdin"], "short");
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("AUTH_PASSWORD_WEAK") || ran.err.contains("password"), "{}", ran.err);
    let ran = plexi.run(&["setup", "ada"], PASSWORD);
    assert_eq!(ran.code, 2, "without a terminal nothing is asked");
    assert!(ran.err.contains("--password-stdin"), "{}", ran.err);

    let out = plexi.ok_with(&["setup", "ada", "--password-stdin"], PASSWORD);
    assert_eq!(out, "made the administrator ada and the space Home with the channel #general\n");
    let ran = plexi.run(&["setup", "eve", "--password-stdin"], PASSWORD);
    assert_eq!(ran.code, 4, "{}", ran.err);
}

#[test]
fn accounts_are_made_listed_and_changed() {
    let plexi = Plexi::set_up();
    plexi.ok_with(
        &["user", "create", "grace", "--display-name", "Grace Hopper", "--password-stdin"],
        PASSWORD,
    );
    let users = plexi.json(&["user", "list"]);
    let names: Vec<&str> =
        users.as_array().unwrap().iter().filter_map(|user| user["name"].as_str()).collect();
    assert_eq!(names, ["ada", "grace"]);
    assert!(plexi.ok(&["user", "list", "--query", "gra"]).contains("Grace Hopper"));

    plexi.ok(&["user", "disable", "grace"]);
    assert_eq!(plexi.json(&["user", "list", "--query", "grace"])[0]["disabled"], true);
    plexi.ok(&["user", "enable", "grace"]);
    plexi.ok(&["user", "set-role", "grace", "admin"]);
    plexi.ok_with(&["user", "set-password", "grace", "--password-stdin"], "another nine lives");

    let twice = plexi.run(&["user", "create", "grace", "--password-stdin"], PASSWORD);
    assert_eq!(twice.code, 1, "{}", twice.err);
    assert!(twice.err.contains("taken"), "{}", twice.err);
    plexi.fails(&["user", "disable", "nobody"], 3);
}

#[test]
fn the_last_administrator_stays() {
    let plexi = Plexi::set_up();
    let ran = plexi.fails(&["user", "disable", "ada"], 1);
    assert!(ran.err.contains("administrator"), "{}", ran.err);
}

#[test]
fn roles_are_listed_made_and_deleted() {
    let plexi = Plexi::set_up();
    assert!(plexi.ok(&["role", "list", "--scope", "channel"]).contains("reader"));
    plexi.ok(&["role", "create", "greeter", "--scope", "space", "--grant", "space.read,invitations.create"]);
    let roles = plexi.json(&["role", "list", "--scope", "space"]);
    let made = roles.as_array().unwrap().iter().find(|role| role["name"] == "greeter").unwrap();
    assert_eq!(made["built_in"], false);
    plexi.ok(&["role", "update", "greeter", "--name", "usher"]);
    plexi.ok(&["role", "update", "usher", "--scope", "space", "--grant", "space.read"]);
    let roles = plexi.json(&["role", "list", "--scope", "space"]);
    let changed = roles.as_array().unwrap().iter().find(|role| role["name"] == "usher").unwrap();
    assert_eq!(changed["permissions"], serde_json::json!(["space.read"]));
    plexi.fails(&["role", "update", "usher"], 2);
    plexi.ok(&["role", "update", "usher", "--name", "greeter"]);
    plexi.ok(&["role", "delete", "greeter"]);
    plexi.fails(&["role", "delete", "greeter"], 3);
    let wrong = plexi.fails(&["role", "create", "flyer", "--scope", "space", "--grant", "space.fly"], 2);
    assert!(wrong.err.contains("space.read"), "known permissions are named: {}", wrong.err);
}

#[test]
fn channels_and_their_members_are_managed() {
    let plexi = Plexi::set_up();
    plexi.ok_with(&["user", "create", "grace", "--password-stdin"], PASSWORD);
    let nobody = plexi.fails(&["channel", "create", "ops"], 2);
    assert!(nobody.err.contains("--as"), "{}", nobody.err);
    plexi.ok(&["channel", "create", "ops", "--topic", "Pagers", "--as", "ada"]);
    assert!(plexi.ok(&["channel", "list"]).contains("#ops"));

    let stranger = plexi.fails(&["channel", "members", "add", "#ops", "grace"], 1);
    assert!(
        stranger.err.contains("space"),
        "members of a channel are members of its space: {}",
        stranger.err
    );
    plexi.ok(&["space", "members", "add", "grace"]);
    plexi.ok(&["channel", "members", "add", "#ops", "grace"]);
    let members = plexi.json(&["channel", "members", "list", "ops"]);
    assert_eq!(members.as_array().unwrap().len(), 2);
    plexi.ok(&["channel", "members", "remove", "home/ops", "grace"]);
    assert_eq!(plexi.json(&["channel", "members", "list", "ops"]).as_array().unwrap().len(), 1);

    assert_eq!(plexi.ok(&["channel", "rename", "ops", "pagers"]), "#ops is now #pagers\n");
    plexi.ok(&["channel", "topic", "#pagers", "Who is on call"]);
    let listed = plexi.json(&["channel", "list"]);
    let renamed = listed.as_array().unwrap().iter().find(|channel| channel["name"] == "pagers").unwrap();
    assert_eq!(renamed["topic"], "Who is on call");
    plexi.ok(&["channel", "rename", "pagers", "ops"]);
    plexi.ok(&["channel", "archive", "ops"]);
    assert!(!plexi.ok(&["channel", "list"]).contains("#ops"));
    assert!(plexi.ok(&["channel", "list", "--archived"]).contains("archived"));
    plexi.ok(&["channel", "archive", "ops", "--restore"]);
    plexi.fails(&["channel", "archive", "nowhere"], 3);
}

#[test]
fn an_operator_finds_private_channels_and_hands_them_over() {
    let plexi = Plexi::set_up();
    plexi.ok_with(&["user", "create", "grace", "--password-stdin"], PASSWORD);
    plexi.ok(&["space", "members", "add", "grace"]);
    plexi.ok(&["channel", "create", "secret", "--kind", "private", "--as", "grace"]);
    assert!(plexi.ok(&["channel", "list"]).contains("#secret"));
    plexi.ok(&["user", "disable", "grace"]);
    plexi.ok(&["channel", "members", "add", "secret", "ada", "--role", "admin"]);
    plexi.ok(&["channel", "rename", "secret", "handed-over", "--as", "ada"]);
}

#[test]
fn spaces_and_their_members_are_managed() {
    let plexi = Plexi::set_up();
    plexi.ok_with(&["user", "create", "grace", "--password-stdin"], PASSWORD);
    plexi.ok(&["space", "create", "Workshop", "--as", "ada"]);
    assert!(plexi.ok(&["space", "list"]).contains("Workshop"));
    plexi.fails(&["space", "members", "add", "grace"], 2);
    plexi.ok(&["space", "members", "add", "grace", "--space", "workshop", "--role", "guest"]);
    let members = plexi.json(&["space", "members", "list", "--space", "workshop"]);
    assert_eq!(members.as_array().unwrap().len(), 2);
    plexi.ok(&["space", "members", "remove", "grace", "--space", "workshop"]);
    assert_eq!(plexi.json(&["space", "members", "list", "--space", "workshop"]).as_array().unwrap().len(), 1);
    plexi.fails(&["space", "members", "list", "--space", "nowhere"], 3);
}

#[test]
fn a_message_is_sent_once_for_a_key_found_by_search_and_survives_export_and_import() {
    let plexi = Plexi::set_up();
    let sent = || plexi.json(&["send", "general", "the *first* words", "--as", "ada", "--client-id", "k1"]);
    let (first, second) = (sent(), sent());
    assert_eq!(first["id"], second["id"]);
    plexi.ok_with(&["send", "#general", "-", "--as", "ada"], "from standard input\nin two lines");
    let found = plexi.ok(&["search", "--as", "ada", "standard"]);
    assert!(found.contains("#general  ada\n  from standard input\n  in two lines"), "{found}");
    assert_eq!(plexi.ok(&["search", "nowhere-to-be-found", "--as", "ada"]), "nothing found\n");
    assert_eq!(plexi.json(&["search", "words", "--limit", "1", "--as", "ada"]).as_array().unwrap().len(), 1);
    assert_eq!(plexi.ok(&["search", "--as", "ada", "words", "--", "-first"]), "nothing found\n");

    plexi.ok(&["export", "all.zip"]);
    let ran = plexi.fails(&["export", "all.zip"], 2);
    assert!(ran.err.contains("there already"), "{}", ran.err);
    let other = Plexi::new();
    let file = plexi.path("all.zip");
    let file = file.to_str().unwrap();
    let dry = other.json(&["import", "plexichat", file, "--dry-run"]);
    assert_eq!(dry["dry_run"], true);
    let report = other.json(&["import", "plexichat", file]);
    assert_eq!(dry["messages"], report["messages"]);
    let again = other.json(&["import", "plexichat", file]);
    assert_eq!(
        (&again["messages"]["added"], &again["messages"]["present"]),
        (&0.into(), &report["messages"]["added"])
    );
    other.fails(&["import", "slack", "missing.zip"], 3);
}

#[test]
fn a_folder_in_use_is_refused_with_the_way_out() {
    let plexi = Plexi::set_up();
    let held =
        plexi_app::DataLock::take(&plexi.data(), "plexi-server at http://127.0.0.1:1 (process 1)").unwrap();
    let ran = plexi.fails(&["user", "list"], 4);
    assert!(ran.err.contains("process 1") && ran.err.contains("--server URL"), "{}", ran.err);
    drop(held);
    plexi.ok(&["user", "list"]);
}

#[test]
fn errors_for_programs_are_json_on_standard_error() {
    let plexi = Plexi::set_up();
    let ran = plexi.fails(&["user", "disable", "nobody", "--json"], 3);
    let told: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!((ran.out.as_str(), &told["error"]["exit_code"]), ("", &3.into()));
}

#[test]
fn the_doctor_finds_nothing_wrong_with_a_fresh_server_and_names_what_is() {
    let plexi = Plexi::set_up();
    let checks = plexi.json(&["doctor", "--set", "server.listen=127.0.0.1:0"]);
    let states: Vec<(&str, &str)> = checks
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["check"].as_str().unwrap(), one["health"].as_str().unwrap()))
        .collect();
    assert!(
        states.contains(&("database", "good")) && states.iter().all(|(_, state)| *state != "bad"),
        "{states:?}"
    );

    std::fs::write(plexi.data().join("plexichat.db"), vec![0x5A; 64 * 1024]).unwrap();
    let ran = plexi.fails(&["doctor", "--set", "server.listen=127.0.0.1:0"], 1);
    assert!(ran.out.contains("FAILED") && ran.out.contains("the database is damaged"), "{}", ran.out);
}

#[test]
fn a_folder_without_a_workspace_is_said_and_stays_as_it_is() {
    let plexi = Plexi::new();
    for args in [&["user", "list"][..], &["space", "list"], &["export", "all.zip"], &["search", "x"]] {
        let args: Vec<&str> = args.iter().copied().chain(["--set", "server.data_dir=tpyo"]).collect();
        let ran = plexi.fails(&args, 3);
        assert!(ran.err.contains("no workspace in tpyo") && ran.err.contains("plexi setup"), "{}", ran.err);
    }
    assert!(!plexi.path("tpyo").exists());
}

#[test]
fn a_first_space_without_a_name_is_refused_before_anything_is_made() {
    let plexi = Plexi::new();
    let ran = plexi.run(&["setup", "ada", "--space", " ", "--password-stdin"], PASSWORD);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(
        ran.err.contains("  space: must be 1 to 64 characters") && !ran.err.contains("details"),
        "{}",
        ran.err
    );
    plexi.ok_with(&["setup", "ada", "--password-stdin"], PASSWORD);
}

#[test]
fn an_export_to_nowhere_says_what_is_not_there() {
    let plexi = Plexi::set_up();
    let ran = plexi.fails(&["export", "nowhere/all.zip"], 3);
    assert!(ran.err.contains("nowhere is no folder"), "{}", ran.err);
}
