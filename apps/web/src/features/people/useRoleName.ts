import { useLingui } from "@lingui/react/macro";
import { useCallback } from "react";

/** The name of a role for reading. */
export function useRoleName(): (role: string) => string {
  const { t } = useLingui();
  return useCallback(
    (role: string) => {
      switch (role.replace(/^(?:system|space|channel)[._-]/, "")) {
        case "member":
          return t`Member`;
        case "owner":
          return t`Owner`;
        case "admin":
          return t`Admin`;
        case "moderator":
          return t`Moderator`;
        case "reader":
          return t`Reader`;
        case "guest":
          return t`Guest`;
        default:
          return role;
      }
    },
    [t],
  );
}
