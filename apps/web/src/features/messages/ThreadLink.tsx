import { Plural, Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { Message } from "~/api/types";
import { recentOf } from "~/i18n/format";
import { useWorkspace } from "~/state/workspace";
import { Avatar } from "~/ui/Avatar";
import css from "./ThreadLink.module.css";

/** The thread below a message: who is in it, how long it is, when it was last written to. */
export function ThreadLink({ message }: { message: Message }) {
  const users = useWorkspace((state) => state.users);
  const { thread } = message;
  const fresh = useWorkspace((state) => state.threads[message.id]?.unread ?? 0);
  if (!thread) return null;
  const last = thread.last_reply_at ? recentOf(thread.last_reply_at) : "";
  return (
    <Link to="/c/$channelId" params={{ channelId: message.channel_id }} search={{ thread: message.id }} className={css["link"]} activeProps={{}}>
      <span className={css["faces"]}>
        {thread.participant_ids.slice(0, 3).map((id) => <Avatar key={id} user={users[id]} id={id} size={20} />)}
      </span>
      <b><Plural value={thread.reply_count} one="# reply" other="# replies" /></b>
      {fresh > 0 && <span className={css["fresh"]}><Plural value={fresh} one="# new reply" other="# new replies" /></span>}
      {last && <span className={css["last"]}><Trans>last {last}</Trans></span>}
    </Link>
  );
}
