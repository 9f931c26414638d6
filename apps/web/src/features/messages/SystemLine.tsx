import { useLingui } from "@lingui/react/macro";
import type { Message } from "~/api/types";
import { dateTimeOf, timeOf } from "~/i18n/format";
import { useUser } from "~/state/workspace";
import css from "./SystemLine.module.css";

/** A note of the server in the conversation: who came, who left, what changed. */
export function SystemLine({ message }: { message: Message }) {
  const text = useNote(message);
  return (
    <>
      <span className={css["sign"]} aria-hidden="true" />
      <p className={css["line"]}>
        {text}
        <time className={css["time"]} dateTime={message.created_at} title={dateTimeOf(message.created_at)}>{timeOf(message.created_at)}</time>
      </p>
    </>
  );
}

function useNote(message: Message): string {
  const { t } = useLingui();
  const author = useUser(message.author_id)?.display_name ?? "…";
  const other = useUser(message.system?.user_id)?.display_name ?? "…";
  const text = message.system?.text ?? message.text;
  switch (message.system?.event) {
    case "joined":
      return t`${author} joined.`;
    case "left":
      return t`${author} left.`;
    case "added":
      return t`${author} added ${other}.`;
    case "removed":
      return t`${author} removed ${other}.`;
    case "renamed":
      return t`${author} renamed the channel to ${text}.`;
    case "topic":
      return text ? t`${author} set the topic: ${text}` : t`${author} removed the topic.`;
    case "archived":
      return t`${author} archived the channel.`;
    case "restored":
      return t`${author} restored the channel.`;
    case "created":
      return t`${author} made this channel.`;
    default:
      return text || t`Something changed.`;
  }
}
