import { plural } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { Channel } from "~/api/types";
import type { PaneName } from "~/routes/router";
import { numberOf } from "~/i18n/format";
import { categoryOf } from "~/state/categories";
import { openDialog, uiStore } from "~/state/ui";
import { useMe, useWorkspace } from "~/state/workspace";
import { Avatar } from "~/ui/Avatar";
import { IconButton } from "~/ui/Button";
import { Icon } from "~/ui/Icon";
import { Menu, type MenuEntry } from "~/ui/Menu";
import { copyText } from "~/ui/clipboard";
import css from "./ChannelHeader.module.css";
import { leaveChannel, moveToCategory, setFavourite, setMuted } from "./membership";
import { iconOf, isDirect, othersIn } from "./naming";

export function ChannelHeader({ channel, title }: { channel: Channel; title: string }) {
  const { t } = useLingui();
  const me = useMe();
  const navigate = useNavigate();
  const { pane, thread } = useSearch({ strict: false });
  const other = channel.kind === "direct" ? othersIn(channel, me.id)[0] : undefined;
  const user = useWorkspace((state) => (other ? state.users[other] : undefined));
  const presence = useWorkspace((state) => (other ? state.presence[other] : undefined));
  const favourite = channel.membership?.favourite ?? false;
  const muted = channel.membership?.muted ?? false;
  const categories = useWorkspace((state) => state.categories);
  const mine = categoryOf(categories, channel.id);
  const subtitle = other ? (user?.status_text ?? "") : channel.topic;

  const toggle = (name: PaneName) => {
    const next = pane === name && !thread ? {} : { pane: name };
    void navigate({ to: "/c/$channelId", params: { channelId: channel.id }, search: next });
  };
  const named = !isDirect(channel);
  const joined = channel.membership !== null;
  const menu = (): MenuEntry[] => [
    joined && { icon: "star", label: favourite ? t`Remove from favourites` : t`Add to favourites`, onSelect: () => void setFavourite(channel, !favourite) },
    joined && { icon: muted ? "bell" : "bellOff", label: muted ? t`Unmute` : t`Mute`, onSelect: () => void setMuted(channel, !muted) },
    joined && { heading: t`Category` },
    ...(joined
      ? categories.map(({ name }) => ({ label: name, checked: name === mine, onSelect: () => void moveToCategory(channel.id, name === mine ? null : name) }))
      : []),
    joined && { icon: "plus", label: t`New category`, onSelect: () => openDialog({ kind: "category", name: null, channel: channel.id }) },
    joined && "line",
    { icon: "calendar", label: t`Jump to a date`, onSelect: () => openDialog({ kind: "date", channel: channel.id, from: null }) },
    { icon: "link", label: t`Copy link`, onSelect: () => void copyText(`${location.origin}/c/${channel.id}`, t`Link copied`) },
    named && { icon: "settings", label: t`Channel settings`, onSelect: () => openDialog({ kind: "channel", channel: channel.id }) },
    named && joined && "line",
    named && joined && { icon: "leave", label: t`Leave channel`, danger: true, onSelect: () => void leaveChannel(channel) },
  ];
  return (
    <header className={css["head"]}>
      <IconButton className={css["menu"]} icon="menu" label={t`Conversations`} side="bottom" onClick={() => uiStore.set({ drawer: true })} />
      <span className={css["sign"]}>
        {other ? <Avatar user={user} id={other} size={26} presence={presence} /> : <Icon name={iconOf(channel)} />}
      </span>
      <h1 className={css["title"]} dir="auto">{title}</h1>
      {channel.archived && <span className={css["tag"]}><Trans>Archived</Trans></span>}
      {subtitle && <p className={css["topic"]} title={subtitle} dir="auto">{subtitle}</p>}
      <div className={css["tools"]}>
        {channel.kind !== "direct" && (
          <button
            type="button"
            className={css["members"]}
            aria-label={plural(channel.member_count, { one: "# member", other: "# members" })}
            aria-pressed={pane === "members" && !thread}
            onClick={() => toggle("members")}
          >
            <Icon name="people" />
            <span aria-hidden="true">{numberOf(channel.member_count)}</span>
          </button>
        )}
        <IconButton icon="pin" label={t`Pinned messages`} side="bottom" pressed={pane === "pins" && !thread} onClick={() => toggle("pins")} />
        <IconButton icon="calendar" className={css["wide"]} label={t`Jump to a date`} side="bottom" onClick={() => openDialog({ kind: "date", channel: channel.id, from: null })} />
        <IconButton icon="search" label={t`Search`} keys={t`Ctrl Shift F`} side="bottom" pressed={pane === "search" && !thread} onClick={() => toggle("search")} />
        <Menu trigger={<IconButton icon="more" label={t`More about this conversation`} side="bottom" />} items={menu} />
      </div>
    </header>
  );
}
