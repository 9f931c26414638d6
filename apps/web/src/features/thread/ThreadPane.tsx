import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { messages } from "~/api/operations";
import type { Channel } from "~/api/types";
import { TypingLine } from "~/features/channel/TypingLine";
import { titleOf } from "~/features/channel/naming";
import { useNoWriting } from "~/features/channel/writing";
import { Composer } from "~/features/composer/Composer";
import { MessageList } from "~/features/messages/MessageList";
import type { Target } from "~/features/messages/useChannelTarget";
import { markThreadRead } from "~/state/reading";
import { useTimeline } from "~/state/timelines";
import { focusComposer } from "~/state/ui";
import { useMe, useWorkspace } from "~/state/workspace";
import { Empty } from "~/ui/Empty";
import { Pane } from "~/ui/Pane";
import { ThreadRoot } from "./ThreadRoot";

/** The replies to one message, with a composer of their own. */
export function ThreadPane({ channel, rootId, messageId, onClose }: {
  channel: Channel;
  rootId: string;
  messageId: string | undefined;
  onClose: () => void;
}) {
  const { t } = useLingui();
  const me = useMe();
  const title = useWorkspace((state) => titleOf(channel, state.users, me.id));
  const timeline = useTimeline(channel.id, rootId);
  const opened = useQuery({ queryKey: ["thread", rootId], queryFn: () => timeline.open().then(() => true), retry: false, staleTime: Infinity, gcTime: 0 });
  const found = useQuery({ queryKey: ["message", messageId], queryFn: () => messages.one(messageId ?? ""), enabled: Boolean(messageId) && messageId !== rootId, retry: false, staleTime: Infinity });
  const target = useMemo<Target | null>(
    () => (found.data && found.data.thread_id === rootId ? { position: found.data.position, key: found.data.id, highlight: found.data.id } : null),
    [found.data, rootId],
  );
  useEffect(() => focusComposer(channel.id, rootId), [channel.id, rootId]);
  const unread = useWorkspace((state) => state.threads[rootId]?.unread ?? 0);
  useEffect(() => {
    const read = () => {
      if (unread > 0 && timeline.loaded && document.visibilityState === "visible") markThreadRead(rootId, timeline.total - 1);
    };
    read();
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, [unread, rootId, timeline, timeline.loaded, timeline.total]);
  const writable = useNoWriting(channel) === null;

  return (
    <Pane title={t`Thread`} note={title} onClose={onClose}>
      {opened.isError && !timeline.loaded ? (
        <Empty icon="thread" title={t`This thread cannot be opened`}><Trans>It may have been deleted, or the connection is lost.</Trans></Empty>
      ) : (
        <MessageList
          timeline={timeline}
          channel={channel}
          label={t`Replies`}
          intro={timeline.root ? <ThreadRoot message={timeline.root} channel={channel} count={timeline.total} /> : null}
          target={target}
        />
      )}
      <TypingLine channelId={channel.id} threadId={rootId} />
      {writable && <Composer channel={channel} threadId={rootId} placeholder={t`Reply…`} />}
    </Pane>
  );
}
