import { describe, expect, it } from "vitest";
import type { ConfigForm, LogLine } from "~/api/types";
import { editedText, sections, shownConfig, valueOf } from "./configValues";
import { fileNameOf, isLevel, keyed, shownValue } from "./logs";
import { mayAdminister } from "./permissions";
import { hitShare, rateBetween } from "./rates";
import { figureOf, logTimeOf, shareOf, sizeOf, spanOf } from "./units";

const line = (text: string): LogLine => ({ message: text, fields: {}, line: text });

describe("the console", () => {
  it("is for those with a permission that one of its pages needs", () => {
    expect(mayAdminister(["users.read", "logs.read"])).toBe(true);
    expect(mayAdminister(["users.manage", "space.manage"])).toBe(false);
  });
});

describe("units", () => {
  it("say a time in its two largest parts", () => {
    expect(spanOf(0)).toBe("0 sec");
    expect(spanOf(59.9)).toBe("59 sec");
    expect(spanOf(60)).toBe("1 min");
    expect(spanOf(3_725)).toBe("1 hr 2 min");
    expect(spanOf(90_000)).toBe("1 day 1 hr");
    expect(spanOf(-5)).toBe("0 sec");
  });

  it("say a size with a digit after the point only where it tells something", () => {
    expect(sizeOf(0)).toBe("0 byte");
    expect(sizeOf(999)).toBe("999 byte");
    expect(sizeOf(1_536)).toBe("1.5 kB");
    expect(sizeOf(256 * 1024)).toBe("256 kB");
    expect(sizeOf(4096 * 1024)).toBe("4 MB");
    expect(sizeOf(3 * 1024 ** 3)).toBe("3 GB");
  });

  it("leave the day of a line out when it is today", () => {
    const at = "2026-11-21T09:30:00.123456Z";
    expect(logTimeOf(at, new Date(at))).toMatch(/^\d{2}:30:00\.123$/);
    expect(logTimeOf(at, new Date("2026-11-25T12:00:00Z"))).toMatch(/2[01].*:30:00\.123$/);
  });
});

describe("a figure", () => {
  it("has the unit in which it is read best, and no more digits than count", () => {
    expect(figureOf(12.3456, "per_second")).toBe("12.3/s");
    expect(figureOf(0.000_99, "seconds")).toBe("0.99 ms");
    expect(figureOf(0.25, "seconds")).toBe("250 ms");
    expect(figureOf(2.5, "seconds")).toBe("2.5 sec");
    expect(figureOf(1_536, "bytes")).toBe("1.5 kB");
    expect(figureOf(1_234, "count")).toBe("1,234");
    expect(figureOf(0.9876, "share")).toBe("98.8%");
    expect(figureOf(0, "processors")).toBe("0");
  });
});

describe("the rate of requests", () => {
  const at = (uptime_seconds: number, requests: number, started_at = "2026-11-21T09:30:00Z") => ({ started_at, uptime_seconds, requests });

  it("is that between two looks", () => {
    expect(rateBetween(at(10, 100), at(15, 112))).toBe(2.4);
    expect(rateBetween(at(10, 100), at(15, 100))).toBe(0);
  });

  it("is unknown without time between them or after a restart", () => {
    expect(rateBetween(at(10, 100), at(10, 103))).toBeUndefined();
    expect(rateBetween(at(10, 100), at(12, 5, "2026-11-21T10:00:00Z"))).toBeUndefined();
  });
});

describe("the share of questions answered from memory", () => {
  it("is of those that were asked, and unknown when none was", () => {
    expect(hitShare({ hits: 3, misses: 1 })).toBe(0.75);
    expect(hitShare({ hits: 0, misses: 2 })).toBe(0);
    expect(hitShare({ hits: 0, misses: 0 })).toBeUndefined();
    expect(shareOf(0.756)).toBe("75.6%");
  });
});

describe("values of the configuration", () => {
  const form = (kind: ConfigForm["kind"], choices?: string[]): ConfigForm => ({ kind, optional: false, ...(choices ? { choices } : {}) });

  it("are edited as text and mean the same again", () => {
    for (const [kind, value, text] of [
      ["switch", true, "true"],
      ["integer", 12, "12"],
      ["number", 0.5, "0.5"],
      ["text", "a, b", "a, b"],
      ["list", ["a", "b"], "a\nb"],
      ["table", { sqlx: "debug", "a.b": "warn" }, "sqlx = debug\na.b = warn"],
    ] as const) {
      expect(editedText(form(kind), value)).toBe(text);
      expect(valueOf(form(kind), text)).toEqual(value);
    }
  });

  it("go to the server as they were typed when they make no sense", () => {
    expect([valueOf(form("integer"), "many"), valueOf(form("integer"), ""), valueOf(form("list"), " \n")]).toEqual(["many", "", []]);
    expect(valueOf(form("table"), "sqlx\n")).toEqual({ sqlx: "" });
  });

  it("are shown in one line", () => {
    expect([shownConfig(null), shownConfig(""), shownConfig(["a", 1]), shownConfig({ a: "b", c: "d" }), shownConfig(false)]).toEqual(["", "", "a, 1", "a = b, c = d", "false"]);
  });

  it("are found by name, meaning and value, by section", () => {
    const key = (section: string, name: string, meaning: string, value: unknown) => ({ key: `${section}.${name}`, section, meaning, value, default: null, form: form("text"), origin: { from: "default" as const }, needs_restart: false });
    const items = [key("server", "listen", "The address", "127.0.0.1"), key("server", "share", "Of requests", 0.5), key("auth", "days", "How long", 30)];
    const found = (sought: string) => sections(items, sought).map(([section, keys]) => `${section}: ${keys.map((one) => one.key).join(" ")}`);
    expect(found("")).toEqual(["server: server.listen server.share", "auth: auth.days"]);
    expect(found(" ADDRESS 127 ")).toEqual(["server: server.listen"]);
    expect(found("nothing")).toEqual([]);
  });
});

describe("lines of a log", () => {
  it("keep their keys when others come and older ones go", () => {
    const keys = (texts: string[]) => keyed(texts.map(line)).map(({ key }) => key);
    const before = keys(["a", "b", "c"]);
    expect(keys(["b", "c", "d"]).slice(0, 2)).toEqual(before.slice(1));
  });

  it("have different keys also when they say the same", () => {
    const keys = keyed(["a", "a", "1 a"].map(line)).map(({ key }) => key);
    expect(new Set(keys).size).toBe(3);
  });

  it("show fields as they were logged", () => {
    expect([shownValue("x y"), shownValue(3), shownValue(true), shownValue({ a: [1] })]).toEqual(["x y", "3", "true", '{"a":[1]}']);
  });

  it("are saved as text under the name of their file", () => {
    expect(fileNameOf("latest.txt")).toBe("latest.txt");
    expect(fileNameOf("latest-20261121T093000.123456Z.zip")).toBe("latest-20261121T093000.123456Z.txt");
    expect(fileNameOf("plugins/poll/poll.log")).toBe("plugins-poll-poll.txt");
  });

  it("are chosen by levels that there are", () => {
    expect(isLevel("warn")).toBe(true);
    expect(isLevel("loud")).toBe(false);
    expect(isLevel(undefined)).toBe(false);
  });
});
