import { describe, expect, it } from "vitest";
import { excerpt } from "./excerpt";

const marked = (text: string, highlights: [number, number][]) =>
  excerpt(text, highlights).map((part) => (part.marked ? `[${part.text}]` : part.text)).join("");

describe("an excerpt of a find", () => {
  it("marks what was found", () => {
    expect(marked("the wireless driver", [[4, 12], [13, 19]])).toBe("the [wireless] [driver]");
  });

  it("counts as JavaScript does, also after emoji", () => {
    expect(marked("🎉🎉 party", [[5, 10]])).toBe("🎉🎉 [party]");
  });

  it("begins near the find in a long text, at a word", () => {
    const text = `${"word ".repeat(100)}needle ${"more ".repeat(200)}`;
    const shown = marked(text, [[500, 506]]);
    expect(shown).toMatch(/^… word .*\[needle\]/);
    expect(shown.length).toBeLessThan(400);
    expect(shown.endsWith(" …")).toBe(true);
  });

  it("joins marks that overlap and ignores those outside", () => {
    expect(marked("abcdef", [[1, 4], [3, 5], [9, 12]])).toBe("a[bcd][e]f");
  });
});
