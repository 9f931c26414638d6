import { Trans, useLingui } from "@lingui/react/macro";
import { useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { Composer } from "~/features/composer/Composer";
import { MessageList } from "~/features/messages/MessageList";
import { useChannelTarget } from "~/features/messages/useChannelTarget";
import { setVisibleChannel } from "~/state/announcer";
import { writeLocal } from "~/state/local";
import { watchPresence } from "~/state/people";
import { releaseUnread } from "~/state/reading";
import { useOfflineCopy } from "~/state/useOfflineCopy";
import { useTimeline } from "~/state/timelines";
import { uiStore } from "~/state/ui";
import { useChannel, useMe, useWorkspace } from "~/state/workspace";
import { IconButton } from "~/ui/Button";
import { cx } from "~/ui/classes";
import { Empty, Spinner } from "~/ui/Empty";
import { ChannelHeader } from "./ChannelHeader";
import { ChannelIntro } from "./ChannelIntro";
import css from "./ChannelScreen.module.css";
import { JoinBar } from "./JoinBar";
import { isDirect, othersIn, titleOf } from "./naming";
import { TypingLine } from "./TypingLine";
import { useUnknownChannel } from "./useUnknownChannel";
import { useNoWriting } from "./writing";

const SidePane = lazy(() => import("./SidePane").then((module) => ({ default: module.SidePane })));

/** One conversation: its head, its messages, the composer, and the pane beside them. */
export function ChannelScreen({ channelId }: { channelId: string }) {
  const channel = useChannel(channelId);
  const missing = useUnknownChannel(channelId, channel !== undefined);
  const { t } = useLingui();
  if (channel) return <KnownChannel channelId={channelId} />;
  return (
    <main id="main" className={css["missing"]}>
      <IconButton className={css["menu"]} icon="menu" label={t`Conversations`} onClick={() => uiStore.set({ drawer: true })} />
      {missing ? (
        <Empty icon="hash" title={t`This conversation cannot be opened`}>
          <Trans>It does not exist, or you are not in it.</Trans>
        </Empty>
      ) : (
        <Spinner label={t`Loading`} />
      )}
    </main>
  );
}

function KnownChannel({ channelId }: { channelId: string }) {
  const { t } = useLingui();
  const me = useMe();
  const channel = useChannel(channelId);
  const search = useSearch({ strict: false });
  const title = useWorkspace((state) => (channel ? titleOf(channel, state.users, me.id) : ""));
  const timeline = useTimeline(channelId);
  const noWriting = useNoWriting(channel);
  const target = useChannelTarget(channelId, search.thread ? undefined : search.m);
  useOfflineCopy(timeline);

  useEffect(() => {
    setVisibleChannel(channelId);
    writeLocal("last-channel", channelId);
    timeline.open().catch(() => undefined);
    return () => {
      setVisibleChannel(null);
      releaseUnread(channelId);
    };
  }, [channelId, timeline]);
  const space = channel?.space_id;
  useEffect(() => {
    if (space) uiStore.set({ space });
  }, [space]);
  useEffect(() => {
    if (channel) watchPresence(othersIn(channel, me.id));
  }, [channel, me.id]);

  if (!channel) return null;
  const paneOpen = Boolean(search.thread ?? search.pane);
  return (
    <div className={cx(css["split"], paneOpen && css["withPane"])}>
      <main id="main" className={css["main"]} aria-label={title}>
        <ChannelHeader channel={channel} title={title} />
        <MessageList
          key={channelId}
          timeline={timeline}
          channel={channel}
          label={t`Messages in ${title}`}
          intro={<ChannelIntro channel={channel} title={title} />}
          target={target}
        />
        <TypingLine channelId={channelId} threadId={null} />
        {noWriting === null ? (
          <Composer
            channel={channel}
            threadId={null}
            placeholder={isDirect(channel) ? t`Message ${title}` : t`Message #${title}`}
          />
        ) : (
          <JoinBar channel={channel} reason={noWriting} />
        )}
      </main>
      {paneOpen && (
        <Suspense fallback={null}>
          <SidePane channel={channel} search={search} />
        </Suspense>
      )}
    </div>
  );
}
