import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "~/api/client";
import type { Message, MessageWindow } from "~/api/types";
import { message, reaction, windowOf } from "~/test/things";
import { CHUNK, Timeline, type Pending, type WindowSource } from "./timeline";

const TOTAL = 214_532;

function source(total = TOTAL) {
  const asked: number[] = [];
  const given: WindowSource & { asked: number[] } = {
    asked,
    window: vi.fn(async ({ before, limit }: { before?: number; limit: number }) => {
      const end = Math.min(before ?? total, total);
      asked.push(end);
      return windowOf(Math.max(0, end - limit), end, total);
    }),
    me: () => "me",
    seen: vi.fn(),
  };
  return given;
}

const settle = () => new Promise((done) => setTimeout(done));
const pending = (clientId: string, text = "hello"): Pending => ({
  client_id: clientId, channel_id: "c", thread_id: null, reply_to: null, text, created_at: "2026-01-01T00:00:00Z", state: "sending",
});

describe("a timeline of a long channel", () => {
  let from: ReturnType<typeof source>;
  let timeline: Timeline;
  beforeEach(async () => {
    from = source();
    timeline = new Timeline("c", null, from);
    await timeline.open();
  });

  it("begins with the newest messages and knows how many there are", () => {
    expect(timeline.total).toBe(TOTAL);
    expect(timeline.held).toBe(CHUNK);
    expect(timeline.at(TOTAL - 1)?.id).toBe(`m${TOTAL - 1}`);
  });

  it("fetches only the windows where somebody looks", async () => {
    timeline.want(100_010, 100_040);
    await settle();
    expect(timeline.at(100_010)).toBeDefined();
    expect(timeline.at(100_040)).toBeDefined();
    expect(timeline.at(99_000)).toBeUndefined();
    expect(from.asked).toHaveLength(2);
  });

  it("does not fetch again what it has", async () => {
    timeline.want(TOTAL - 10, TOTAL + 10);
    await settle();
    const before = from.asked.length;
    timeline.want(TOTAL - 10, TOTAL + 10);
    await settle();
    expect(from.asked).toHaveLength(before);
  });

  it("drops requests for places that were only flown over", async () => {
    const signals: AbortSignal[] = [];
    from.window = vi.fn((_query, signal?: AbortSignal) => {
      if (signal) signals.push(signal);
      return new Promise<MessageWindow>(() => undefined);
    });
    timeline.want(1_000, 1_010);
    timeline.want(50_000, 50_010);
    expect(signals[0]?.aborted).toBe(true);
    expect(signals[1]?.aborted).toBe(false);
  });

  it("holds a bounded number of messages, and always the newest", async () => {
    for (let place = 1_000; place < 11_000; place += CHUNK) {
      timeline.want(place, place + CHUNK - 1);
      await settle();
    }
    expect(timeline.held).toBeLessThan(4_200);
    expect(timeline.at(TOTAL - 1)).toBeDefined();
  });

  it("says that nothing could be reached", async () => {
    const lost = new Timeline("c", null, { ...from, window: () => Promise.reject(new ApiError(0, "CLIENT_OFFLINE", "")) });
    await expect(lost.open()).rejects.toThrow();
    expect(lost.unreachable).toBe(true);
  });
});

describe("events", () => {
  let timeline: Timeline;
  beforeEach(async () => {
    timeline = new Timeline("c", null, source(3));
    await timeline.open();
  });

  it("shows a posted message once, however often it is told of it", () => {
    const posted = message(3);
    timeline.apply({ kind: "message_posted", message: posted });
    timeline.apply({ kind: "message_posted", message: posted });
    expect(timeline.total).toBe(4);
    expect(timeline.all().map(({ id }) => id)).toEqual(["m0", "m1", "m2", "m3"]);
  });

  it("replaces the message on its way by the one that was stored", () => {
    timeline.addPending(pending("k1"));
    timeline.addPending(pending("k2"));
    timeline.apply({ kind: "message_posted", message: message(3, { author_id: "me", client_id: "k1", text: "hello" }) });
    expect(timeline.pending.map((entry) => entry.client_id)).toEqual(["k2"]);
  });

  it("knows its own message by the text when the key is not told", () => {
    timeline.addPending(pending("k1"));
    timeline.apply({ kind: "message_posted", message: message(3, { author_id: "me", text: "hello" }) });
    expect(timeline.pending).toEqual([]);
  });

  it("keeps its own message waiting when somebody else says the same", () => {
    timeline.addPending(pending("k1"));
    timeline.apply({ kind: "message_posted", message: message(3, { author_id: "ben", text: "hello" }) });
    expect(timeline.pending).toHaveLength(1);
  });

  it("takes an edit over and keeps which reactions are mine", () => {
    timeline.update("m1", () => ({ reactions: [reaction("👍", ["ada", "me"], true)] }));
    const edited = message(1, { text: "better", edited_at: "2026-01-02T00:00:00Z", reactions: [reaction("👍", ["ada"], false)] });
    timeline.apply({ kind: "message_edited", message: edited });
    expect(timeline.byId("m1")).toMatchObject({ text: "better", reactions: [{ emoji: "👍", me: true }] });
  });

  it("leaves a mark where a message was deleted", () => {
    timeline.apply({ kind: "message_deleted", message_id: "m1", thread_id: null });
    expect(timeline.byId("m1")).toMatchObject({ deleted: true, text: "" });
    expect(timeline.total).toBe(3);
  });

  it("counts reactions as the server does", () => {
    const add = (user_id: string, count: number) =>
      timeline.apply({ kind: "reaction_added", message_id: "m0", emoji: "🎉", user_id, count });
    add("ben", 1);
    add("me", 2);
    add("me", 2);
    expect(timeline.byId("m0")?.reactions).toEqual([{ emoji: "🎉", count: 2, user_ids: ["ben", "me"], me: true }]);
    timeline.apply({ kind: "reaction_removed", message_id: "m0", emoji: "🎉", user_id: "me", count: 1 });
    expect(timeline.byId("m0")?.reactions).toEqual([{ emoji: "🎉", count: 1, user_ids: ["ben"], me: false }]);
    timeline.apply({ kind: "reaction_removed", message_id: "m0", emoji: "🎉", user_id: "ben", count: 0 });
    expect(timeline.byId("m0")?.reactions).toEqual([]);
  });

  it("counts a reply below its first message once, and does not show it in the main line", () => {
    const reply: Message = message(0, { id: "r0", thread_id: "m1", author_id: "ben" });
    timeline.apply({ kind: "message_posted", message: reply });
    timeline.apply({ kind: "message_posted", message: reply });
    expect(timeline.byId("m1")?.thread).toEqual({ reply_count: 1, last_reply_at: reply.created_at, participant_ids: ["ben"] });
    expect(timeline.total).toBe(3);
  });

  it("finds the last message of mine that can be edited", () => {
    timeline.apply({ kind: "message_posted", message: message(3, { author_id: "me" }) });
    timeline.apply({ kind: "message_posted", message: message(4, { author_id: "me", deleted: true }) });
    timeline.apply({ kind: "message_posted", message: message(5, { author_id: "ben" }) });
    expect(timeline.lastOwn()?.id).toBe("m3");
  });
});
