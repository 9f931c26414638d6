import { plural } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useWorkspace } from "~/state/workspace";
import { Icon } from "~/ui/Icon";
import { cx } from "~/ui/classes";
import css from "./Sidebar.module.css";

/** The way to my threads, and how many of them have new replies. */
export function ThreadsLink({ active }: { active: string | undefined }) {
  const threads = useWorkspace((state) => state.threads);
  const unread = Object.values(threads);
  const channelId = active ?? unread[0]?.channel_id;
  if (!channelId) return null;
  return (
    <Link to="/c/$channelId" params={{ channelId }} search={{ pane: "threads" }} activeProps={{}} className={cx(css["link"], unread.length > 0 && css["unread"])}>
      <Icon name="thread" size={16} />
      <span className={css["name"]}><Trans>Threads</Trans></span>
      {unread.length > 0 && (
        <span className={css["badge"]}>
          <span aria-hidden="true">{unread.length > 99 ? "99+" : unread.length}</span>
          <span className="visually-hidden">{plural(unread.length, { one: "# thread with new replies", other: "# threads with new replies" })}</span>
        </span>
      )}
    </Link>
  );
}
