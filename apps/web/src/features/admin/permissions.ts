import type { Permission } from "~/api/types";

/** What each page of the console needs, in their order. */
export const NEEDS = { overview: "system.manage", supervisor: "supervisor.manage", metrics: "metrics.read", config: "system.manage", cache: "cache.manage", logs: "logs.read", about: "system.manage" } as const satisfies Record<string, Permission>;

export type AdminPage = keyof typeof NEEDS;

/** Whether there is any page of the console for somebody. */
export const mayAdminister = (permissions: readonly string[]): boolean => Object.values(NEEDS).some((needed) => permissions.includes(needed));
