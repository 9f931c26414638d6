import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Connection, SocketError, type SocketStatus } from "./socket";
import type { ServerFrame } from "./types";

/** A socket whose other end is the test. */
class FakeSocket {
  static last: FakeSocket;
  static count = 0;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: (() => void) | null = null;
  sent: Record<string, unknown>[] = [];
  constructor() {
    FakeSocket.last = this;
    FakeSocket.count += 1;
  }
  send(data: string) {
    this.sent.push(JSON.parse(data) as Record<string, unknown>);
  }
  close(code = 1000) {
    this.onclose?.({ code });
  }
  give(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  greet() {
    this.give({ type: "hello", heartbeat_seconds: 30, authenticated: true });
    this.give({ type: "ready", user_id: "u", session_id: "s" });
  }
}

describe("the connection", () => {
  let statuses: SocketStatus[];
  let frames: ServerFrame[];
  let restarting: boolean;
  let signedOut: number;
  let connection: Connection;

  beforeEach(() => {
    vi.useFakeTimers();
    FakeSocket.count = 0;
    statuses = [];
    frames = [];
    signedOut = 0;
    connection = new Connection({
      url: () => "ws://test",
      onFrame: (frame) => frames.push(frame),
      onStatus: (status, _, isRestarting) => {
        statuses.push(status);
        restarting = isRestarting;
      },
      onSignedOut: () => (signedOut += 1),
      open: () => new FakeSocket() as unknown as WebSocket,
      random: () => 1,
    });
    connection.start();
  });
  afterEach(() => {
    connection.stop();
    vi.useRealTimers();
  });

  it("is open once the server is ready", () => {
    expect(connection.ready).toBe(false);
    FakeSocket.last.greet();
    expect(connection.ready).toBe(true);
    expect(statuses).toEqual(["connecting", "open"]);
  });

  it("joins an answer with its question", async () => {
    FakeSocket.last.greet();
    const answer = connection.send({ channel_id: "c", text: "hi", client_id: "k" });
    const { id } = FakeSocket.last.sent[0] as { id: string };
    FakeSocket.last.give({ type: "ack", id, message: { id: "m" }, duplicate: false });
    await expect(answer).resolves.toMatchObject({ type: "ack", message: { id: "m" } });
  });

  it("gives the server's refusal to whoever asked", async () => {
    FakeSocket.last.greet();
    const answer = connection.ask({ type: "send" });
    const { id } = FakeSocket.last.sent[0] as { id: string };
    FakeSocket.last.give({ type: "error", id, error: { status: 403, error_code: "AUTHZ_DENIED", message: "no" } });
    await expect(answer).rejects.toMatchObject({ problem: { error_code: "AUTHZ_DENIED" } });
  });

  it("fails open questions when the connection goes, without a refusal", async () => {
    FakeSocket.last.greet();
    const answer = connection.ask({ type: "send" });
    FakeSocket.last.close(1006);
    const error = await answer.catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(SocketError);
    expect((error as SocketError).problem).toBeUndefined();
  });

  it("waits twice as long after each failure, at most half a minute", () => {
    const delays: number[] = [];
    for (let attempt = 0; attempt < 9; attempt += 1) {
      const before = Date.now();
      FakeSocket.last.close(1006);
      vi.advanceTimersToNextTimer();
      delays.push(Date.now() - before);
    }
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("comes back within five seconds of a restart", () => {
    FakeSocket.last.greet();
    FakeSocket.last.give({ type: "goodbye", reason: "restart" });
    const before = FakeSocket.count;
    FakeSocket.last.close(1001);
    vi.advanceTimersByTime(5_000);
    expect(FakeSocket.count).toBe(before + 1);
  });

  it("says that the server restarts until it is back, and for half a minute at most", () => {
    FakeSocket.last.greet();
    FakeSocket.last.give({ type: "goodbye", reason: "restart" });
    FakeSocket.last.close(1001);
    expect(restarting).toBe(true);
    vi.advanceTimersByTime(5_000);
    FakeSocket.last.close(1006);
    expect(restarting).toBe(true);
    vi.advanceTimersByTime(1_000);
    FakeSocket.last.greet();
    expect(restarting).toBe(false);

    FakeSocket.last.close(1001);
    const since = Date.now();
    while (restarting) {
      vi.advanceTimersToNextTimer();
      FakeSocket.last.close(1006);
    }
    expect(Date.now() - since).toBe(36_000);
  });

  it("does not say so when the connection breaks, or ends for another reason", () => {
    FakeSocket.last.greet();
    FakeSocket.last.close(1006);
    expect(restarting).toBe(false);
    vi.advanceTimersByTime(500);
    FakeSocket.last.greet();
    FakeSocket.last.give({ type: "goodbye", reason: "slow_consumer" });
    FakeSocket.last.close(4408);
    expect(restarting).toBe(false);
  });

  it("does not come back without a session, and says so once", () => {
    FakeSocket.last.give({ type: "hello", heartbeat_seconds: 30, authenticated: false });
    FakeSocket.last.give({ type: "goodbye", reason: "session_ended" });
    FakeSocket.last.onclose?.({ code: 4401 });
    vi.advanceTimersByTime(120_000);
    expect(FakeSocket.count).toBe(1);
    expect(signedOut).toBe(1);
    expect(statuses.at(-1)).toBe("closed");
  });

  it("does not come back when the session has ended", () => {
    FakeSocket.last.greet();
    FakeSocket.last.close(4401);
    vi.advanceTimersByTime(120_000);
    expect(FakeSocket.count).toBe(1);
    expect(signedOut).toBe(1);
  });

  it("sends something before each heartbeat is due", () => {
    FakeSocket.last.greet();
    vi.advanceTimersByTime(29_000);
    expect(FakeSocket.last.sent).toMatchObject([{ type: "ping" }]);
  });
});
