import type { Id, Message } from "~/api/types";
import { Store, useStore } from "./store";

export type DialogState =
  | { kind: "switcher" }
  | { kind: "shortcuts" }
  | { kind: "new-channel" }
  | { kind: "browse" }
  | { kind: "new-direct" }
  | { kind: "invite" }
  | { kind: "preferences" }
  | { kind: "channel"; channel: Id }
  | { kind: "date"; channel: Id; from: string | null }
  | { kind: "delete"; message: Message }
  | { kind: "history"; message: Message }
  | { kind: "person"; user: Id };

interface Ui {
  dialog: DialogState | null;
  /** The sidebar as a drawer, on narrow windows. */
  drawer: boolean;
  space: Id | null;
  /** The message being edited in place, by `editKey`. */
  editing: string | null;
  /** The message that the next one answers, by `channel` or `channel/thread`. */
  replyTo: Record<string, Message | undefined>;
}

export const uiStore = new Store<Ui>({ dialog: null, drawer: false, space: null, editing: null, replyTo: {} });

export const useUi = <S>(select: (value: Ui) => S): S => useStore(uiStore, select);
export const openDialog = (dialog: DialogState): void => uiStore.set({ dialog, drawer: false });
export const closeDialog = (): void => uiStore.set({ dialog: null });
export const setEditing = (editing: string | null): void => uiStore.set({ editing });
/** The same message may stand in the main line and above its thread; only one of them is edited. */
export const editKey = (message: Id, thread: Id | null): string => `${thread ?? ""}:${message}`;
export const setReplyTo = (key: string, message: Message | undefined): void =>
  uiStore.set((state) => ({ replyTo: { ...state.replyTo, [key]: message } }));

/** Where messages of a conversation are shown and written: a channel's main line or a thread in it. */
export const placeKey = (channel: Id, thread: Id | null): string => (thread ? `${channel}/${thread}` : channel);

/** Puts the cursor into the composer of a place. */
export function focusComposer(channel: Id, thread: Id | null): void {
  document.getElementById(composerId(channel, thread))?.focus();
}
export const composerId = (channel: Id, thread: Id | null): string => `composer-${placeKey(channel, thread)}`;
