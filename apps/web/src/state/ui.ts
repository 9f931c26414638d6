import type { Id, Message } from "~/api/types";
import { Store, useStore } from "./store";

export type DialogState =
  | { kind: "switcher" }
  | { kind: "shortcuts" }
  | { kind: "new-channel" }
  | { kind: "browse" }
  | { kind: "new-direct" }
  | { kind: "category"; name: string | null; channel: Id | null }
  | { kind: "invite" }
  | { kind: "preferences" }
  | { kind: "channel"; channel: Id }
  | { kind: "date"; channel: Id; from: string | null }
  | { kind: "delete"; message: Message }
  | { kind: "history"; message: Message }
  | { kind: "person"; user: Id }
  | { kind: "new-space" }
  | { kind: "space"; space: Id }
  | { kind: "accounts" }
  | { kind: "account"; user: Id };

interface Ui {
  dialog: DialogState | null;
  /** The sidebar as a drawer, on narrow windows. */
  drawer: boolean;
  space: Id | null;
  /** The message being edited in place, by `editKey`. */
  editing: string | null;
  /** What it says by now, so that nothing of it is lost when its place leaves the screen. */
  editText: string | null;
  /** The message that the next one answers, by `channel` or `channel/thread`. */
  replyTo: Record<string, Message | undefined>;
}

export const uiStore = new Store<Ui>({ dialog: null, drawer: false, space: null, editing: null, editText: null, replyTo: {} });

export const useUi = <S>(select: (value: Ui) => S): S => useStore(uiStore, select);
export const closeDialog = (): void => uiStore.set({ dialog: null });

/** What had the focus before the first of the dialogs that followed each other. */
let opener: Element | null = null;

export function openDialog(dialog: DialogState): void {
  if (!uiStore.get().dialog) {
    const focused = document.activeElement;
    opener = focused?.closest('[role="menu"]') ? document.querySelector('[aria-haspopup="menu"][aria-expanded="true"]') : focused;
  }
  uiStore.set({ dialog, drawer: false });
}

/** Gives the focus back once no dialog is open any more. */
export function returnFocus(): void {
  if (uiStore.get().dialog || (document.activeElement && document.activeElement !== document.body)) return;
  if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
}
export const setEditing = (editing: string | null): void => uiStore.set({ editing, editText: null });
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
