import { useEffect } from "react";
import type { MessageWindow, User } from "~/api/types";
import { offline } from "./local";
import { CHUNK, type Timeline } from "./timeline";
import { putUsers, workspaceStore } from "./workspace";

const AFTER = 500;

interface Copy {
  window: MessageWindow;
  /** Those who wrote it. */
  users: User[];
}

/** Keeps the newest messages of an open conversation for reading without a connection, and shows them when there is none. */
export function useOfflineCopy(timeline: Timeline): void {
  const key = `window:${timeline.channelId}`;
  const { unreachable, loaded } = timeline;
  const version = timeline.version();

  useEffect(() => {
    if (!unreachable || loaded) return;
    void offline.read<Copy>(key).then((copy) => {
      if (!copy || timeline.loaded) return;
      putUsers(copy.users);
      timeline.take(copy.window);
      timeline.unreachable = true;
    });
  }, [key, timeline, unreachable, loaded]);

  useEffect(() => {
    if (!loaded || unreachable) return undefined;
    const timer = setTimeout(() => {
      const items = timeline.all().filter((message) => message.position >= timeline.total - CHUNK);
      const window: MessageWindow = {
        items,
        total: timeline.total,
        first_position: items[0]?.position ?? null,
        has_before: (items[0]?.position ?? 0) > 0,
        has_after: false,
      };
      const known = workspaceStore.get().users;
      const users = [...new Set(items.map((message) => message.author_id))].flatMap((id) => known[id] ?? []);
      void offline.write(key, { window, users } satisfies Copy);
    }, AFTER);
    return () => clearTimeout(timer);
  }, [key, timeline, loaded, unreachable, version]);
}
