import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { renderInline } from "./inline";
import { isPlain } from "./plain";
import { format } from "./render";

const context = { people: new Map([["ada", "id-ada"], ["ben.o", "id-ben"]]), all: false, me: "id-ben" };
const html = (text: string) => renderToStaticMarkup(<>{format(text, context)}</>).replace(/ class="[^"]*"| dir="auto"/g, "");

describe("a message's text", () => {
  it("is formatted as CommonMark", () => {
    expect(html("**a** *b* `c` ~~d~~")).toContain("<strong><span>a</span></strong>");
    expect(html("**a** *b* `c` ~~d~~")).toContain("<del><span>d</span></del>");
    expect(html("1. x\n2. y")).toMatch(/<ol><li/);
  });

  it("never becomes markup by itself", () => {
    const shown = html('<img src=x onerror="alert(1)"> <b>bold</b>');
    expect(shown).not.toMatch(/<img|<b>/);
    expect(shown).toContain("&lt;b&gt;");
  });

  it.each(["javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd"])("does not lead to %s", (address) => {
    expect(html(`[press](${address})`)).not.toContain("href");
  });

  it("leads to ordinary addresses without saying where from", () => {
    expect(html("[here](https://example.org/)")).toContain('<a href="https://example.org/" target="_blank" rel="noopener noreferrer nofollow">');
    expect(html("see www.example.org")).toContain('href="http://www.example.org/"');
  });

  it("loads no pictures from elsewhere", () => {
    expect(html("![cat](https://example.org/cat.png)")).not.toContain("<img");
  });

  it("has headings that are none of the page", () => {
    expect(html("# Loud")).not.toContain("<h1");
  });

  it("marks only names that the server took for mentions", () => {
    const shown = renderToStaticMarkup(<>{renderInline("@Ada, @ben.o. and @carol; ada@example.org", context)}</>);
    expect(shown).toContain(">@Ada</button>");
    expect(shown).toContain(">@ben.o</button>.");
    expect(shown).not.toContain(">@carol<");
  });

  it("shows short codes as emoji and leaves unknown ones", () => {
    expect(renderInline(":tada: 10:30:45 :nope:", context)).toBe("🎉 10:30:45 :nope:");
  });

  it("needs no parser when it is plain", () => {
    expect(isPlain("Is this plain? Yes, (mostly) it is: 3 + 4 = 7.")).toBe(true);
    for (const text of ["*x*", "a_b_", "# h", "- item", "1. one", "`c`", "https://x.org", "<b>", "a\n\nb", "    code"]) expect(isPlain(text)).toBe(false);
  });
});
