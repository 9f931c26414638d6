import { beforeEach, describe, expect, it, vi } from "vitest";
import { SocketError } from "~/api/socket";
import { message, problem } from "~/test/things";
import { readLocal } from "./local";
import type { Pending } from "./timeline";

const send = vi.hoisted(() => vi.fn());
vi.mock("./session", () => ({ connection: { send, retryNow: () => undefined, ready: true } }));
vi.mock("./people", () => ({ needUsers: () => undefined }));

const { discard, flushOutbox, forgetOutbox, restoreOutbox, retry, sendMessage } = await import("./outbox");
const { forgetTimelines, timelineOf } = await import("./timelines");
const { workspaceStore } = await import("./workspace");

const acknowledge = (frame: { client_id: string; text: string }) =>
  Promise.resolve({ type: "ack", id: 1, duplicate: false, message: message(0, { author_id: "me", client_id: frame.client_id, text: frame.text }) });
const waiting = () => timelineOf("c").pending;
const kept = () => readLocal<Pending[]>("outbox") ?? [];
const write = (text: string) => sendMessage({ channel_id: "c", thread_id: null, text });

describe("a message on its way", () => {
  beforeEach(() => {
    forgetOutbox();
    forgetTimelines();
    send.mockReset();
    workspaceStore.set({ me: { id: "me" } as never });
  });

  it("is shown at once and gone when it was stored", async () => {
    send.mockImplementation(acknowledge);
    write("hello");
    expect(waiting()).toMatchObject([{ text: "hello", state: "sending" }]);
    await vi.waitFor(() => expect(waiting()).toEqual([]));
    expect(kept()).toEqual([]);
  });

  it("waits for the same person when the session ends", async () => {
    const ended = { ...problem("AUTH_SESSION_ENDED", "The session has ended."), status: 401, http_status: 401 };
    send.mockRejectedValueOnce(new SocketError(ended.message, ended));
    write("hello");
    await vi.waitFor(() => expect(send).toHaveBeenCalledOnce());
    expect(waiting()).toMatchObject([{ text: "hello", state: "sending" }]);
    expect(kept()).toMatchObject([{ text: "hello", state: "sending" }]);
  });

  it("waits for the connection and is sent again with the same key", async () => {
    send.mockRejectedValueOnce(new SocketError("connection lost"));
    write("hello");
    await vi.waitFor(() => expect(send).toHaveBeenCalledOnce());
    await vi.waitFor(() => expect(waiting()).toMatchObject([{ state: "sending" }]));
    send.mockImplementation(acknowledge);
    await new Promise((done) => setTimeout(done));
    flushOutbox();
    await vi.waitFor(() => expect(waiting()).toEqual([]));
    const keys = send.mock.calls.map(([frame]) => (frame as Pending).client_id);
    expect(new Set(keys).size).toBe(1);
  });

  it("that got no answer in time says so, and is sent again with the same key", async () => {
    send.mockRejectedValue(new SocketError("no answer in time", undefined, true));
    write("late");
    await vi.waitFor(() => expect(waiting()).toMatchObject([{ state: "failed", problem: "The server did not answer in time." }]));
    send.mockImplementation(acknowledge);
    retry(waiting()[0]?.client_id ?? "");
    await vi.waitFor(() => expect(waiting()).toEqual([]));
    expect(new Set(send.mock.calls.map(([frame]) => (frame as Pending).client_id)).size).toBe(1);
  });

  it("leaves what another tab has not sent yet where it is", async () => {
    const theirs = { client_id: "theirs", channel_id: "c", text: "from the other tab", state: "sending" };
    localStorage.setItem("plexi:outbox", JSON.stringify([theirs]));
    send.mockImplementation(acknowledge);
    write("ours");
    await vi.waitFor(() => expect(waiting()).toEqual([]));
    expect(readLocal("outbox")).toEqual([theirs]);
  });

  it("that was refused says so, and can be tried again or discarded", async () => {
    send.mockRejectedValue(new SocketError("no", problem("AUTH_FORBIDDEN", "You may not write here.")));
    write("one");
    write("two");
    await vi.waitFor(() => expect(waiting().map((entry) => entry.state)).toEqual(["failed", "failed"]));
    expect(waiting()[0]?.problem).toMatch(/^You may not do this/);
    send.mockImplementation(acknowledge);
    retry(waiting()[0]?.client_id ?? "");
    await vi.waitFor(() => expect(waiting().map((entry) => entry.text)).toEqual(["two"]));
    discard(waiting()[0]?.client_id ?? "");
    expect(waiting()).toEqual([]);
    expect(kept()).toEqual([]);
  });

  it("survives a reload", async () => {
    send.mockRejectedValue(new SocketError("not connected"));
    write("hello");
    await vi.waitFor(() => expect(send).toHaveBeenCalled());
    forgetTimelines();
    restoreOutbox();
    expect(waiting()).toMatchObject([{ text: "hello" }]);
  });

  it("keeps its place among the others", async () => {
    const order: string[] = [];
    send.mockImplementation(async (frame: { client_id: string; text: string }) => {
      await new Promise((done) => setTimeout(done, frame.text === "first" ? 20 : 0));
      order.push(frame.text);
      return acknowledge(frame);
    });
    for (const text of ["first", "second", "third"]) write(text);
    await vi.waitFor(() => expect(order).toEqual(["first", "second", "third"]));
  });
});
