import type { Id, Message } from "~/api/types";
import { Store, useStore } from "./store";

/** Which conversation is on the screen, and the last message in it, for the live region of screen readers. */
const store = new Store<{ message: Message | null }>({ message: null });
let visible: Id | null = null;

export function setVisibleChannel(channel: Id | null): void {
  visible = channel;
}

export function announce(message: Message): void {
  if (message.channel_id === visible) store.set({ message });
}

export const useAnnouncement = (): Message | null => useStore(store, (state) => state.message);
