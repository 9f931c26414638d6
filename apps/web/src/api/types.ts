/** The objects of docs/API.md, as they travel: those of REST from the server's own document, those of the WebSocket by hand. */
import type { components, operations } from "./schema";

type Schemas = components["schemas"];

export type Id = string;
export type Timestamp = Schemas["Timestamp"];
export type Theme = Schemas["Theme"];
export type Permission = Schemas["Permission"];
export type User = Schemas["User"];
export type ManagedUser = Schemas["ManagedUser"];
export type Me = Schemas["Me"];
export type Session = Schemas["Session"];
export type SignedIn = Schemas["SignedInAnswer"];
export type Role = Schemas["Role"];
export type Space = Schemas["Space"];
export type Member = Schemas["Member"];
export type Membership = Schemas["Membership"];
export type ChannelKind = Schemas["ChannelKind"];
export type Channel = Schemas["Channel"];
export type Reaction = Schemas["Reaction"];
export type ThreadSummary = Schemas["ThreadSummary"];
export type SystemNote = Schemas["SystemNote"];
export type Message = Schemas["Message"];
export type MessageWindow = Schemas["MessageWindow"];
export type Revision = Schemas["Revision"];
export type Category = Schemas["Category"];
export type ThreadState = Schemas["ThreadState"];
export type ThreadEntry = Schemas["ThreadEntry"];
export type Draft = Schemas["Draft"];
export type Presence = Schemas["PresenceState"];
export type Sync = Schemas["Sync"];
export type SearchHit = Schemas["SearchHit"];
export type Invitation = Schemas["InvitationMade"];
export type InvitationSeen = Schemas["InvitationSeen"];
export type ErrorCode = Schemas["ErrorCode"];
export type FieldProblem = Schemas["FieldError"];
export type ServerStatus = Schemas["Status"];
export type Part = Schemas["Part"];
export type About = Schemas["About"];
export type Remembered = Schemas["Remembered"];
export type Configured = Schemas["Configured"];
export type ConfigKey = Schemas["KeyFacts"];
export type ConfigForm = Schemas["Form"];
export type ConfigLock = Schemas["Lock"];
export type ConfigOrigin = Schemas["Origin"];
export type ConfigChange = Schemas["Change"];
export type ConfigEdited = Schemas["Edited"];
export type ConfigApplied = Schemas["Applied"];
export type ConfigCompared = Schemas["Compared"];
export type MetricsHistory = Schemas["MetricsHistory"];
export type MetricsUnit = Schemas["MetricsUnit"];
export type MetricsRange = "1h" | "24h";
export type LogFile = Schemas["LogFile"];
export type LogLevel = Schemas["Level"];
export type LogLevels = Schemas["LogLevels"];
export type LevelChange = Body<"logs_change_levels">;
export type LogLine = Schemas["LogLine"];
export type LogTail = Schemas["LogTail"];
/** The body of every error answer. */
export type Problem = Schemas["Error"];

/** What an operation takes. */
export type Body<Operation extends keyof operations> = operations[Operation] extends { requestBody: { content: { "application/json": infer Taken } } } ? Taken : never;

/** Whether the server serves, with what that needs. */
export interface Health {
  status: "ok" | "unavailable";
  checks: Record<string, string>;
}

export interface Page<T> {
  items: T[];
  next?: string | null;
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
  | { type: "hello"; server: string; version: string; heartbeat_seconds: number; authenticated: boolean; connection_id: string; compress?: string }
  | { type: "ready"; id?: FrameId; user_id: Id; session_id: Id }
  | { type: "ack"; id: FrameId; message: Message; duplicate: boolean }
  | { type: "ok"; id: FrameId }
  | { type: "error"; id?: FrameId; error: Problem }
  | { type: "resumed"; id: FrameId; heads: Record<Id, number> }
  | { type: "reset"; channel_id: Id; seq: number }
  | { type: "event"; channel_id: Id; seq: number; at: Timestamp; event: ChannelEvent }
  | { type: "channel"; channel?: Channel; channel_id?: Id; removed?: boolean }
  | { type: "space"; space?: Space; space_id?: Id; removed?: boolean }
  | { type: "read"; channel_id: Id; last_read_seq: number; unread: number; mentions: number }
  | { type: "categories"; items: Category[] }
  | ({ type: "thread" } & ThreadState)
  | { type: "draft"; channel_id: Id; thread_id: Id | null; text: string | null }
  | { type: "typing"; channel_id: Id; thread_id?: Id | null; user_id: Id }
  | { type: "presence"; id?: FrameId; states: Record<Id, Presence> }
  | { type: "user"; user: User }
  | { type: "pong"; id: FrameId }
  | { type: "goodbye"; reason: "restart" | "slow_consumer" | "session_ended" | "token_refused" | "token_restricted" | "unauthenticated" | "unavailable" | "policy" };

export type FrameId = number | string;
