import { useEffect } from "react";
import { titleOf } from "~/features/channel/naming";
import { useWorkspace } from "~/state/workspace";

/** The window's title: mentions waiting, the open conversation. */
export function useTitle(channelId: string | undefined): void {
  const title = useWorkspace((state) => {
    const channel = channelId ? state.channels[channelId] : undefined;
    return channel && state.me ? titleOf(channel, state.users, state.me.id) : "";
  });
  const waiting = useWorkspace((state) =>
    Object.values(state.channels).reduce((sum, channel) => {
      const membership = channel.membership;
      if (!membership || membership.muted) return sum;
      return sum + (channel.user_ids.length > 0 ? membership.unread : membership.mentions);
    }, 0),
  );
  useEffect(() => {
    document.title = `${waiting > 0 ? `(${waiting}) ` : ""}${title ? `${title} · ` : ""}PlexiChat`;
  }, [title, waiting]);
}
