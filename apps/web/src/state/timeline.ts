import { ApiError } from "~/api/client";
import type { ChannelEvent, Id, Message, MessageWindow, Reaction } from "~/api/types";

export const CHUNK = 50;
const MOST_KEPT = 4_000;
const MOST_REQUESTS = 2;

/** A message that the server has not acknowledged yet. */
export interface Pending {
  client_id: string;
  channel_id: Id;
  thread_id: Id | null;
  reply_to: Id | null;
  text: string;
  created_at: string;
  state: "sending" | "failed";
  problem?: string;
}

export interface WindowSource {
  window(query: { before?: number; limit: number }, signal?: AbortSignal): Promise<MessageWindow>;
  me(): Id;
  /** Called with every message that arrives, to learn about the people in it. */
  seen(messages: Message[]): void;
}

/**
 * The messages of one channel's main line (or of one thread) by position, of which only parts are held.
 * It is filled by windows where somebody looks, and kept right by events.
 */
export class Timeline {
  total = 0;
  loaded = false;
  root: Message | null = null;
  pending: Pending[] = [];
  /** No answer was possible the last time; tried again when the connection is back. */
  unreachable = false;

  #items = new Map<number, Message>();
  #positions = new Map<Id, number>();
  #version = 0;
  #listeners = new Set<() => void>();
  #wanted: [number, number] = [0, 0];
  #requests = new Map<number, AbortController>();
  #epoch = 0;

  constructor(
    readonly channelId: Id,
    readonly rootId: Id | null,
    readonly source: WindowSource,
  ) {}

