import { plural } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { Channel } from "~/api/types";
import { iconOf, isDirect, othersIn, titleOf } from "~/features/channel/naming";
import { useHasDraft } from "~/state/drafts";
import { useMe, useWorkspace } from "~/state/workspace";
import { Avatar } from "~/ui/Avatar";
import { Icon } from "~/ui/Icon";
import { cx } from "~/ui/classes";
import css from "./Sidebar.module.css";

export function ChannelLink({ channel }: { channel: Channel }) {
  const { t } = useLingui();
  const me = useMe();
  const title = useWorkspace((state) => titleOf(channel, state.users, me.id));
  const hasDraft = useHasDraft(channel.id);
  const other = channel.kind === "direct" ? othersIn(channel, me.id)[0] : undefined;
  const user = useWorkspace((state) => (other ? state.users[other] : undefined));
  const presence = useWorkspace((state) => (other ? state.presence[other] : undefined));
  const { unread = 0, mentions = 0, muted = false } = channel.membership ?? {};
  const bold = unread > 0 && !muted;
  const count = isDirect(channel) && !muted ? unread || mentions : mentions;

  return (
    <Link
      to="/c/$channelId"
      params={{ channelId: channel.id }}
      className={cx(css["link"], bold && css["unread"], muted && css["muted"])}
      activeProps={{ className: css["active"] ?? "" }}
    >
      {other ? <Avatar user={user} id={other} size={20} presence={presence} /> : <Icon name={iconOf(channel)} size={16} />}
      <span className={css["name"]} dir="auto">{title}</span>
      {presence === "online" && <span className="visually-hidden">{t`online`}</span>}
      {hasDraft && count === 0 && <span className={css["draft"]} title={t`Draft`}><Icon name="pencil" size={14} /><span className="visually-hidden"><Trans>Draft</Trans></span></span>}
      {muted && <span className={css["draft"]}><Icon name="bellOff" size={14} /><span className="visually-hidden"><Trans>Muted</Trans></span></span>}
      {bold && count === 0 && <span className="visually-hidden"><Trans>Unread</Trans></span>}
      {count > 0 && (
        <span className={css["badge"]}>
          <span aria-hidden="true">{count > 99 ? "99+" : count}</span>
          <span className="visually-hidden">{isDirect(channel) ? plural(count, { one: "# unread message", other: "# unread messages" }) : plural(count, { one: "# mention", other: "# mentions" })}</span>
        </span>
      )}
    </Link>
  );
}
