use std::collections::BTreeMap;

use plexi_config::{SecretContext, SecretSource, Sources, load};

use crate::{Demo, load_text, variables, wrong};

fn source(toml: &str) -> SecretSource {
    load_text(&format!("[auth]\nsigning = {toml}")).unwrap().settings.auth.signing
}

fn context(folder: &tempfile::TempDir) -> SecretContext {
    let environment = BTreeMap::from([
        ("KEY".to_owned(), "from env".to_owned()),
        ("CREDENTIALS_DIRECTORY".to_owned(), folder.path().to_str().unwrap().to_owned()),
        ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
    ]);
    SecretContext { environment, base_dir: folder.path().to_owned() }
}

#[cfg(unix)]
#[test]
fn a_secret_is_read_from_where_it_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pepper"), "from file\n").unwrap();
    let cases = [
        ("\"in place\"", "in place"),
        ("{ file = \"pepper\" }", "from file"),
        ("{ env = \"KEY\" }", "from env"),
        ("{ credential = \"pepper\" }", "from file"),
        ("{ command = [\"printf\", \"%s\", \"from command\"] }", "from command"),
    ];
    for (toml, expected) in cases {
        let secret = source(toml).resolve(&context(&folder)).unwrap();
        assert_eq!(secret.expose(), expected, "{toml}");
    }
}

#[cfg(unix)]
#[test]
fn a_secret_that_cannot_be_read_says_why_and_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("empty"), "\n").unwrap();
    std::fs::write(folder.path().join("huge"), "x".repeat(70_000)).unwrap();
    let cases = [
        ("{ file = \"none\" }", "secret from file none: "),
        ("{ file = \"empty\" }", "secret from file empty: the secret is empty"),
        ("{ file = \"huge\" }", "secret from file huge: the secret is larger than 64 KiB"),
        ("{ env = \"NONE\" }", "secret from env NONE: the variable NONE is not set"),
        ("{ credential = \"../x\" }", "secret from credential ../x: a credential is a plain name"),
        ("{ command = [] }", "secret from command : the command is empty"),
        ("{ command = [\"false\", \"hunter2\"] }", "secret from command false: failed with exit status: 1"),
        ("{ command = [\"yes\"] }", "secret from command yes: the secret is larger than 64 KiB"),
    ];
    for (toml, expected) in cases {
        let error = source(toml).resolve(&context(&folder)).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{toml}: {error}");
    }
}

#[test]
fn a_secret_is_never_printed() {
    let loaded = load_text("[auth]\npepper = \"hunter2\"\nsigning = { env = \"KEY\" }").unwrap();
    let shown = [
        format!("{loaded:?}"),
        format!("{:?}", loaded.rows()),
        serde_json::to_string(&loaded.settings).unwrap(),
        toml::to_string(&loaded.settings).unwrap(),
    ];
    for text in shown {
        assert!(!text.contains("hunter2") && text.contains("***") && text.contains("KEY"), "{text}");
    }
    assert_eq!(
        serde_json::to_value(&loaded.settings.auth.signing).unwrap(),
        serde_json::json!({"env": "KEY"})
    );
    let shown = |toml: &str| serde_json::to_value(source(toml)).unwrap();
    assert_eq!(
        shown("{ command = [\"vault\", \"--token\", \"hunter2\"] }"),
        serde_json::json!({"command": ["vault", "***"]})
    );
    assert_eq!(shown("{ command = [\"vault\"] }"), serde_json::json!({"command": ["vault"]}));
    assert!(!format!("{:?}", context(&tempfile::tempdir().unwrap())).contains("from env"));
}

#[test]
fn a_secret_of_the_wrong_form_is_refused_without_repeating_it() {
    for toml in [
        "4711",
        "[\"4711\"]",
        "{ file = 4711 }",
        "{ fil = \"4711\" }",
        "{ file = \"4711\", env = \"4711\" }",
        "{}",
        "true",
    ] {
        let told = wrong(&format!("[auth]\nsigning = {toml}"));
        assert!(told.starts_with("plexichat.toml:2:"), "{toml}: {told}");
        assert!(told.contains("auth.signing") && told.contains("expected a secret"), "{toml}: {told}");
        assert!(!told.contains("4711"), "{toml}: {told}");
    }
    for toml in ["\"***\"", "{ command = [\"vault\", \"***\"] }"] {
        let told = wrong(&format!("[auth]\nsigning = {toml}"));
        assert!(told.contains("*** stands for a secret that was not shown"), "{told}");
    }
}

#[test]
fn a_secret_in_a_variable_is_taken_as_it_stands() {
    let variables = variables(&[("PLEXICHAT_AUTH__SIGNING", "4711 = [\" '")]);
    let settings = load::<Demo>(&Sources::new().environment(variables)).unwrap().settings;
    let secret = settings.auth.signing.resolve(&SecretContext::default()).unwrap();
    assert_eq!(secret.expose(), "4711 = [\" '");
}
