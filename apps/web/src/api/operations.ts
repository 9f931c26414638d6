import { del, get, patch, post, put } from "./client";
import { deviceName } from "./device";
import type {
  Body, Category, Channel, Id, Invitation, InvitationSeen, ManagedUser, Me, Member, Membership, Message, MessageWindow, Page, Revision, Role, SearchHit, Session, SignedIn,
  Space, Sync, ThreadEntry, ThreadState, User,
} from "./types";

const segment = encodeURIComponent;

export const auth = {
  setupOpen: () => get<{ open: boolean }>("/auth/setup"),
  setup: (body: Omit<Body<"auth_setup">, "transport">) =>
    post<SignedIn>("/auth/setup", { ...body, transport: "cookie" }),
  signIn: (name: string, password: string) =>
    post<SignedIn>("/auth/sign-in", { name, password, transport: "cookie", device: deviceName(navigator.userAgent) }),
  register: (body: Omit<Body<"auth_register">, "transport">) =>
    post<SignedIn>("/auth/register", { ...body, transport: "cookie" }),
  invitation: (code: string) => get<InvitationSeen>("/auth/invitation", { code }),
  signOut: () => post<void>("/auth/sign-out"),
  changePassword: (current: string, next: string) => post<void>("/auth/password", { current, new: next }),
  /** All of them: there are at most a hundred. */
  sessions: () => get<Page<Session>>("/auth/sessions", { limit: 100 }),
  endSession: (id: Id) => del(`/auth/sessions/${id}`),
  endOtherSessions: () => del("/auth/sessions"),
};

export const users = {
  updateMe: (body: Body<"users_update_me">) => patch<Me>("/users/me", body),
  list: (query: { q: string; cursor?: string; limit?: number }, signal?: AbortSignal) => get<Page<User>>("/users", { limit: 50, ...query }, signal),
  account: (id: Id) => get<ManagedUser>(`/users/${id}/account`),
  update: (id: Id, body: Body<"users_update">) => patch<User>(`/users/${id}`, body),
  lookup: (ids: Id[]) => post<{ items: User[] }>("/users/lookup", { ids }),
};

export const roles = {
  list: () => get<{ items: Role[] }>("/roles"),
};

export const spaces = {
  list: (cursor?: string) => get<Page<Space>>("/spaces", { limit: 200, cursor }),
  create: (body: Body<"spaces_create">) => post<Space>("/spaces", body),
  update: (id: Id, body: Body<"spaces_update">) => patch<Space>(`/spaces/${id}`, body),
  members: (id: Id, query: { q?: string; cursor?: string; limit?: number }) => get<Page<Member>>(`/spaces/${id}/members`, { limit: 50, ...query }),
  setMember: (id: Id, user: Id, role: string) => put<Member>(`/spaces/${id}/members/${user}`, { role }),
  removeMember: (id: Id, user: Id) => del(`/spaces/${id}/members/${user}`),
};

export const workspace = {
  sync: () => get<Sync>("/sync"),
  invite: (body: Body<"invitations_create">) => post<Invitation>("/invitations", body),
  search: (query: { q: string; channel_id?: Id; cursor?: string }, signal?: AbortSignal) =>
    get<Page<SearchHit>>("/search", { ...query, limit: 30 }, signal),
};

export const channels = {
  browse: (space: Id, query: { q?: string; cursor?: string; joined?: boolean; archived?: boolean; limit?: number }) =>
    get<Page<Channel>>(`/spaces/${space}/channels`, { limit: 50, ...query }),
  create: (space: Id, body: Body<"channels_create">) =>
    post<Channel>(`/spaces/${space}/channels`, body),
  direct: (user_ids: Id[]) => post<Channel>("/direct", { user_ids }),
  one: (id: Id) => get<Channel>(`/channels/${id}`),
  update: (id: Id, body: Body<"channels_update">) => patch<Channel>(`/channels/${id}`, body),
  join: (id: Id) => post<Channel>(`/channels/${id}/join`),
  leave: (id: Id) => post<void>(`/channels/${id}/leave`),
  members: (id: Id, query: { q?: string; cursor?: string; limit?: number }) =>
    get<Page<Member>>(`/channels/${id}/members`, { limit: 50, ...query }),
  setMember: (id: Id, user: Id, role?: string) => put<Member>(`/channels/${id}/members/${user}`, role ? { role } : {}),
  removeMember: (id: Id, user: Id) => del(`/channels/${id}/members/${user}`),
  settings: (id: Id, body: Body<"channels_settings">) => patch<Membership>(`/channels/${id}/settings`, body),
  setCategories: (items: Category[]) => put<{ items: Category[] }>("/users/me/categories", { items }),
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
  threads: () => get<{ items: ThreadEntry[] }>("/threads"),
  readThread: (root: Id, position: number) => put<ThreadState>(`/messages/${root}/thread/read`, { position }),
  one: (id: Id) => get<Message>(`/messages/${id}`),
  send: (channel: Id, body: Body<"messages_post">) =>
    post<Message>(`/channels/${channel}/messages`, body),
  edit: (id: Id, text: string) => patch<Message>(`/messages/${id}`, { text }),
  remove: (id: Id) => del(`/messages/${id}`),
  history: (id: Id) => get<{ items: Revision[] }>(`/messages/${id}/history`),
  react: (id: Id, emoji: string) => put<void>(`/messages/${id}/reactions/${segment(emoji)}`),
  unreact: (id: Id, emoji: string) => del(`/messages/${id}/reactions/${segment(emoji)}`),
  pin: (id: Id) => put<void>(`/messages/${id}/pin`),
  unpin: (id: Id) => del(`/messages/${id}/pin`),
};
