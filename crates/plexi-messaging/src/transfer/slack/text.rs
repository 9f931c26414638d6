//! Slack's own markup, made into `CommonMark`.

use std::collections::HashMap;

use plexi_core::UserId;

use super::document::Post;

/// The text of a post in `CommonMark`, with links to its files and the texts of its attachments.
pub(super) fn markdown(post: &Post, names: &HashMap<String, String>) -> String {
    let mut text = convert(&post.text, names);
    for attachment in &post.attachments {
        let shown = attachment.text.as_ref().or(attachment.fallback.as_ref()).filter(|text| !text.is_empty());
        if let Some(shown) = shown {
            new_line(&mut text);
            let quoted: Vec<String> = convert(shown, names).lines().map(|line| format!("> {line}")).collect();
            text.push_str(&quoted.join("\n"));
        }
    }
    for file in &post.files {
        new_line(&mut text);
        let name = file.name.as_deref().unwrap_or("file").replace(['[', ']'], "");
        match &file.permalink {
            Some(link) => text.extend(["[", &name, "](", link, ")"]),
            None => text.push_str(&name),
        }
    }
    text
}

fn new_line(text: &mut String) {
    if !text.is_empty() {
        text.push('\n');
    }
}

/// The users that a text names, in order, at most 50.
pub(super) fn mentions(text: &str, users: &HashMap<String, UserId>) -> Vec<UserId> {
    let mut named = Vec::new();
    for part in text.split("<@").skip(1) {
        let id = part.split(['>', '|']).next().unwrap_or_default();
        if let Some(user) = users.get(id)
            && !named.contains(user)
            && named.len() < 50
        {
            named.push(*user);
        }
    }
    named
}

/// The emoji of a reaction: the character for the most common, else its name.
pub(super) fn emoji(name: &str) -> String {
    let name = name.split("::").next().unwrap_or(name);
    let known = match name {
        "+1" | "thumbsup" => "\u{1F44D}",
        "-1" | "thumbsdown" => "\u{1F44E}",
        "heart" => "\u{2764}\u{FE0F}",
        "tada" => "\u{1F389}",
        "joy" => "\u{1F602}",
        "smile" => "\u{1F604}",
        "eyes" => "\u{1F440}",
        "rocket" => "\u{1F680}",
        "pray" => "\u{1F64F}",
        "fire" => "\u{1F525}",
        "100" => "\u{1F4AF}",
        "clap" => "\u{1F44F}",
        "wave" => "\u{1F44B}",
        "white_check_mark" => "\u{2705}",
        "thinking_face" => "\u{1F914}",
        "raised_hands" => "\u{1F64C}",
        "ok_hand" => "\u{1F44C}",
        "cry" => "\u{1F622}",
        "warning" => "\u{26A0}\u{FE0F}",
        "question" => "\u{2753}",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let plain: String = name.chars().filter(|c| !c.is_whitespace() && !c.is_control()).take(30).collect();
    format!(":{plain}:")
}

/// Converts outside of code; code keeps its characters and only loses the escapes.
fn convert(text: &str, names: &HashMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let fences = text.matches("```").count();
    for (index, part) in text.split("```").enumerate() {
        if index % 2 == 1 {
            out.push_str("```");
            // A fence begins on a line of its own in CommonMark.
            if !part.starts_with('\n') {
                out.push('\n');
            }
            out.push_str(&unescape(&references(part, names)));
            if !part.ends_with('\n') {
                out.push('\n');
            }
            out.push_str("```");
        } else {
            if index > 0 && !part.is_empty() && !part.starts_with('\n') {
                out.push('\n');
            }
            inline(part, names, &mut out);
            if !out.is_empty() && !out.ends_with('\n') && fences > index {
                out.push('\n');
            }
        }
    }
    out
}

fn inline(text: &str, names: &HashMap<String, String>, out: &mut String) {
    for (index, part) in text.split('`').enumerate() {
        if index > 0 {
            out.push('`');
        }
        if index % 2 == 1 {
            out.push_str(&unescape(&references(part, names)));
        } else {
            out.push_str(&unescape(&emphasis(&references(part, names))));
        }
    }
}

/// `&amp;`, `&lt;` and `&gt;` are the only escapes of Slack.
fn unescape(text: &str) -> String {
    if text.contains('&') {
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    } else {
        text.to_owned()
    }
}

/// `<@U1>`, `<#C1|name>`, `<!channel>`, `<https://x|label>` become what they show.
fn references(text: &str, names: &HashMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let Some(length) = rest[start..].find('>') else { break };
        out.push_str(&rest[..start]);
        let inside = &rest[start + 1..start + length];
        rest = &rest[start + length + 1..];
        let (target, label) =
            inside.split_once('|').map_or((inside, None), |(target, label)| (target, Some(label)));
        if let Some(user) = target.strip_prefix('@') {
            out.push('@');
            out.push_str(names.get(user).map(String::as_str).or(label).unwrap_or(user));
        } else if let Some(channel) = target.strip_prefix('#') {
            out.push('#');
            out.push_str(label.unwrap_or(channel));
        } else if let Some(special) = target.strip_prefix('!') {
            match special.split('^').next().unwrap_or_default() {
                "here" => out.push_str("@here"),
                "channel" | "everyone" => out.push_str("@channel"),
                other => out.push_str(label.unwrap_or(other)),
            }
        } else if target.contains("://") || target.starts_with("mailto:") {
            match label.filter(|label| *label != target) {
                Some(label) => out.extend(["[", &label.replace(['[', ']'], ""), "](", target, ")"]),
                None => out.push_str(target),
            }
        } else {
            // Not a reference of Slack's: as it stands.
            out.push('<');
            out.push_str(inside);
            out.push('>');
        }
    }
    out.push_str(rest);
    out
}

