use plexi_config::{ConfigSchema, example_toml, reference};

use crate::{Demo, load_text};

#[test]
fn the_reference_has_a_row_for_every_key() {
    let text = reference(&ConfigSchema::of::<Demo>());
    let rows = [
        "Settings of a test server.",
        "## server\n\nThe server.\n",
        "| `server.listen` | string | `\"127.0.0.1:8080\"` | yes | The address to listen on. |",
        "| `server.public_url` | string | not set | no | The address under which people reach it. |",
        "| `server.max_body_bytes` | integer, at least 1 | `1024` | no | The longest body, in bytes. |",
        "| `server.trusted` | list of string | `[]` | no | Proxies \\| that are trusted. |",
        "| `logging.level` | \"info\" or \"debug\" | `\"info\"` | no | How much. |",
        "| `logging.targets` | table of \"info\" or \"debug\" | `{}` | no | How much of single targets. |",
        "| `auth.pepper` | secret | not set | no | Mixed into passwords. |",
        "| `auth.signing` | secret | `{ file = \"keys/signing\" }` | no | Signs tokens. |",
    ];
    for row in rows {
        assert!(text.contains(row), "{row}\n---\n{text}");
    }
}

#[test]
fn the_example_file_says_the_defaults_when_its_keys_are_uncommented() {
    let example = example_toml(&ConfigSchema::of::<Demo>());
    assert_eq!(load_text(&example).unwrap().settings, Demo::default());
    let uncommented: Vec<_> = example
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .collect();
    let loaded = load_text(&uncommented.join("\n")).unwrap();
    assert_eq!(loaded.settings, Demo::default());
    assert!(loaded.origins["server.listen"].to_string().starts_with("plexichat.toml:"), "{example}");
}
