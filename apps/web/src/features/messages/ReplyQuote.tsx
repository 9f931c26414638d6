import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { messages } from "~/api/operations";
import { needUsers } from "~/state/people";
import { timelineOf } from "~/state/timelines";
import { placeKey } from "~/state/ui";
import { useUser } from "~/state/workspace";
import { Icon } from "~/ui/Icon";
import { jumpTo } from "./jump";
import css from "./ReplyQuote.module.css";

/** What a message answers, in one line; leads there. */
export function ReplyQuote({ id, channelId, threadId }: { id: string; channelId: string; threadId: string | null }) {
  const near = timelineOf(channelId, threadId).byId(id);
  const query = useQuery({ queryKey: ["message", id], queryFn: () => messages.one(id), enabled: !near, staleTime: 60_000, retry: false });
  const message = near ?? query.data;
  const author = useUser(message?.author_id)?.display_name;
  if (message && !author) needUsers([message.author_id]);
  if (!message) return null;
  return (
    <button type="button" tabIndex={-1} className={css["quote"]} onClick={() => jumpTo(placeKey(channelId, threadId), message.position, message.id)}>
      <Icon name="reply" size={14} />
      <b dir="auto">{author}</b>
      <span dir="auto">{message.deleted ? <Trans>This message was deleted.</Trans> : message.text.slice(0, 200)}</span>
    </button>
  );
}
