mod remote;

use std::fmt::Write as _;
use std::time::Duration;

use plexi_app::messaging::transfer::native::Exported;
use plexi_app::messaging::transfer::{self, Bounds, Count, Mode, Progress, Renamed, Report, Source, Touched};
use plexi_core::{Clock as _, SystemClock};

use crate::args::{Export, Global, Import, ImportSource};
use crate::exit::CliError;
use crate::output::{Out, Table, plain};
use crate::workspace::{open_existing, open_services};

/// How many names that changed are shown to people.
const MOST_SHOWN: usize = 40;

/// `plexi import`
pub(crate) async fn import(global: &Global, args: Import, out: Out) -> Result<(), CliError> {
    let source = match args.source {
        ImportSource::Slack => Source::Slack,
        ImportSource::Mattermost => Source::Mattermost,
        ImportSource::Plexichat => Source::Plexichat,
    };
    if !args.file.is_file() {
        return Err(CliError::not_found(format!("{} is no file", args.file.display())));
    }
    if let Some(address) = &global.server {
        let report = remote::import(address, global, &args, out).await?;
        return out.show(&report, told);
    }
    let services = open_services(global).await?;
    let (bar, report) = {
        let bar = out.progress("parts");
        bar.enable_steady_tick(Duration::from_millis(200));
        let show = |progress: Progress| show(&bar, progress);
        let report = transfer::import_file(
            services.transfer(),
            source,
            &args.file,
            Mode { dry_run: args.dry_run, restore: args.restore },
            Bounds::default(),
            &show,
        )
        .await;
        (bar, report)
    };
    bar.finish_and_clear();
    services.close().await;
    out.show(&report?, told)
}

/// `plexi export`
pub(crate) async fn export(global: &Global, args: Export, out: Out) -> Result<(), CliError> {
    let folder = args.file.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(CliError::not_found(format!("{} is no folder", folder.display()))
            .remedy("Make it first, or give another name."));
    }
    if args.file.exists() {
        return Err(
            CliError::usage(format!("{} is there already", args.file.display())).remedy("Give a new name.")
        );
    }
    let written = |done: &Exported| {
        let place = args.file.display();
        format!(
            "{} messages, {} channels, {} spaces, {} users written to {place}",
            done.messages, done.channels, done.spaces, done.users
        )
    };
    if let Some(address) = &global.server {
        let done = remote::export(address, global, &args.file, out).await?;
        return out.show(&done, written);
    }
    let services = open_existing(global).await?;
    let bar = out.progress("messages");
    bar.enable_steady_tick(Duration::from_millis(200));
    let show = |progress: Progress| show(&bar, progress);
    let exported = transfer::native::export(services.transfer(), &args.file, SystemClock.now(), &show).await;
    bar.finish_and_clear();
    services.close().await;
    out.show(&exported?, written)
}

fn show(bar: &indicatif::ProgressBar, progress: Progress) {
    let (done, of) = progress.parts;
    bar.set_length(of.max(done));
    bar.set_position(done);
    bar.set_message(format!("{} messages", progress.messages));
}

fn told(report: &Report) -> String {
    let mut table = Table::new(&["what", "new", "there before"]);
    let mut counted =
        |what: &str, count: Count| table.row([what, &count.added.to_string(), &count.present.to_string()]);
    counted("roles", report.roles);
    counted("users", report.users);
    counted("messages", report.messages);
    let mut text = if report.dry_run { "dry run: nothing was written\n\n".to_owned() } else { String::new() };
    text.push_str(&table.to_string());
    // infallible: writing to a String, here and below
    let _ = write!(
        text,
        "\n{} spaces, {} channels; among the messages {} threads with {} replies, {} system notes; {} reactions\n",
        report.spaces, report.channels, report.threads, report.replies, report.system, report.reactions
    );
    if report.renamed_total > 0 {
        let mut names = Table::new(&["what", "name there", "name here"]);
        let shown = report.renamed.iter().take(MOST_SHOWN);
        for Renamed { what, there, here } in shown.clone() {
            names.row([what.as_str(), &plain(there), &plain(here)]);
        }
        let _ = write!(text, "\nnames that another had here:\n\n{names}");
        let more = report.renamed_total.saturating_sub(shown.len() as u64);
        if more > 0 {
            let _ = writeln!(text, "and {more} more (--json lists the first 1,000)");
        }
        if report.mentions_renamed > 0 {
            let _ = writeln!(text, "{} messages mention them by the name here", report.mentions_renamed);
        }
    }
    if report.touched_total > 0 {
        let mut here = Table::new(&["what", "name here", "members", "messages", "id"]);
        for Touched { what, id, name, members, messages } in report.touched.iter().take(MOST_SHOWN) {
            here.row([what.as_str(), &plain(name), &members.to_string(), &messages.to_string(), &plain(id)]);
        }
        let _ = write!(text, "\nhere before, and added to:\n\n{here}");
        let more = report.touched_total.saturating_sub(MOST_SHOWN as u64);
        if more > 0 {
            let _ = writeln!(text, "and {more} more (--json lists the first 1,000)");
        }
    }
    if !report.notes.is_empty() {
        let mut notes = Table::new(&["not as it was", "times", "for instance"]);
        for (kind, note) in &report.notes {
            notes.row([kind, &note.count.to_string(), &plain(&note.example)]);
        }
        let _ = write!(text, "\n{notes}");
    }
    text
}
