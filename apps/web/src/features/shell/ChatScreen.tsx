import { Trans, useLingui } from "@lingui/react/macro";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { readLocal } from "~/state/local";
import { uiStore, useUi } from "~/state/ui";
import { useWorkspace } from "~/state/workspace";
import { cx } from "~/ui/classes";
import { ChannelScreen } from "~/features/channel/ChannelScreen";
import { Sidebar } from "~/features/sidebar/Sidebar";
import { Announcer } from "./Announcer";
import css from "./ChatScreen.module.css";
import { ConnectionBanner } from "./ConnectionBanner";
import { Dialogs } from "./Dialogs";
import { firstChannel } from "./firstChannel";
import { useActivity } from "./useActivity";
import { useShortcuts } from "./useShortcuts";
import { useTitle } from "./useTitle";
import { Welcome } from "./Welcome";

/** The chat, for those who are signed in. While the way to the sign-in page is loading, nothing of it may be shown any more. */
export function ChatScreen() {
  const ready = useWorkspace((state) => state.phase === "ready");
  return ready ? <Chat /> : null;
}

/** The three panes: conversations, the open one, and what is beside it. */
function Chat() {
  const { t } = useLingui();
  const { channelId } = useParams({ strict: false });
  const drawer = useUi((state) => state.drawer);
  const navigate = useNavigate();
  useShortcuts(channelId);
  useActivity();
  useTitle(channelId);

  useEffect(() => {
    if (channelId) return;
    const channel = firstChannel(readLocal<string>("last-channel"), uiStore.get().space);
    if (channel) void navigate({ to: "/c/$channelId", params: { channelId: channel }, replace: true });
  }, [channelId, navigate]);

  return (
    <div className={css["shell"]}>
      <a className={css["skip"]} href="#main"><Trans>Skip to the conversation</Trans></a>
      <div className={cx(css["side"], drawer && css["open"])}>
        <Sidebar active={channelId} />
      </div>
      {drawer && (
        <button type="button" className={css["veil"]} aria-label={t`Close the list of conversations`} onClick={() => uiStore.set({ drawer: false })} />
      )}
      <div className={css["body"]}>
        <ConnectionBanner />
        {channelId ? <ChannelScreen key={channelId} channelId={channelId} /> : <Welcome />}
      </div>
      <Announcer />
      <Dialogs />
    </div>
  );
}
