import type { SocketStatus } from "~/api/socket";
import type { Channel, Id, Me, Presence, Space, Sync, User } from "~/api/types";
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
  users: Record<Id, User>;
  presence: Record<Id, Presence>;
  typing: Record<string, Typing[]>;
  connection: { status: SocketStatus; retryAt: number | null };
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
  users: {},
  presence: {},
  typing: {},
  connection: { status: "closed", retryAt: null },
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
    return { channels };
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
