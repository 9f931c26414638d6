import { useLingui } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, type ReactNode } from "react";
import type { Message } from "~/api/types";
import { titleOf } from "~/features/channel/naming";
import { recentOf } from "~/i18n/format";
import { needUsers } from "~/state/people";
import { myId, useUser, useWorkspace } from "~/state/workspace";
import { Avatar } from "~/ui/Avatar";
import css from "./MessageCard.module.css";
import { jumpTo } from "./jump";
import { Markdown } from "./text/MessageText";

/** A message outside of its conversation: a pin, a find. Leads to where it stands. */
export function MessageCard({ message, place, keep, children }: {
  message: Message;
  /** Names the conversation, too. */
  place?: boolean;
  /** What of the address stays: a search stays open. */
  keep?: Record<string, string>;
  children?: ReactNode;
}) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const author = useUser(message.author_id);
  const where = useWorkspace((state) => {
    const channel = state.channels[message.channel_id];
    return place && channel ? titleOf(channel, state.users, myId()) : "";
  });
  useEffect(() => needUsers([message.author_id]), [message.author_id]);
  const open = () => {
    const search = message.thread_id ? { thread: message.thread_id, m: message.id } : { ...keep, m: message.id };
    if (!message.thread_id) jumpTo(message.channel_id, message.position, message.id);
    void navigate({ to: "/c/$channelId", params: { channelId: message.channel_id }, search });
  };
  const name = author?.display_name ?? "…";
  const when = recentOf(message.created_at);
  const start = message.text.slice(0, 240);
  return (
    <div className={css["card"]}>
      <button type="button" className={css["open"]} aria-label={t`${name}, ${when}: ${start}`} onClick={open}>
        <Avatar user={author} id={message.author_id} size={20} />
        <b dir="auto">{name}</b>
        <span className={css["when"]}>
          {where && <bdi>{where} · </bdi>}
          {when}
        </span>
      </button>
      <div className={css["text"]} dir="auto">
        {children ?? <Markdown text={message.text.slice(0, 600)} mentions={message.mentions} all={message.mentions_all} />}
      </div>
    </div>
  );
}