/// `*bold*` and `~struck~` get a second mark; `_italic_` is the same in both.
fn emphasis(text: &str) -> String {
    if !text.contains(['*', '~']) {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    let mut doubled = vec![false; chars.len()];
    for mark in ['*', '~'] {
        let mut open: Option<usize> = None;
        for (at, _) in chars.iter().enumerate().filter(|(_, c)| **c == mark) {
            let before = at.checked_sub(1).map(|i| chars[i]);
            let after = chars.get(at + 1).copied();
            let outside = |c: Option<char>| {
                c.is_none_or(|c| c.is_whitespace() || (c.is_ascii_punctuation() && c != mark))
            };
            let inside = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace() && c != mark);
            match open {
                Some(start) if inside(before) && outside(after) && !chars[start..at].contains(&'\n') => {
                    doubled[start] = true;
                    doubled[at] = true;
                    open = None;
                }
                _ if outside(before) && inside(after) => open = Some(at),
                _ => {}
            }
        }
    }
    let mut out = String::with_capacity(text.len() + 8);
    for (c, doubled) in chars.into_iter().zip(doubled) {
        out.push(c);
        if doubled {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let names = HashMap::from([("U1".to_owned(), "ada".to_owned())]);
        convert(text, &names)
    }

    #[test]
    fn references_become_what_they_show() {
        assert_eq!(shown("hi <@U1>, see <#C9|general>"), "hi @ada, see #general");
        assert_eq!(shown("<!here> <!channel> <!everyone>"), "@here @channel @channel");
        assert_eq!(shown("<https://a.test/x?a=1&amp;b=2>"), "https://a.test/x?a=1&b=2");
        assert_eq!(shown("<https://a.test|the page>"), "[the page](https://a.test)");
        assert_eq!(shown("if a &lt; b &amp;&amp; c &gt; d"), "if a < b && c > d");
    }

    #[test]
    fn bold_and_struck_are_doubled_and_stars_of_commands_are_not() {
        assert_eq!(shown("this is *bold* and ~gone~"), "this is **bold** and ~~gone~~");
        assert_eq!(shown("rm -rf *.o *.a"), "rm -rf *.o *.a");
        assert_eq!(
            shown("version of mplayer except for -k7* should"),
            "version of mplayer except for -k7* should"
        );
        assert_eq!(shown("a*b*c"), "a*b*c");
    }

    #[test]
    fn code_keeps_its_characters() {
        assert_eq!(shown("run `ls *a* &amp;&amp; x`"), "run `ls *a* && x`");
        assert_eq!(shown("```a *b* c```"), "```\na *b* c\n```");
        assert_eq!(shown("see:\n```\nx\n```\ndone"), "see:\n```\nx\n```\ndone");
    }

    #[test]
    fn those_named_are_found_once_each() {
        let ada = UserId::from_uuid(uuid::Uuid::from_u128(1));
        let users = HashMap::from([("U1".to_owned(), ada)]);
        assert_eq!(mentions("<@U1> and <@U1|ada> and <@U2>", &users), [ada]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_conversion(text in ".{0,200}") {
            let out = shown(&text);
            proptest::prop_assert!(out.len() <= text.len() * 4 + 16);
        }
    }
}
