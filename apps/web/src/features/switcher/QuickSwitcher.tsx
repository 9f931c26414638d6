import { Trans, useLingui } from "@lingui/react/macro";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId, useMemo, useState, type KeyboardEvent } from "react";
import { channels as channelsApi, users as usersApi } from "~/api/operations";
import type { Channel, User } from "~/api/types";
import { iconOf, titleOf } from "~/features/channel/naming";
import { openDirect } from "~/features/channel/openDirect";
import { currentSpace } from "~/features/sidebar/order";
import { useUi } from "~/state/ui";
import { putChannel, useMe, useWorkspace } from "~/state/workspace";
import { Avatar } from "~/ui/Avatar";
import { Dialog } from "~/ui/Dialog";
import { Icon } from "~/ui/Icon";
import { rank } from "./rank";
import css from "./QuickSwitcher.module.css";

type Entry = { key: string; title: string; note: string; channel?: Channel; user?: User };
const MOST = 12;

/** Goes to any conversation by a few letters of its name. */
export function QuickSwitcher({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const me = useMe();
  const navigate = useNavigate();
  const id = useId();
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const all = useWorkspace((state) => state.channels);
  const known = useWorkspace((state) => state.users);
  const spaces = useWorkspace((state) => state.spaces);
  const space = currentSpace(spaces, useUi((state) => state.space));
  const q = query.trim().replace(/^[#@]/, "");
  const more = useQuery({
    queryKey: ["switcher", q, space],
    queryFn: async ({ signal }) => {
      const [people, rooms] = await Promise.all([
        usersApi.list({ q, limit: 8 }, signal),
        space ? channelsApi.browse(space, { q, joined: false, archived: false, limit: 8 }) : Promise.resolve({ items: [] }),
      ]);
      return { people: people.items, rooms: rooms.items };
    },
    enabled: q.length > 0,
    placeholderData: keepPreviousData,
  });

  const entries = useMemo<Entry[]>(() => {
    const own = Object.values(all).filter((channel) => channel.membership);
    const titled = own.map((channel) => ({ key: channel.id, title: titleOf(channel, known, me.id), note: channel.topic, channel }));
    if (!q) {
      const latest = (entry: { channel: Channel }) => entry.channel.last_message_at ?? "";
      const weight = (entry: { channel: Channel }) => ((entry.channel.membership?.mentions ?? 0) > 0 ? 2 : (entry.channel.membership?.unread ?? 0) > 0 ? 1 : 0);
      return titled.sort((a, b) => weight(b) - weight(a) || latest(b).localeCompare(latest(a))).slice(0, MOST);
    }
    const list: Entry[] = titled.map((entry) => ({ entry, score: rank(q, entry.title) })).filter(({ score }) => score > 0).sort((a, b) => b.score - a.score).map(({ entry }) => entry);
    const inDirects = new Set(own.filter((channel) => channel.kind === "direct").flatMap((channel) => channel.user_ids));
    for (const channel of more.data?.rooms ?? []) if (!all[channel.id]?.membership) list.push({ key: channel.id, title: channel.name, note: t`not joined`, channel });
    // The server finds people by how their names begin; those who are known here are found by any word of it.
    const near = Object.values(known).filter((user) => rank(q, user.display_name) >= 50);
    const people = new Map([...near, ...(more.data?.people ?? [])].map((user) => [user.id, user]));
    for (const user of people.values()) if (!inDirects.has(user.id) && !user.disabled) list.push({ key: user.id, title: user.display_name, note: `@${user.name}`, user });
    return list.slice(0, MOST);
  }, [all, known, me.id, q, more.data, t]);
  const chosen = Math.min(active, entries.length - 1);

  const open = async (entry: Entry) => {
    onClose();
    if (entry.channel && !all[entry.channel.id]) putChannel(entry.channel);
    const channelId = entry.channel?.id ?? (await openDirect([entry.key]));
    if (channelId) await navigate({ to: "/c/$channelId", params: { channelId } });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const entry = entries[chosen];
    if (event.key === "ArrowDown") setActive((chosen + 1) % Math.max(1, entries.length));
    else if (event.key === "ArrowUp") setActive((chosen + entries.length - 1) % Math.max(1, entries.length));
    else if (event.key === "Enter" && entry) void open(entry);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog open onClose={onClose} title={t`Jump to a conversation`} size="medium" bare>
      <div className={css["head"]}>
        <Icon name="search" />
        <input
          className={css["box"]}
          role="combobox"
          aria-expanded={entries.length > 0}
          aria-controls={id}
          aria-autocomplete="list"
          aria-activedescendant={entries.length > 0 ? `${id}-${chosen}` : undefined}
          aria-label={t`Jump to a conversation`}
          placeholder={t`Channel or person`}
          autoFocus
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setActive(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <ul id={id} role="listbox" aria-label={t`Conversations`} className={css["list"]}>
        {entries.map((entry, index) => (
          <li key={entry.key} id={`${id}-${index}`} role="option" aria-selected={index === chosen} className={css["entry"]} onPointerMove={() => setActive(index)} onClick={() => void open(entry)}>
            <Sign entry={entry} me={me.id} users={known} />
            <span className={css["title"]} dir="auto">{entry.title}</span>
            <span className={css["note"]} dir="auto">{entry.note}</span>
            {(entry.channel?.membership?.unread ?? 0) > 0 && <span className={css["dot"]} />}
          </li>
        ))}
      </ul>
      {entries.length === 0 && <p className={css["none"]}><Trans>Nothing fits.</Trans></p>}
    </Dialog>
  );
}

function Sign({ entry, me, users }: { entry: Entry; me: string; users: Record<string, User> }) {
  if (entry.user) return <Avatar user={entry.user} id={entry.key} size={22} />;
  if (!entry.channel) return null;
  const other = entry.channel.kind === "direct" ? (entry.channel.user_ids.find((id) => id !== me) ?? me) : undefined;
  return other ? <Avatar user={users[other]} id={other} size={22} /> : <span className={css["sign"]}><Icon name={iconOf(entry.channel)} /></span>;
}
