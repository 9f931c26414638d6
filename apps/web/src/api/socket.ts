import { newKey } from "./client";
import { Inbox } from "./inbox";
import type { FrameId, Id, Problem, ServerFrame } from "./types";

export type SocketStatus = "connecting" | "open" | "waiting" | "closed";

export interface SocketOptions {
  url: () => string;
  onFrame: (frame: ServerFrame) => void;
  /** `restarting`: the server said that it restarts, and it is not yet so long ago that this is to be doubted. */
  onStatus: (status: SocketStatus, retryAt: number | null, restarting: boolean) => void;
  onSignedOut: () => void;
  /** Makes a socket; replaced in tests. */
  open?: (url: string) => WebSocket;
  random?: () => number;
}

type ClientFrame = { type: string; [field: string]: unknown };
interface Waiter {
  resolve: (frame: ServerFrame) => void;
  reject: (error: SocketError) => void;
  timer: ReturnType<typeof setTimeout>;
}

/** Why a request over the socket got no good answer. */
export class SocketError extends Error {
  constructor(
    message: string,
    readonly problem?: Problem,
    /** The connection stands, but the answer did not come in time. */
    readonly late = false,
  ) {
    super(message);
    this.name = "SocketError";
  }
}

const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;
const ANSWER_TIMEOUT = 15_000;
/** About half a minute: who is not back after so many attempts is not just restarting. */
const RESTART_ATTEMPTS = 6;

/** One connection to the server that comes back by itself. */
export class Connection {
  #socket: WebSocket | null = null;
  #waiters = new Map<FrameId, Waiter>();
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #heartbeat: ReturnType<typeof setInterval> | null = null;
  #lastHeard = 0;
  #stopped = true;
  /** This connection was told that the server restarts. */
  #announced = false;
  #restarting = false;
  #ready = false;
  readonly #options: SocketOptions;

  constructor(options: SocketOptions) {
    this.#options = options;
  }

  get ready(): boolean {
    return this.#ready;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#clearTimers();
    this.#fail("closed");
    this.#socket?.close(1000);
    this.#socket = null;
    this.#announced = this.#restarting = false;
    this.#tell("closed");
  }

  /** There is no session any more: nothing is tried again. */
  #end(): void {
    this.stop();
    this.#options.onSignedOut();
  }

  #tell(status: SocketStatus, retryAt: number | null = null): void {
    this.#options.onStatus(status, retryAt, this.#restarting);
  }

  /** Tries again at once instead of waiting out the delay. */
  retryNow(): void {
    if (this.#stopped || this.#socket) return;
    if (this.#retry) clearTimeout(this.#retry);
    this.#connect();
  }

  /** Sends a frame that has no answer; lost when there is no connection. */
  tell(frame: ClientFrame): void {
    if (this.#ready) this.#socket?.send(JSON.stringify(frame));
  }

  /** Sends a frame and waits for the answer to it. */
  ask(frame: ClientFrame): Promise<ServerFrame> {
    const socket = this.#socket;
    if (!this.#ready || !socket) return Promise.reject(new SocketError("not connected"));
    const id = newKey();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(id);
        reject(new SocketError("no answer in time", undefined, true));
      }, ANSWER_TIMEOUT);
      this.#waiters.set(id, { resolve, reject, timer });
      socket.send(JSON.stringify({ ...frame, id }));
    });
  }

  send(message: { channel_id: Id; text: string; client_id: string; thread_id?: Id; reply_to?: Id }): Promise<ServerFrame> {
    return this.ask({ type: "send", ...message });
  }

  #connect(): void {
    this.#retry = null;
    this.#tell("connecting");
    const open = this.#options.open ?? ((url: string) => new WebSocket(url));
    const socket = open(this.#options.url());
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    const inbox = new Inbox();
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => inbox.take(data, (text) => this.#receive(socket, text));
    socket.onclose = ({ code }) => inbox.after(() => this.#closed(socket, code));
    socket.onerror = () => undefined;
  }

  #receive(socket: WebSocket, data: string): void {
    if (socket !== this.#socket) return;
    this.#lastHeard = Date.now();
    let frame: ServerFrame;
    try {
      frame = JSON.parse(data) as ServerFrame;
    } catch {
      return;
    }
    if (frame.type === "hello") {
      if (frame.authenticated) this.#beat(frame.heartbeat_seconds);
      else this.#end();
      return;
    }
    if (frame.type === "ready") {
      this.#attempt = 0;
      this.#restarting = false;
      this.#ready = true;
      this.#tell("open");
    } else if (frame.type === "goodbye") {
      this.#announced = frame.reason === "restart";
    }
    this.#answer(frame);
    this.#options.onFrame(frame);
  }

  #answer(frame: ServerFrame): void {
    if (!("id" in frame) || frame.id === undefined) return;
    const waiter = this.#waiters.get(frame.id);
    if (!waiter) return;
    this.#waiters.delete(frame.id);
    clearTimeout(waiter.timer);
    if (frame.type === "error") waiter.reject(new SocketError(frame.error.message, frame.error));
    else waiter.resolve(frame);
  }

  #beat(seconds: number): void {
    if (this.#heartbeat) clearInterval(this.#heartbeat);
    const period = Math.max(1, seconds) * 1000;
    this.#heartbeat = setInterval(() => {
      if (Date.now() - this.#lastHeard > period * 2) this.#socket?.close(4000);
      else this.tell({ type: "ping", id: newKey() });
    }, period * 0.6);
  }

  #closed(socket: WebSocket, code: number): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#clearTimers();
    this.#fail("connection lost");
    if (this.#stopped) return;
    if (code === 4401) return this.#end();
    const announced = this.#announced || code === 1001;
    this.#announced = false;
    this.#restarting = announced || (this.#restarting && this.#attempt < RESTART_ATTEMPTS);
    const delay = this.#delay(announced);
    this.#attempt += 1;
    this.#tell("waiting", Date.now() + delay);
    this.#retry = setTimeout(() => this.#connect(), delay);
  }

  /** Doubles from half a second to half a minute, each time a random part of it, so that clients do not come back together. */
  #delay(restart: boolean): number {
    const random = this.#options.random ?? Math.random;
    if (restart) return random() * 5000;
    const ceiling = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#attempt);
    return ceiling / 2 + random() * (ceiling / 2);
  }

  #clearTimers(): void {
    this.#ready = false;
    if (this.#heartbeat) clearInterval(this.#heartbeat);
    if (this.#retry) clearTimeout(this.#retry);
    this.#heartbeat = null;
    this.#retry = null;
  }

  #fail(reason: string): void {
    for (const waiter of this.#waiters.values()) {
      clearTimeout(waiter.timer);
      waiter.reject(new SocketError(reason));
    }
    this.#waiters.clear();
  }
}
