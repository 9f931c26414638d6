import { deflateRawSync } from "node:zlib";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Inbox, PACKING } from "./inbox";

const packed = (text: string): ArrayBuffer => new Uint8Array(deflateRawSync(text)).buffer;

describe("what comes of a socket", () => {
  let inbox: Inbox;
  let got: string[];
  const take = (data: string | ArrayBuffer) => inbox.take(data, (text) => got.push(text));

  beforeEach(() => {
    inbox = new Inbox();
    got = [];
  });

  it("is unpacked by this browser", () => {
    expect(PACKING).toBe("deflate-raw");
  });

  it("is there at once while nothing is being unpacked", () => {
    take("one");
    expect(got).toEqual(["one"]);
  });

  it("keeps its order, whatever takes how long", async () => {
    const long = "a longer story, 🦦 ".repeat(5_000);
    take(packed(long));
    take("two");
    take(packed("three"));
    take("four");
    inbox.after(() => got.push("closed"));
    await vi.waitFor(() => expect(got).toHaveLength(5));
    expect(got).toEqual([long, "two", "three", "four", "closed"]);
  });

  it("is at once again when all is unpacked", async () => {
    take(packed("one"));
    await vi.waitFor(() => expect(got).toHaveLength(1));
    await Promise.resolve();
    take("two");
    expect(got).toEqual(["one", "two"]);
  });

  it("goes on after one that was more than its taker could bear", async () => {
    inbox.take(packed("one"), () => {
      throw new Error("too much");
    });
    take("two");
    await vi.waitFor(() => expect(got).toEqual(["two"]));
  });

  it("goes on after what cannot be unpacked", async () => {
    take(new Uint8Array([255, 255, 255]).buffer);
    take("two");
    await vi.waitFor(() => expect(got).toEqual(["two"]));
  });
});
