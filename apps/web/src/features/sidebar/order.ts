import type { Category, Channel, Id, Space, User } from "~/api/types";
import { isDirect, titleOf } from "~/features/channel/naming";
import { uiStore } from "~/state/ui";
import { workspaceStore } from "~/state/workspace";

export interface Sections {
  favourites: Channel[];
  /** My own groups, in my order. */
  categories: { category: Category; channels: Channel[] }[];
  channels: Channel[];
  directs: Channel[];
}

/** One for all comparisons: making it is what costs. */
const alphabet = new Intl.Collator(undefined, { numeric: true });

function byTitle(channels: Channel[], users: Record<Id, User>, me: Id): Channel[] {
  const titled = channels.map((channel) => ({ channel, title: titleOf(channel, users, me) }));
  return titled.sort((a, b) => alphabet.compare(a.title, b.title)).map(({ channel }) => channel);
}

/** Times of the server compare as the texts they are. */
const compareTimes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Sorts my conversations into the sections of the sidebar. */
export function sectionsOf(all: Record<Id, Channel>, users: Record<Id, User>, me: Id, space: Id | null, categories: Category[]): Sections {
  const sections: Sections = { favourites: [], categories: categories.map((category) => ({ category, channels: [] })), channels: [], directs: [] };
  const grouped = new Map(sections.categories.flatMap((entry) => entry.category.channel_ids.map((id) => [id, entry.channels] as const)));
  for (const channel of Object.values(all)) {
    if (!channel.membership || channel.archived) continue;
    if (channel.space_id && space && channel.space_id !== space) continue;
    const group = grouped.get(channel.id);
    if (channel.membership.favourite) sections.favourites.push(channel);
    else if (group) group.push(channel);
    else if (isDirect(channel)) sections.directs.push(channel);
    else sections.channels.push(channel);
  }
  sections.favourites = byTitle(sections.favourites, users, me);
  sections.channels = byTitle(sections.channels, users, me);
  for (const entry of sections.categories) entry.channels = byTitle(entry.channels, users, me);
  sections.directs.sort((a, b) => compareTimes(b.last_message_at ?? b.created_at, a.last_message_at ?? a.created_at));
  return sections;
}

/** The space whose channels are shown: the chosen one, else one that I am in. */
export function currentSpace(spaces: Pick<Space, "id" | "archived" | "role">[], chosen: Id | null): Id | null {
  const open = spaces.filter((space) => !space.archived);
  return (spaces.find((space) => space.id === chosen) ?? open.find((space) => space.role !== null) ?? open[0])?.id ?? null;
}

/** The conversation above or below the open one, on request only those with something unread. */
export function neighbour(open: Id | undefined, step: 1 | -1, unreadOnly: boolean): Id | undefined {
  const { channels, users, me, spaces, categories } = workspaceStore.get();
  const sections = sectionsOf(channels, users, me?.id ?? "", currentSpace(spaces, uiStore.get().space), categories);
  const list = [...sections.favourites, ...sections.categories.flatMap((entry) => entry.channels), ...sections.channels, ...sections.directs];
  const at = list.findIndex((channel) => channel.id === open);
  for (let away = 1; away <= list.length; away += 1) {
    const channel = list[(at + step * away + list.length * (away + 1)) % list.length];
    if (channel && channel.id !== open && (!unreadOnly || (channel.membership?.unread ?? 0) > 0)) return channel.id;
  }
  return undefined;
}
