/** The objects of docs/API.md, as they travel. */

export type Id = string;
export type Timestamp = string;
export type Theme = "system" | "light" | "dark";

export interface User {
  id: Id;
  name: string;
  display_name: string;
  status_text: string;
  kind: "person" | "bot" | "imported";
  disabled: boolean;
  created_at: Timestamp;
}

export interface Me extends User {
  role: string;
  permissions: string[];
  locale: string;
  theme: Theme;
}

export interface Session {
  id: Id;
  device: string;
  created_at: Timestamp;
  last_seen_at: Timestamp;
  expires_at: Timestamp;
  current: boolean;
}

export interface Space {
  id: Id;
  name: string;
  archived: boolean;
  created_at: Timestamp;
  role: string | null;
}

export interface Member {
  user: User;
  role: string;
  joined_at: Timestamp;
}

export interface Membership {
  role: string;
  last_read_seq: number;
  unread: number;
  mentions: number;
  muted: boolean;
  favourite: boolean;
  joined_at: Timestamp;
}

export type ChannelKind = "public" | "private" | "direct" | "group";

export interface Channel {
  id: Id;
  space_id: Id | null;
  kind: ChannelKind;
  name: string;
  topic: string;
  archived: boolean;
  created_at: Timestamp;
  last_seq: number;
  last_message_at: Timestamp | null;
  member_count: number;
  user_ids: Id[];
  membership: Membership | null;
  permissions: string[];
}

export interface Reaction {
  emoji: string;
  count: number;
  user_ids: Id[];
  me: boolean;
}

export interface ThreadSummary {
  reply_count: number;
  last_reply_at: Timestamp | null;
  participant_ids: Id[];
}

export interface SystemNote {
  event: "joined" | "left" | "added" | "removed" | "renamed" | "topic" | "archived" | "restored" | "created" | "other";
  user_id?: Id;
  text?: string;
}

export interface Message {
  id: Id;
  channel_id: Id;
  seq: number;
  position: number;
  author_id: Id;
  kind: "text" | "system";
  text: string;
  system?: SystemNote;
  created_at: Timestamp;
  edited_at: Timestamp | null;
  deleted: boolean;
  client_id?: string;
  thread_id: Id | null;
  reply_to: Id | null;
  mentions: Id[];
  mentions_all: boolean;
  pinned: boolean;
  reactions: Reaction[];
  thread: ThreadSummary | null;
}

export interface MessageWindow {
  items: Message[];
  root?: Message;
  has_before: boolean;
  has_after: boolean;
  total: number;
  first_position: number | null;
}

export interface Draft {
  channel_id: Id;
  thread_id: Id | null;
  text: string;
  updated_at: Timestamp;
}

export type Presence = "online" | "away" | "offline";

export interface Sync {
  me: Me;
  spaces: Space[];
  channels: Channel[];
  drafts: Draft[];
  users: User[];
  presence: Record<Id, Presence>;
  server: { version: string; max_message_length: number; heartbeat_seconds: number };
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface SearchHit {
  message: Message;
  channel_id: Id;
  highlights: [number, number][];
}

export interface Invitation {
  id: Id;
  code?: string;
  url?: string;
  role: string;
  max_uses: number;
  uses?: number;
  expires_at: Timestamp;
}

export interface SignedIn {
  user: Me;
  session: Session;
}

/** The body of every error answer. */
export interface Problem {
  status: number;
  error_code: string;
  message: string;
  details?: { fields?: { field: string; problem: string }[]; remedy?: string };
  correlation_id?: string;
}

export type ChannelEvent =
  | { kind: "message_posted"; message: Message }
  | { kind: "message_edited"; message: Message }
  | { kind: "message_deleted"; message_id: Id; thread_id: Id | null }
  | { kind: "reaction_added" | "reaction_removed"; message_id: Id; emoji: string; user_id: Id; count: number }
  | { kind: "message_pinned" | "message_unpinned"; message_id: Id; user_id: Id }
  | { kind: "member_joined" | "member_left"; user_id: Id }
  | { kind: "channel_updated"; channel: { id: Id; name: string; topic: string; archived: boolean } };

export type ServerFrame =
  | { type: "hello"; server: string; version: string; heartbeat_seconds: number; authenticated: boolean; connection_id: string }
  | { type: "ready"; id?: FrameId; user_id: Id; session_id: Id }
  | { type: "ack"; id: FrameId; message: Message; duplicate: boolean }
  | { type: "ok"; id: FrameId }
  | { type: "error"; id?: FrameId; error: Problem }
  | { type: "resumed"; id: FrameId; heads: Record<Id, number> }
  | { type: "reset"; channel_id: Id; seq: number }
  | { type: "event"; channel_id: Id; seq: number; at: Timestamp; event: ChannelEvent }
  | { type: "channel"; channel?: Channel; channel_id?: Id; removed?: boolean }
  | { type: "read"; channel_id: Id; last_read_seq: number; unread: number; mentions: number }
  | { type: "draft"; channel_id: Id; thread_id: Id | null; text: string | null }
  | { type: "typing"; channel_id: Id; thread_id?: Id | null; user_id: Id }
  | { type: "presence"; id?: FrameId; states: Record<Id, Presence> }
  | { type: "user"; user: User }
  | { type: "pong"; id: FrameId }
  | { type: "goodbye"; reason: "restart" | "slow_consumer" | "session_ended" | "policy" };

export type FrameId = number | string;
