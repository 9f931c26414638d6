import { del, get, patch, post, put } from "./client";
import { deviceName } from "./device";
import type {
  Channel, Id, Invitation, Me, Member, Membership, Message, MessageWindow, Page, SearchHit, Session, SignedIn, Space, Sync, Theme, User,
} from "./types";

const segment = encodeURIComponent;

export const auth = {
  setupOpen: () => get<{ open: boolean }>("/auth/setup"),
  setup: (body: { token: string; name: string; display_name: string; password: string; space_name: string }) =>
    post<SignedIn>("/auth/setup", { ...body, transport: "cookie" }),
  signIn: (name: string, password: string) =>
    post<SignedIn>("/auth/sign-in", { name, password, transport: "cookie", device: deviceName(navigator.userAgent) }),
  register: (body: { code: string; name: string; display_name: string; password: string }) =>
    post<SignedIn>("/auth/register", { ...body, transport: "cookie" }),
  invitation: (code: string) => get<{ space_name: string; expires_at: string }>("/auth/invitation", { code }),
  signOut: () => post<void>("/auth/sign-out"),
  changePassword: (current: string, next: string) => post<void>("/auth/password", { current, new: next }),
  sessions: () => get<Page<Session>>("/auth/sessions"),
  endSession: (id: Id) => del(`/auth/sessions/${id}`),
  endOtherSessions: () => del("/auth/sessions"),
};

export const users = {
  updateMe: (body: { display_name?: string; status_text?: string; locale?: string; theme?: Theme }) => patch<Me>("/users/me", body),
  list: (q: string, limit = 20, signal?: AbortSignal) => get<Page<User>>("/users", { q, limit }, signal),
  lookup: (ids: Id[]) => post<{ items: User[] }>("/users/lookup", { ids }),
};

export const workspace = {
  sync: () => get<Sync>("/sync"),
  createSpace: (name: string) => post<Space>("/spaces", { name }),
  spaceMembers: (space: Id, q: string, cursor?: string) => get<Page<Member>>(`/spaces/${space}/members`, { q, cursor, limit: 50 }),
  invite: (body: { space_id: Id; role: "member" | "guest"; max_uses: number; expires_in_hours: number }) =>
    post<Invitation>("/invitations", body),
  search: (query: { q: string; channel_id?: Id; cursor?: string }, signal?: AbortSignal) =>
    get<Page<SearchHit>>("/search", { ...query, limit: 30 }, signal),
};

export const channels = {
  browse: (space: Id, query: { q?: string; cursor?: string; joined?: boolean; archived?: boolean; limit?: number }) =>
    get<Page<Channel>>(`/spaces/${space}/channels`, { limit: 50, ...query }),
  create: (space: Id, body: { name: string; kind: "public" | "private"; topic?: string }) =>
    post<Channel>(`/spaces/${space}/channels`, body),
  direct: (user_ids: Id[]) => post<Channel>("/direct", { user_ids }),
  one: (id: Id) => get<Channel>(`/channels/${id}`),
  update: (id: Id, body: { name?: string; topic?: string; archived?: boolean }) => patch<Channel>(`/channels/${id}`, body),
  join: (id: Id) => post<Channel>(`/channels/${id}/join`),
  leave: (id: Id) => post<void>(`/channels/${id}/leave`),
  members: (id: Id, query: { q?: string; cursor?: string; limit?: number }) =>
    get<Page<Member>>(`/channels/${id}/members`, { limit: 50, ...query }),
  addMember: (id: Id, user: Id) => put<Member>(`/channels/${id}/members/${user}`, {}),
  removeMember: (id: Id, user: Id) => del(`/channels/${id}/members/${user}`),
  settings: (id: Id, body: { muted?: boolean; favourite?: boolean }) => patch<Membership>(`/channels/${id}/settings`, body),
  pins: (id: Id) => get<{ items: Message[] }>(`/channels/${id}/pins`),
  markRead: (id: Id, seq: number, force = false) =>
    put<{ last_read_seq: number }>(`/channels/${id}/read`, force ? { seq, force } : { seq }),
  saveDraft: (id: Id, text: string, thread_id?: Id | null) =>
    put<void>(`/channels/${id}/draft`, thread_id ? { text, thread_id } : { text }),
  dropDraft: (id: Id, thread_id?: Id | null) => del(`/channels/${id}/draft`, thread_id ? { thread_id } : undefined),
};

type WindowQuery = { before?: number; after?: number; around?: number; date?: string; limit?: number };

export const messages = {
  window: (channel: Id, query: WindowQuery, signal?: AbortSignal) =>
    get<MessageWindow>(`/channels/${channel}/messages`, query, signal),
  thread: (root: Id, query: WindowQuery, signal?: AbortSignal) => get<MessageWindow>(`/messages/${root}/thread`, query, signal),
  one: (id: Id) => get<Message>(`/messages/${id}`),
  send: (channel: Id, body: { text: string; client_id: string; thread_id?: Id; reply_to?: Id }) =>
    post<Message>(`/channels/${channel}/messages`, body),
  edit: (id: Id, text: string) => patch<Message>(`/messages/${id}`, { text }),
  remove: (id: Id) => del(`/messages/${id}`),
  history: (id: Id) => get<{ items: { text: string; at: string }[] }>(`/messages/${id}/history`),
  react: (id: Id, emoji: string) => put<void>(`/messages/${id}/reactions/${segment(emoji)}`),
  unreact: (id: Id, emoji: string) => del(`/messages/${id}/reactions/${segment(emoji)}`),
  pin: (id: Id) => put<void>(`/messages/${id}/pin`),
  unpin: (id: Id) => del(`/messages/${id}/pin`),
};
