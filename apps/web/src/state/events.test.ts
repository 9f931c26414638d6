import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ChannelEvent } from "~/api/types";
import { channel, message } from "~/test/things";

const resume = vi.hoisted(() => vi.fn(() => Promise.resolve()));
const readAgain = vi.hoisted(() => vi.fn());
const learnChannel = vi.hoisted(() => vi.fn(() => Promise.resolve()));
vi.mock("./session", () => ({ resume, learnChannel, readAgain, connection: { ready: false, tell: () => undefined, ask: () => Promise.reject(new Error("closed")) } }));

const { heads, receive } = await import("./events");
const { workspaceStore } = await import("./workspace");

const posted = (seq: number, change = {}): ChannelEvent => ({ kind: "message_posted", message: message(seq - 1, { channel_id: "c", ...change }) });
const give = (seq: number, event: ChannelEvent = posted(seq)) =>
  receive({ type: "event", channel_id: "c", seq, at: "2026-01-01T00:00:00Z", event });
const membership = () => workspaceStore.get().channels["c"]?.membership;

describe("events of a channel", () => {
  beforeEach(() => {
    vi.clearAllMocks();
    heads.clear();
    heads.set("c", 4);
    workspaceStore.set({ channels: { c: channel("c", { last_seq: 4 }) }, typing: {}, me: { id: "me" } as never });
  });

  it("are taken in order and counted as unread", () => {
    give(5);
    give(6);
    expect(heads.get("c")).toBe(6);
    expect(membership()?.unread).toBe(2);
    expect(resume).not.toHaveBeenCalled();
  });

  it("that we have already are dropped", () => {
    give(5);
    give(5);
    give(3);
    expect(membership()?.unread).toBe(1);
  });

  it("after a gap wait until the gap is filled", () => {
    give(7);
    expect(resume).toHaveBeenCalledOnce();
    expect(heads.get("c")).toBe(4);
    expect(membership()?.unread).toBe(0);
  });

  it("that name me count as mentions, and my own do not count", () => {
    give(5, posted(5, { mentions: ["me"] }));
    give(6, posted(6, { author_id: "me" }));
    give(7, posted(7, { thread_id: "m0" }));
    expect(membership()).toMatchObject({ unread: 1, mentions: 1 });
    give(8, posted(8, { thread_id: "m0", mentions: ["me"] }));
    expect(membership()).toMatchObject({ unread: 1, mentions: 2 });
  });

  it("of a channel we do not know make us ask for it", () => {
    receive({ type: "event", channel_id: "other", seq: 1, at: "", event: posted(1) });
    expect(learnChannel).toHaveBeenCalledWith("other");
  });

  it("end what its author was typing", () => {
    receive({ type: "typing", channel_id: "c", user_id: "ada" });
    expect(workspaceStore.get().typing["c"]).toHaveLength(1);
    give(5);
    expect(workspaceStore.get().typing["c"]).toBeUndefined();
  });

  it("beyond what can be resumed begin anew", () => {
    receive({ type: "reset", channel_id: "c", seq: 2_000 });
    expect(heads.get("c")).toBe(2_000);
    expect(learnChannel).toHaveBeenCalledWith("c");
  });

  it("leave with the channel when I was removed", () => {
    receive({ type: "channel", channel_id: "c", removed: true });
    expect(workspaceStore.get().channels["c"]).toBeUndefined();
    expect(heads.has("c")).toBe(false);
  });
});

describe("threads that I take part in", () => {
  beforeEach(() => workspaceStore.set({ threads: {}, channels: { c: channel("c") }, me: { id: "me" } as never }));
  const told = (unread: number) => receive({ type: "thread", channel_id: "c", thread_id: "m0", unread, mentioned: true });

  it("are known while they have unread replies", () => {
    told(2);
    expect(workspaceStore.get().threads["m0"]).toEqual({ channel_id: "c", thread_id: "m0", unread: 2, mentioned: true });
    told(0);
    expect(workspaceStore.get().threads).toEqual({});
  });

  it("go with their channel", () => {
    told(1);
    receive({ type: "channel", channel_id: "c", removed: true });
    expect(workspaceStore.get().threads).toEqual({});
  });
});

describe("changes of spaces", () => {
  const space = { id: "s", name: "Team", archived: false, created_at: "2026-01-01T00:00:00Z", role: "member" };
  const spaces = () => workspaceStore.get().spaces;

  beforeEach(() => {
    vi.clearAllMocks();
    workspaceStore.set({ spaces: [space], me: { id: "me" } as never });
  });

  it("are shown at once, in order of name", () => {
    receive({ type: "space", space: { ...space, id: "t", name: "Atelier" } });
    expect(spaces().map((entry) => entry.name)).toEqual(["Atelier", "Team"]);
    receive({ type: "space", space: { ...space, name: "Aaron" } });
    expect(spaces().map((entry) => entry.name)).toEqual(["Aaron", "Atelier"]);
    expect(readAgain).not.toHaveBeenCalled();
  });

  it("that change what I may do make us read it again", () => {
    receive({ type: "space", space: { ...space, archived: true } });
    expect(spaces()[0]?.archived).toBe(true);
    expect(readAgain).toHaveBeenCalledOnce();
  });

  it("take the space away when I am removed", () => {
    receive({ type: "space", space_id: "s", removed: true });
    expect(spaces()).toEqual([]);
  });
});
