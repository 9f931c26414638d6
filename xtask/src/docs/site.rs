//! The pages as a site: every Markdown file as an HTML page of the same name, with the contents beside it. Plain files, to be opened or served as
//! they are.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

use crate::check::links;
use crate::failure::{Doing, Outcome};
use crate::workspace::Workspace;

const STYLE: &str = "\
:root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }
body { display: grid; grid-template-columns: 16rem minmax(0, 52rem); gap: 3rem; margin: 0 auto; max-width: 76rem; padding: 2rem; }
nav ul { list-style: none; padding: 0; } nav li { margin: 0.25rem 0; } nav [aria-current] { font-weight: 600; }
pre, table { overflow-x: auto; display: block; } pre { padding: 1rem; background: color-mix(in srgb, currentColor 7%, transparent); border-radius: 6px; }
code { font-size: 0.9em; } td, th { padding: 0.3rem 0.8rem 0.3rem 0; text-align: left; vertical-align: top; }
a { color: LinkText; } @media (max-width: 50rem) { body { grid-template-columns: 1fr; } }
";

/// Writes the site into the folder `site` of `generated`. Returns how many pages it has.
pub fn build(workspace: &Workspace, generated: &Path) -> Outcome<usize> {
    let site = generated.join("site");
    if site.exists() {
        fs::remove_dir_all(&site).doing(format!("cannot empty {}", site.display()))?;
    }
    fs::create_dir_all(&site).doing(format!("cannot create {}", site.display()))?;
    let pages = pages(workspace, generated)?;
    for (path, text) in &pages {
        let page = page(path, text, &pages);
        let file = site.join(name(path));
        fs::write(&file, page).doing(format!("cannot write {}", file.display()))?;
    }
    fs::write(site.join("style.css"), STYLE).doing("cannot write the style of the site")?;
    Ok(pages.len())
}

/// All Markdown files, those that git knows and those that were generated, by their path in the checkout.
fn pages(workspace: &Workspace, generated: &Path) -> Outcome<BTreeMap<PathBuf, String>> {
    let mut paths = workspace.files()?;
    let written = fs::read_dir(generated).doing("cannot list what was generated")?;
    paths.extend(
        written
            .flatten()
            .filter_map(|entry| entry.path().strip_prefix(&workspace.root).ok().map(Path::to_path_buf)),
    );
    let mut pages = BTreeMap::new();
    for path in paths.into_iter().filter(|path| path.extension().is_some_and(|end| end == "md")) {
        let text = fs::read_to_string(workspace.root.join(&path))
            .doing(format!("cannot read {}", path.display()))?;
        pages.insert(path, text);
    }
    Ok(pages)
}

/// `docs/API.md` is `API.html`, `crates/plexi-core/README.md` is `crates-plexi-core.html`.
fn name(path: &Path) -> String {
    let text = path.with_extension("").display().to_string().replace('/', "-");
    let short = text.trim_start_matches("docs-").trim_start_matches("_generated-");
    format!("{}.html", short.trim_end_matches("-README"))
}

fn page(path: &Path, text: &str, pages: &BTreeMap<PathBuf, String>) -> String {
    let title = title(text).unwrap_or_else(|| name(path));
    let mut contents = String::new();
    for (other, words) in pages {
        let current = if other == path { " aria-current=\"page\"" } else { "" };
        let words = title_of(other, words);
        // infallible: writing to a String
        let _ = write!(contents, "<li><a href=\"{}\"{current}>{}</a></li>", name(other), escaped(&words));
    }
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{} - PlexiChat</title><link rel=\"stylesheet\" href=\"style.css\"></head>\n\
         <body><nav aria-label=\"Pages\"><ul>{contents}</ul></nav>\n<main>{}</main></body></html>\n",
        escaped(&title),
        rendered(path, text, pages)
    )
}

fn title_of(path: &Path, text: &str) -> String {
    title(text).unwrap_or_else(|| name(path))
}

fn title(text: &str) -> Option<String> {
    text.lines().find_map(|line| line.strip_prefix("# ")).map(|line| line.replace('`', ""))
}

/// The page's body: headings have anchors as the links expect them, links between pages stay inside the site.
fn rendered(path: &Path, text: &str, pages: &BTreeMap<PathBuf, String>) -> String {
    let mut anchors = links::anchors(text).into_iter();
    let events = Parser::new_ext(text, Options::ENABLE_TABLES).map(|event| match event {
        Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
            let id = anchors.next().map(CowStr::from);
            Event::Start(Tag::Heading { level, id, classes, attrs })
        }
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = target(path, &dest_url, pages).into();
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        // A page is text: markup in it is shown and not obeyed.
        Event::Html(raw) | Event::InlineHtml(raw) => Event::Text(raw),
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        other => other,
    });
    let mut body = String::new();
    html::push_html(&mut body, events);
    body
}

/// Where a link of a page leads from the site.
fn target(from: &Path, to: &str, pages: &BTreeMap<PathBuf, String>) -> String {
    if to.contains("://") || to.starts_with("mailto:") || to.starts_with('#') {
        return to.to_owned();
    }
    let (file, heading) =
        to.split_once('#').map_or((to, String::new()), |(file, rest)| (file, format!("#{rest}")));
    match links::resolve(from, file) {
        Some(path) if pages.contains_key(&path) => name(&path) + &heading,
        Some(path) => format!("../../../{}", path.display()),
        None => to.to_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_pages() -> BTreeMap<PathBuf, String> {
        let page = |path: &str, text: &str| (PathBuf::from(path), text.to_owned());
        BTreeMap::from([
            page(
                "README.md",
                "# House\n[api](docs/API.md#the-end) [law](deny.toml) [out](https://example.org)",
            ),
            page("docs/API.md", "# `API` & more\n## The end\n<script>alert(1)</script>\n"),
        ])
    }

    #[test]
    fn links_between_pages_stay_in_the_site_and_others_lead_to_the_checkout() {
        let pages = two_pages();
        let house = page(Path::new("README.md"), &pages[Path::new("README.md")], &pages);
        for link in
            ["href=\"API.html#the-end\"", "href=\"../../../deny.toml\"", "href=\"https://example.org\""]
        {
            assert!(house.contains(link), "{link} not in {house}");
        }
        assert!(house.contains("<a href=\"README.html\" aria-current=\"page\">House</a>"));
    }

    #[test]
    fn headings_have_the_anchors_that_links_name_and_markup_is_text() {
        let pages = two_pages();
        let api = page(Path::new("docs/API.md"), &pages[Path::new("docs/API.md")], &pages);
        assert!(api.contains("<h2 id=\"the-end\">The end</h2>"), "{api}");
        assert!(api.contains("<title>API &amp; more - PlexiChat</title>"), "{api}");
        assert!(!api.contains("<script>"), "{api}");
    }
}
