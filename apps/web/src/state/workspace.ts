import type { SocketStatus } from "~/api/socket";
import type { Category, Channel, Id, Me, Presence, Space, Sync, ThreadState, User } from "~/api/types";
import { Store, useStore } from "./store";

export interface Typing {
  user_id: Id;
  until: number;
}

export interface Workspace {
  phase: "starting" | "signed-out" | "ready" | "failed";
  /** Signed out, but not by who was signed in. */
  ended: boolean;
  me: Me | null;
  spaces: Space[];
  channels: Record<Id, Channel>;
  /** The groups of my sidebar, in order. */
  categories: Category[];
  /** Threads with unread replies that I take part in, by their first message. */
  threads: Record<Id, ThreadState>;
  users: Record<Id, User>;
  presence: Record<Id, Presence>;
  typing: Record<string, Typing[]>;
  connection: { status: SocketStatus; retryAt: number | null; restarting: boolean };
  /** What is shown comes from this device, not from the server. */
  cached: boolean;
  maxMessageLength: number;
  serverVersion: string;
}

const empty: Workspace = {
  phase: "starting",
  ended: false,
  me: null,
  spaces: [],
  channels: {},
  categories: [],
  threads: {},
  users: {},
  presence: {},
  typing: {},
  connection: { status: "closed", retryAt: null, restarting: false },
  cached: false,
  maxMessageLength: 40_000,
  serverVersion: "",
};

export const workspaceStore = new Store<Workspace>(empty);

export function useWorkspace<S>(select: (value: Workspace) => S): S {
  return useStore(workspaceStore, select);
}

export const useChannel = (id: Id): Channel | undefined => useWorkspace((state) => state.channels[id]);
export const useUser = (id: Id | null | undefined): User | undefined => useWorkspace((state) => (id ? state.users[id] : undefined));
export const useMe = (): Me => {
  const me = useWorkspace((state) => state.me);
  if (!me) throw new Error("used outside of a signed-in screen");
  return me;
};

export const myId = (): Id => workspaceStore.get().me?.id ?? "";

export function forgetEverything(phase: Workspace["phase"]): void {
  workspaceStore.set({ ...empty, phase });
}

export function takeSync(sync: Sync, cached: boolean): void {
  workspaceStore.set((state) => {
    const users = { ...state.users };
    for (const user of sync.users) users[user.id] = user;
    users[sync.me.id] = sync.me;
    return {
      phase: "ready",
      me: sync.me,
      spaces: sync.spaces,
      channels: Object.fromEntries(sync.channels.map((channel) => [channel.id, channel])),
      // What was kept on this device by an older client has neither.
      categories: (sync as Partial<Sync>).categories ?? [],
      threads: Object.fromEntries(((sync as Partial<Sync>).threads ?? []).map((thread) => [thread.thread_id, thread])),
      users,
      presence: { ...sync.presence },
      cached,
      maxMessageLength: sync.server.max_message_length,
      serverVersion: sync.server.version,
    };
  });
}

export function putUsers(users: User[]): void {
  if (users.length === 0) return;
  workspaceStore.set((state) => {
    const all = { ...state.users };
    for (const user of users) all[user.id] = user;
    const mine = state.me ? all[state.me.id] : undefined;
    return { users: all, me: mine && state.me ? { ...state.me, ...mine } : state.me };
  });
}

export function putChannel(channel: Channel): void {
  workspaceStore.set((state) => ({ channels: { ...state.channels, [channel.id]: channel } }));
}

export function dropChannel(id: Id): void {
  workspaceStore.set((state) => {
    const channels = { ...state.channels };
    delete channels[id];
    const threads = Object.fromEntries(Object.entries(state.threads).filter(([, thread]) => thread.channel_id !== id));
    return { channels, threads };
  });
}

/** How a thread stands now; only those with something unread are kept. */
export function putThread({ channel_id, thread_id, unread, mentioned }: ThreadState): void {
  workspaceStore.set((state) => {
    const threads = { ...state.threads };
    if (unread > 0) threads[thread_id] = { channel_id, thread_id, unread, mentioned };
    else delete threads[thread_id];
    return { threads };
  });
}

/** A space as it is now; the list stays in order of name. */
export function putSpace(space: Space): void {
  workspaceStore.set((state) => ({
    spaces: [...state.spaces.filter((entry) => entry.id !== space.id), space].sort((a, b) => a.name.localeCompare(b.name)),
  }));
}

export function dropSpace(id: Id): void {
  workspaceStore.set((state) => ({ spaces: state.spaces.filter((space) => space.id !== id) }));
}

/** Changes one channel if it is known. */
export function changeChannel(id: Id, change: (channel: Channel) => Partial<Channel>): void {
  workspaceStore.set((state) => {
    const channel = state.channels[id];
    if (!channel) return {};
    return { channels: { ...state.channels, [id]: { ...channel, ...change(channel) } } };
  });
}

export function changeMembership(id: Id, change: Partial<NonNullable<Channel["membership"]>>): void {
  changeChannel(id, (channel) => (channel.membership ? { membership: { ...channel.membership, ...change } } : {}));
}
