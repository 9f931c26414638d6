import type { Permission } from "~/api/types";

/** What each page of the console needs. */
export const NEEDS = { overview: "system.manage", logs: "logs.read", supervisor: "supervisor.manage" } as const satisfies Record<string, Permission>;

export type AdminPage = keyof typeof NEEDS;

/** Whether there is any page of the console for somebody. */
export const mayAdminister = (permissions: readonly string[]): boolean => Object.values(NEEDS).some((needed) => permissions.includes(needed));
