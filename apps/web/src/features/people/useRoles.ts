import { useQuery } from "@tanstack/react-query";
import { roles } from "~/api/operations";
import type { Role } from "~/api/types";

const FRESH = 60_000;

/** The roles of the server at one scope. */
export function useRoles(scope: Role["scope"]): Role[] {
  const all = useQuery({ queryKey: ["roles"], queryFn: roles.list, staleTime: FRESH });
  return all.data?.items.filter((role) => role.scope === scope) ?? [];
}