  version = (): number => this.#version;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  at(position: number): Message | undefined {
    return this.#items.get(position);
  }

  byId(id: Id): Message | undefined {
    const position = this.#positions.get(id);
    return position === undefined ? undefined : this.#items.get(position);
  }

  get held(): number {
    return this.#items.size;
  }

  /** The messages held, oldest first. */
  all(): Message[] {
    return [...this.#items.entries()].sort((a, b) => a[0] - b[0]).map(([, message]) => message);
  }

  /** Loads the newest messages; does nothing when they are there. */
  async open(): Promise<void> {
    if (this.loaded) return;
    const epoch = this.#epoch;
    try {
      const window = await this.source.window({ limit: CHUNK });
      if (epoch === this.#epoch) this.take(window);
    } catch (error) {
      this.unreachable = error instanceof ApiError && error.offline;
      this.#changed();
      throw error;
    }
  }

  /** Forgets what is held and loads the newest again, after the server said that too much was missed. */
  async reload(): Promise<void> {
    this.clear();
    await this.open();
  }

  clear(): void {
    this.#epoch += 1;
    for (const request of this.#requests.values()) request.abort();
    this.#requests.clear();
    this.#items.clear();
    this.#positions.clear();
    this.loaded = false;
  }

  /** Takes in a window that the server gave. */
  take(window: MessageWindow): void {
    this.total = this.loaded ? Math.max(window.total, this.total) : window.total;
    this.loaded = true;
    this.unreachable = false;
    if (window.root) this.root = window.root;
    for (const message of window.items) this.#put(message);
    this.#dropAcknowledged(window.items);
    this.source.seen(window.root ? [window.root, ...window.items] : window.items);
    this.#changed();
  }

  /** Asks for what is missing between two positions; what nobody looks at any more is not fetched. */
  want(from: number, to: number): void {
    this.#wanted = [Math.max(0, from), Math.min(this.total - 1, to)];
    for (const [chunk, request] of this.#requests) {
      if (!this.#isWanted(chunk)) {
        request.abort();
        this.#requests.delete(chunk);
      }
    }
    this.#fetchNext();
  }

  #isWanted(chunk: number): boolean {
    const [from, to] = this.#wanted;
    return (chunk + 1) * CHUNK > from && chunk * CHUNK <= to;
  }

  #isComplete(chunk: number): boolean {
    const end = Math.min((chunk + 1) * CHUNK, this.total);
    for (let position = chunk * CHUNK; position < end; position += 1) if (!this.#items.has(position)) return false;
    return true;
  }

  #fetchNext(): void {
    const [from, to] = this.#wanted;
    for (let chunk = Math.floor(from / CHUNK); chunk * CHUNK <= to; chunk += 1) {
      if (this.#requests.size >= MOST_REQUESTS) return;
      if (!this.#requests.has(chunk) && !this.#isComplete(chunk)) void this.#fetch(chunk);
    }
  }

  async #fetch(chunk: number): Promise<void> {
    const request = new AbortController();
    this.#requests.set(chunk, request);
    let again = true;
    try {
      const window = await this.source.window({ before: (chunk + 1) * CHUNK, limit: CHUNK }, request.signal);
      if (request.signal.aborted) return;
      this.take(window);
      again = this.#isComplete(chunk);
      this.#evict();
    } catch (error) {
      again = false;
      if (error instanceof ApiError && error.offline) this.unreachable = true;
    } finally {
      if (this.#requests.get(chunk) === request) this.#requests.delete(chunk);
      if (again) this.#fetchNext();
    }
  }

  /** Keeps memory bounded: what is far from where somebody looks goes, the newest stay. */
  #evict(): void {
    if (this.#items.size <= MOST_KEPT) return;
    const middle = (this.#wanted[0] + this.#wanted[1]) / 2;
    const far = [...this.#items.keys()]
      .filter((position) => position < this.total - 2 * CHUNK)
      .sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle));
    for (const position of far.slice(0, this.#items.size - MOST_KEPT / 2)) {
      const message = this.#items.get(position);
      this.#items.delete(position);
      if (message) this.#positions.delete(message.id);
    }
  }

  /** Applies an event of the channel. Applying it twice, or after a window that has it already, changes nothing. */
  apply(event: ChannelEvent): void {
    switch (event.kind) {
      case "message_posted":
        this.posted(withoutMine(event.message));
        break;
      case "message_edited":
        this.replaced(withoutMine(event.message));
        break;
      case "message_deleted":
        this.update(event.message_id, () => ({ deleted: true, text: "", reactions: [], pinned: false }));
        break;
      case "reaction_added":
      case "reaction_removed":
        this.update(event.message_id, (message) => ({
          reactions: changeReactions(message.reactions, event, this.source.me()),
        }));
        break;
      case "message_pinned":
      case "message_unpinned":
        this.update(event.message_id, () => ({ pinned: event.kind === "message_pinned" }));
        break;
      case "member_joined":
      case "member_left":
      case "channel_updated":
        break;
    }
  }

  posted(message: Message): void {
    if (message.thread_id !== this.rootId) {
      if (this.rootId === null && message.thread_id) this.#countReply(message.thread_id, message);
      return;
    }
    if (this.rootId) this.#countReply(this.rootId, message);
    this.source.seen([message]);
    this.#dropAcknowledged([message]);
    if (this.loaded) {
      this.#put(message);
      this.total = Math.max(this.total, message.position + 1);
    }
    this.#changed();
  }

  replaced(message: Message): void {
    this.update(message.id, () => message);
  }

  update(id: Id, change: (message: Message) => Partial<Message>): void {
    if (this.root?.id === id) this.root = mine({ ...this.root, ...change(this.root) }, this.source.me(), this.root);
    const position = this.#positions.get(id);
    const message = position === undefined ? undefined : this.#items.get(position);
    if (position !== undefined && message) {
      this.#items.set(position, mine({ ...message, ...change(message) }, this.source.me(), message));
    } else if (this.root?.id !== id) return;
    this.#changed();
  }

  addPending(pending: Pending): void {
    this.pending = [...this.pending.filter((entry) => entry.client_id !== pending.client_id), pending];
    this.#changed();
  }

  changePending(clientId: string, change: Partial<Pending>): void {
    this.pending = this.pending.map((entry) => (entry.client_id === clientId ? { ...entry, ...change } : entry));
    this.#changed();
  }

  dropPending(clientId: string): void {
    this.pending = this.pending.filter((entry) => entry.client_id !== clientId);
    this.#changed();
  }

  /** The last message of mine that can be edited, among those held. */
  lastOwn(): Message | undefined {
    const me = this.source.me();
    for (let position = this.total - 1; position >= Math.max(0, this.total - 100); position -= 1) {
      const message = this.#items.get(position);
      if (message && message.author_id === me && message.kind === "text" && !message.deleted) return message;
    }
    return undefined;
  }

  #countReply(rootId: Id, reply: Message): void {
    this.update(rootId, (message) => {
      const before = message.thread ?? { reply_count: 0, last_reply_at: null, participant_ids: [] };
      const participants = before.participant_ids.includes(reply.author_id)
        ? before.participant_ids
        : [...before.participant_ids, reply.author_id].slice(0, 5);
      const later = !before.last_reply_at || before.last_reply_at < reply.created_at;
      return {
        thread: {
          reply_count: Math.max(before.reply_count, reply.position + 1),
          last_reply_at: later ? reply.created_at : before.last_reply_at,
          participant_ids: participants,
        },
      };
    });
  }

  #put(message: Message): void {
    const former = this.#items.get(message.position);
    if (former && former.id !== message.id) this.#positions.delete(former.id);
    this.#items.set(message.position, mine(message, this.source.me(), former?.id === message.id ? former : undefined));
    this.#positions.set(message.id, message.position);
  }

  #dropAcknowledged(messages: Message[]): void {
    if (this.pending.length === 0) return;
    const me = this.source.me();
    for (const message of messages) {
      if (message.author_id !== me) continue;
      const found = this.pending.find((entry) =>
        message.client_id ? entry.client_id === message.client_id : entry.state === "sending" && entry.text === message.text && message.created_at >= entry.created_at,
      );
      if (found) this.pending = this.pending.filter((entry) => entry !== found);
    }
  }

  #changed(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}

type Unmarked = Omit<Message, "reactions"> & { reactions: (Omit<Reaction, "me"> & { me?: boolean })[] };

const withoutMine = (message: Message): Message => ({
  ...message,
  reactions: message.reactions.map(({ emoji, count, user_ids }) => ({ emoji, count, user_ids })) as Reaction[],
});

/** Events do not say which reactions are mine; the list of people does. */
function mine(message: Unmarked, me: Id, former: Message | undefined): Message {
  const reactions = message.reactions.map((reaction) => {
    const before = former?.reactions.find((entry) => entry.emoji === reaction.emoji);
    const own = reaction.me ?? (reaction.user_ids.includes(me) || (before?.me ?? false));
    return { ...reaction, me: own };
  });
  const clientId = message.client_id ?? former?.client_id;
  return clientId ? { ...message, reactions, client_id: clientId } : { ...message, reactions };
}

function changeReactions(
  reactions: Reaction[],
  event: { kind: "reaction_added" | "reaction_removed"; emoji: string; user_id: Id; count: number },
  me: Id,
): Reaction[] {
  const added = event.kind === "reaction_added";
  const known = reactions.find((entry) => entry.emoji === event.emoji);
  const before = known ?? { emoji: event.emoji, count: 0, user_ids: [], me: false };
  const others = before.user_ids.filter((id) => id !== event.user_id);
  const after: Reaction = {
    emoji: event.emoji,
    count: event.count,
    user_ids: added ? [...others, event.user_id].slice(0, 20) : others,
    me: event.user_id === me ? added : before.me,
  };
  if (event.count <= 0) return reactions.filter((entry) => entry.emoji !== event.emoji);
  return known ? reactions.map((entry) => (entry === known ? after : entry)) : [...reactions, after];
}
