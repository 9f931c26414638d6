import type { Channel, ErrorCode, FieldProblem, Message, MessageWindow, Problem, Reaction } from "~/api/types";

/** Objects as the server sends them. */
export function message(position: number, change: Partial<Message> = {}): Message {
  return {
    id: `m${position}`,
    channel_id: "c",
    seq: position + 1,
    position,
    author_id: "ada",
    kind: "text",
    text: `text ${position}`,
    created_at: new Date(Date.UTC(2026, 0, 1, 9, position)).toISOString(),
    edited_at: null,
    deleted: false,
    thread_id: null,
    reply_to: null,
    mentions: [],
    mentions_all: false,
    pinned: false,
    reactions: [],
    thread: null,
    ...change,
  };
}

export function windowOf(from: number, to: number, total: number): MessageWindow {
  const items = Array.from({ length: Math.max(0, to - from) }, (_, index) => message(from + index));
  return { items, total, first_position: items[0]?.position ?? null, has_before: from > 0, has_after: to < total };
}

export function problem(error_code: ErrorCode, message: string, fields: FieldProblem[] = []): Problem {
  return { type: "about:blank", title: message, status: 422, http_status: 422, error_code, message, details: { fields, remedy: "" }, correlation_id: "req-1" };
}

export const reaction = (emoji: string, user_ids: string[], me: boolean): Reaction => ({ emoji, count: user_ids.length, user_ids, me });

export function channel(id: string, change: Partial<Channel> = {}): Channel {
  return {
    id,
    space_id: "s",
    kind: "public",
    name: id,
    topic: "",
    archived: false,
    created_at: "2026-01-01T00:00:00Z",
    last_seq: 0,
    last_message_at: null,
    member_count: 1,
    user_ids: [],
    membership: { role: "member", last_read_seq: 0, unread: 0, mentions: 0, muted: false, favourite: false, joined_at: "2026-01-01T00:00:00Z" },
    permissions: [],
    ...change,
  };
}
