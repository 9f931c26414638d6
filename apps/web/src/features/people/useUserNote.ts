import { useLingui } from "@lingui/react/macro";
import { useCallback } from "react";
import type { User } from "~/api/types";

/** The line below somebody's name: the name to mention them by, and what is out of the ordinary about the account. */
export function useUserNote(): (user: User) => string {
  const { t } = useLingui();
  return useCallback(
    (user: User) => {
      const kind = user.disabled ? t`deactivated` : user.kind === "imported" ? t`imported` : user.kind === "bot" ? t`bot` : "";
      return kind ? `@${user.name} · ${kind}` : `@${user.name}`;
    },
    [t],
  );
}
