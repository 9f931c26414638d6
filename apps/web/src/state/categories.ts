import { channels as channelsApi } from "~/api/operations";
import type { Category, Id } from "~/api/types";
import { workspaceStore } from "./workspace";

const same = (a: string, b: string) => a.localeCompare(b, undefined, { sensitivity: "accent" }) === 0;

/** Puts a channel into a category, or with `null` into none. A category that is not there is made. */
export function withChannel(all: Category[], channel: Id, name: string | null): Category[] {
  const left = all.map((category) => ({ ...category, channel_ids: category.channel_ids.filter((id) => id !== channel) }));
  if (name === null) return left;
  const known = left.some((category) => same(category.name, name));
  const target = known ? left : [...left, { name, collapsed: false, channel_ids: [] }];
  return target.map((category) => (same(category.name, name) ? { ...category, channel_ids: [...category.channel_ids, channel] } : category));
}

export const withCategory = (all: Category[], name: string): Category[] => [...all, { name, collapsed: false, channel_ids: [] }];

export const withName = (all: Category[], before: string, name: string): Category[] =>
  all.map((category) => (category.name === before ? { ...category, name } : category));

export const without = (all: Category[], name: string): Category[] => all.filter((category) => category.name !== name);

export const withCollapsed = (all: Category[], name: string, collapsed: boolean): Category[] =>
  all.map((category) => (category.name === name ? { ...category, collapsed } : category));

/** Moves a category one place up or down. */
export function shifted(all: Category[], name: string, step: 1 | -1): Category[] {
  const at = all.findIndex((category) => category.name === name);
  const [one, other] = [all[at], all[at + step]];
  if (!one || !other) return all;
  return all.map((category) => (category === one ? other : category === other ? one : category));
}

export const categoryOf = (all: Category[], channel: Id): string | null =>
  all.find((category) => category.channel_ids.includes(channel))?.name ?? null;

/** Shows the new categories at once and keeps them on the server; what cannot be kept is taken back. */
export async function saveCategories(change: (all: Category[]) => Category[]): Promise<void> {
  const before = workspaceStore.get().categories;
  const after = change(before);
  workspaceStore.set({ categories: after });
  try {
    workspaceStore.set({ categories: (await channelsApi.setCategories(after)).items });
  } catch (error) {
    if (workspaceStore.get().categories === after) workspaceStore.set({ categories: before });
    throw error;
  }
}
