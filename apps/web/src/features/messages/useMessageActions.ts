import { useLingui } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { messages as messagesApi } from "~/api/operations";
import type { Channel, Message } from "~/api/types";
import { can } from "~/features/channel/naming";
import { whyNoWriting } from "~/features/channel/writing";
import { errorWords } from "~/i18n/problems";
import { markUnread } from "~/state/reading";
import { applyToTimelines } from "~/state/timelines";
import { focusComposer, placeKey, setReplyTo } from "~/state/ui";
import { myId, workspaceStore } from "~/state/workspace";
import { copyText } from "~/ui/clipboard";
import { toast } from "~/ui/Toasts";

export type MessageActions = ReturnType<typeof useMessageActions>;

/** The address of a message, to be opened by anybody who may see it. */
export const linkTo = (message: Message): string =>
  `${location.origin}/c/${message.channel_id}?m=${message.id}${message.thread_id ? `&thread=${message.thread_id}` : ""}`;

/** What may be done with a message, and doing it. */
export function useMessageActions(message: Message, channel: Channel, threadId: string | null) {
  const { t } = useLingui();
  const navigate = useNavigate();
  return useMemo(() => {
    const me = myId();
    const own = message.author_id === me;
    const closed = whyNoWriting(channel, workspaceStore.get().spaces);
    const open = closed === null || closed === "not-allowed";
    const writable = open && !message.deleted && message.kind === "text";
    const attempt = async (act: () => Promise<unknown>) => {
      try {
        await act();
      } catch (error) {
        toast(errorWords(error));
      }
    };
    const react = (emoji: string, on: boolean) => {
      const known = message.reactions.find((entry) => entry.emoji === emoji);
      if ((known?.me ?? false) === on) return;
      const apply = (added: boolean) =>
        applyToTimelines(channel.id, {
          kind: added ? "reaction_added" : "reaction_removed",
          message_id: message.id,
          emoji,
          user_id: me,
          count: added === on ? (known?.count ?? 0) + (on ? 1 : -1) : (known?.count ?? 0),
        });
      apply(on);
      void attempt(async () => {
        try {
          await (on ? messagesApi.react(message.id, emoji) : messagesApi.unreact(message.id, emoji));
        } catch (error) {
          apply(!on);
          throw error;
        }
      });
    };
    return {
      canEdit: writable && own,
      canDelete: writable && (own || can(channel, "message.moderate")),
      canPin: writable && can(channel, "message.pin"),
      canReact: writable && can(channel, "message.react"),
      canReply: writable,
      openThread: threadId
        ? null
        : () => void navigate({ to: "/c/$channelId", params: { channelId: channel.id }, search: { thread: message.id } }),
      reply: () => {
        setReplyTo(placeKey(channel.id, threadId), message);
        requestAnimationFrame(() => focusComposer(channel.id, threadId));
      },
      toggleReaction: (emoji: string) => react(emoji, !message.reactions.some((entry) => entry.emoji === emoji && entry.me)),
      addReaction: (emoji: string) => react(emoji, true),
      togglePin: () => attempt(() => (message.pinned ? messagesApi.unpin(message.id) : messagesApi.pin(message.id))),
      copyLink: () => copyText(linkTo(message), t`Link copied`),
      copyText: () => copyText(message.text, t`Text copied`),
      markUnread: () => attempt(() => markUnread(channel.id, message.seq)),
    };
  }, [message, channel, threadId, navigate, t]);
}
