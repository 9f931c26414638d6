import { i18n } from "@lingui/core";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiError } from "~/api/client";
import type { ErrorCode } from "~/api/types";
import { problem } from "~/test/things";
import { activateLocale } from ".";
import { errorWords, fieldError, fieldWords, formError, problemWords } from "./problems";

const DOCUMENT = "../../crates/plexi-web/tests/it/snapshots/it__document__the_document_changes_only_knowingly.snap";

/** Every code of the server's catalogue, as its own document lists them. */
function catalogue(): ErrorCode[] {
  const snapshot = readFileSync(resolve(DOCUMENT), "utf8");
  const { components } = JSON.parse(snapshot.slice(snapshot.indexOf("\n---\n") + 5)) as { components: { schemas: { ErrorCode: { oneOf: { const: ErrorCode }[] } } } };
  return components.schemas.ErrorCode.oneOf.map((code) => code.const);
}

const refused = (code: ErrorCode, message: string, fields?: { field: string; problem: string }[]) =>
  new ApiError(422, code, message, problem(code, message, fields));

describe("errors of the server, in German", () => {
  beforeEach(() => activateLocale("de"));
  afterEach(() => i18n.loadAndActivate({ locale: "en", messages: {} }));

  it.each(catalogue())("%s has words of its own", async (code) => {
    const german = problemWords(problem(code, "The server's words."));
    await activateLocale("en");
    const english = problemWords(problem(code, "The server's words."));
    expect(english).not.toBe("The server's words.");
    expect(german).not.toBe(english);
    expect(german).toMatch(/^\p{Lu}.*[.]$/u);
  });

  it.each([
    ["must be 1 to 64 characters", "Nimm 1 bis 64 Zeichen."],
    ["must be at least 15 characters", "Nimm mindestens 15 Zeichen."],
    ["must be at most 250 characters on one line", "Nimm höchstens 250 Zeichen in einer Zeile."],
    ["must be 1 to 1000", "Wähle eine Zahl von 1 bis 1000."],
    ["is required", "Das wird gebraucht."],
    ["is taken or too like another", "Dieser Name ist vergeben oder einem anderen zu ähnlich. Wähle einen anderen."],
    ["is easy to guess; several unrelated words are better", "Das ist leicht zu erraten. Mehrere Wörter ohne Zusammenhang sind besser."],
  ])("the field problem \"%s\"", (said, german) => expect(fieldWords(said)).toBe(german));

  it("name the field when they stand alone", () => {
    expect(problemWords(problem("VALIDATION_INVALID", "", [{ field: "topic", problem: "must be at most 250 characters" }]))).toBe("Thema: Nimm höchstens 250 Zeichen.");
  });
});

/** How the server words its problems; each kind has words here, and none is left in the server's own. */
const KNOWN = [
  "must be 1 to 64 lower-case letters, digits, -, _ or .", "must be 1 to 32 of a-z, 0-9, _ and -", "must be 1 to 32 characters that can be seen, without spaces",
  "must be at most 40000 characters, without NUL", "must be at most 262144 bytes", "must be at most 20 words and operators", "must have 1 to 200 entries",
  "must name 1 to 8 others", "must be at least 1", "must be at most 500", "must be a whole number", "must be text", "must be a UUID", "must match ^[a-z]+$",
  "may hold letters, digits, '.', '_' and '-' only", "must hold a letter or a digit", "is a word that addresses everybody",
  "must not hold control, invisible or direction-changing characters", "must not contain NUL characters", "must not be empty", "is taken", "conflicts with what is there",
  "is among the most common ones", "is mostly a row of the keyboard or of the alphabet", "is made of your name or the name of this product", "is not the name of a role",
  "no space role has this name", "no such user", "is not a member of the space", "you are not a member of this channel", "only its author may edit a message",
  "a message takes at most 50 different ones", "a channel takes at most 100 pins", "there can be at most 500 drafts", "must be a day such as 2026-01-31 or an RFC 3339 time",
  "must be link, file, reaction, pin or thread", "must be thread, pinned, edited or direct", "an operator cannot be negated; only words and phrases can",
  "is no operator; operators are from: in: before: after: has: is: (quote the word to search for it)", "this needs space.manage",
];

describe("what a field problem is called", () => {
  it.each(KNOWN)("%s", (said) => expect(fieldWords(said)).not.toBe(said));

  it("is left in the server's words when we have none", () => {
    expect(fieldWords("must rhyme")).toBe("must rhyme");
    expect(problemWords({ error_code: "FUTURE_CODE", message: "Something new." })).toBe("Something new.");
  });
});

describe("a form", () => {
  const error = refused("VALIDATION_INVALID", "No.", [{ field: "name", problem: "is taken" }]);

  it("shows a problem beside its field, and not twice", () => {
    expect(fieldError(error, "name")).toBe("This is taken. Choose another.");
    expect(fieldError(error, "topic")).toBeUndefined();
    expect(formError(error, "name", "topic")).toBeUndefined();
  });

  it("shows above its fields what it has no field for", () => {
    expect(formError(error, "topic")).toBe("Name: This is taken. Choose another.");
    expect(formError(refused("VALIDATION_ARCHIVED", "x"), "name")).toMatch(/archived/);
    expect(formError(null, "name")).toBeUndefined();
  });

  it("speaks of the connection when there was no answer", () => {
    expect(errorWords(new ApiError(0, "CLIENT_OFFLINE", ""))).toMatch(/connection/);
  });
});
