import type { Remembered, ServerStatus } from "~/api/types";

type Counted = Pick<ServerStatus, "started_at" | "uptime_seconds" | "requests">;

/** Requests a second between two looks at the same run of the server, to a tenth; nothing when no time lies between them. */
export function rateBetween(before: Counted, now: Counted): number | undefined {
  const seconds = now.uptime_seconds - before.uptime_seconds;
  if (before.started_at !== now.started_at || seconds <= 0) return undefined;
  return Math.round(((now.requests - before.requests) / seconds) * 10) / 10;
}

/** The share of questions that were answered from memory; nothing when none was asked. */
export function hitShare({ hits, misses }: Pick<Remembered, "hits" | "misses">): number | undefined {
  return hits + misses > 0 ? hits / (hits + misses) : undefined;
}
