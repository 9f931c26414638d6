//! What is asked of the person at the terminal, or read from standard input for scripts.

use std::io::{BufRead as _, IsTerminal as _, Read as _};

use console::Term;
use plexi_core::Secret;

use crate::args::PasswordSource;
use crate::exit::CliError;

/// The most that is read as one password or text, in bytes.
const MAX: u64 = 1024 * 1024;

/// Reads a password, twice when it is new and typed by a person.
pub(crate) fn password(
    source: PasswordSource,
    question: &str,
    new: bool,
) -> Result<Secret<String>, CliError> {
    if source.password_stdin {
        let mut line = String::new();
        std::io::stdin().lock().take(MAX).read_line(&mut line)?;
        let bare = line.trim_end_matches(['\n', '\r']).to_owned();
        let _wiped = Secret::new(line);
        if bare.is_empty() {
            return Err(CliError::usage("standard input held no password"));
        }
        return Ok(Secret::new(bare));
    }
    let first = hidden(question)?;
    if new && *hidden("The same again")?.expose() != *first.expose() {
        return Err(CliError::usage("the two passwords are not the same"));
    }
    Ok(first)
}

/// Asks for something that is not shown while it is typed.
pub(crate) fn hidden(question: &str) -> Result<Secret<String>, CliError> {
    let terminal = Term::stderr();
    if !std::io::stdin().is_terminal() || !terminal.is_term() {
        return Err(
            CliError::usage("there is no terminal to ask for the password").remedy("Use --password-stdin.")
        );
    }
    terminal.write_str(&format!("{question}: "))?;
    Ok(Secret::new(terminal.read_secure_line()?))
}

/// Asks for a line.
pub(crate) fn line(question: &str) -> Result<String, CliError> {
    let terminal = Term::stderr();
    if !std::io::stdin().is_terminal() || !terminal.is_term() {
        return Err(CliError::usage(format!("there is no terminal to ask: {question}")));
    }
    terminal.write_str(&format!("{question}: "))?;
    Ok(terminal.read_line()?)
}

/// Reads all of standard input as text.
pub(crate) fn standard_input() -> Result<String, CliError> {
    let mut text = String::new();
    std::io::stdin().lock().take(MAX).read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}
