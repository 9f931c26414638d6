import { useEffect, useRef, useState } from "react";
import type { Channel } from "~/api/types";
import { markRead } from "~/state/reading";
import { workspaceStore } from "~/state/workspace";

/** Up to where had been read when the conversation was opened or the window left; null when nothing was unread. */
function lineFor(channelId: string): number | null {
  const membership = workspaceStore.get().channels[channelId]?.membership;
  return membership && membership.unread > 0 ? membership.last_read_seq : null;
}

/**
 * Where the line "new" stands, and marking as read: that happens while the end is in view and the window has the focus.
 */
export function useUnreadLine(channel: Channel, enabled: boolean, atEnd: boolean, loaded: boolean) {
  const [line, setLine] = useState(() => (enabled ? lineFor(channel.id) : null));
  const [unreadAtOpen] = useState(() => (enabled ? (channel.membership?.unread ?? 0) : 0));
  const [focused, setFocused] = useState(() => document.hasFocus());

  useEffect(() => {
    const look = () => setFocused(document.hasFocus() && document.visibilityState === "visible");
    const events = ["focus", "blur"] as const;
    for (const name of events) window.addEventListener(name, look);
    document.addEventListener("visibilitychange", look);
    return () => {
      for (const name of events) window.removeEventListener(name, look);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);

  const unread = channel.membership?.unread ?? 0;
  const before = useRef(unread);
  useEffect(() => {
    // What arrives while nobody looks begins a new line.
    if (enabled && before.current === 0 && unread > 0 && !(focused && atEnd)) setLine(lineFor(channel.id));
    before.current = unread;
  }, [enabled, unread, focused, atEnd, channel.id]);
  useEffect(() => {
    if (enabled && loaded && atEnd && focused) markRead(channel.id);
  }, [enabled, loaded, atEnd, focused, channel.id, channel.last_seq]);

  return { line, unreadAtOpen };
}
