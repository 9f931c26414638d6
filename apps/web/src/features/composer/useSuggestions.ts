import { useLingui } from "@lingui/react/macro";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { channels, users } from "~/api/operations";
import type { Channel, User } from "~/api/types";
import { can, isDirect } from "~/features/channel/naming";
import { useWorkspace } from "~/state/workspace";
import type { Asked } from "./completion";
import { findEmoji } from "./emoji";

export interface Suggestion {
  key: string;
  value: string;
  title: string;
  note: string;
  emoji?: string;
  user?: User;
}

const MOST = 8;

/** What fits the word under the cursor: members of the channel before everybody else. */
export function useSuggestions(asked: Asked | null, channel: Channel): Suggestion[] {
  const { t } = useLingui();
  const known = useWorkspace((state) => state.users);
  const mention = asked?.kind === "mention";
  const query = asked?.query.toLowerCase() ?? "";
  const found = useQuery({
    queryKey: ["mention", channel.id, query],
    queryFn: async ({ signal }) => {
      const [members, everybody] = await Promise.all([
        channels.members(channel.id, { q: query, limit: MOST }).then((page) => page.items.map((member) => member.user)),
        query ? users.list({ q: query, limit: MOST }, signal).then((page) => page.items) : Promise.resolve([]),
      ]);
      return [...members, ...everybody];
    },
    enabled: mention,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });

  return useMemo(() => {
    if (!asked) return [];
    if (asked.kind === "emoji") {
      return findEmoji(query, MOST).map(({ name, emoji }) => ({ key: name, value: emoji, title: `:${name}:`, note: "", emoji }));
    }
    const people = new Map<string, User>();
    const fits = (user: User) =>
      user.name.startsWith(query) || user.display_name.toLowerCase().split(/\s+/).some((word) => word.startsWith(query)) || user.display_name.toLowerCase().startsWith(query);
    const near = isDirect(channel) ? channel.user_ids.flatMap((id) => known[id] ?? []) : [];
    const elsewhere = query.length > 1 ? Object.values(known) : [];
    for (const user of [...near, ...(found.data ?? []), ...elsewhere]) if (!user.disabled && fits(user)) people.set(user.id, user);
    const list: Suggestion[] = [...people.values()].slice(0, MOST).map((user) => ({
      key: user.id,
      value: `@${user.name}`,
      title: user.display_name,
      note: `@${user.name}`,
      user,
    }));
    if (!isDirect(channel) && can(channel, "mention.all")) {
      for (const [name, note] of [["channel", t`everybody in the channel`], ["here", t`everybody who is online`]] as const) {
        if (name.startsWith(query)) list.push({ key: name, value: `@${name}`, title: `@${name}`, note });
      }
    }
    return list.slice(0, MOST);
  }, [asked, query, channel, known, found.data, t]);
}
