import { useLingui } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { users } from "~/api/operations";
import { workspaceStore } from "~/state/workspace";
import { toast } from "~/ui/Toasts";

/** Changes my own account. */
export function useUpdateMe() {
  const { t } = useLingui();
  return useMutation({
    mutationFn: users.updateMe,
    onSuccess: (me) => {
      workspaceStore.set((state) => ({ me, users: { ...state.users, [me.id]: me } }));
      toast(t`Saved`);
    },
  });
}
