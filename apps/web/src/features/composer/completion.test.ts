import { describe, expect, it } from "vitest";
import { askedAt, complete } from "./completion";

const at = (text: string) => askedAt(text, text.length);

describe("suggestions", () => {
  it("are asked for after @ and after : with two letters", () => {
    expect(at("hello @be")).toEqual({ kind: "mention", query: "be", from: 6, to: 9 });
    expect(at("@")).toMatchObject({ kind: "mention", query: "" });
    expect(at("nice :ta")).toEqual({ kind: "emoji", query: "ta", from: 5, to: 8 });
    expect(at("nice :t")).toBeNull();
  });

  it("are not asked for inside of words, addresses and code", () => {
    expect(at("mail ada@example")).toBeNull();
    expect(at("at 10:30")).toBeNull();
    expect(at("`@be")).toBeNull();
    expect(at("```\n@be")).toBeNull();
    expect(at("`done` @be")).toMatchObject({ kind: "mention" });
  });

  it("take the word's place, with one space after them", () => {
    const asked = askedAt("hi @be there", 6);
    expect(asked).not.toBeNull();
    if (asked) expect(complete("hi @be there", asked, "@ben")).toEqual({ text: "hi @ben there", cursor: 8 });
  });
});
