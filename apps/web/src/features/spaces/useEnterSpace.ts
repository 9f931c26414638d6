import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import type { Id } from "~/api/types";
import { firstChannel } from "~/features/shell/firstChannel";
import { uiStore } from "~/state/ui";

/** Shows a space with one of my channels there, or its empty page when I have none. */
export function useEnterSpace(): (space: Id | null) => void {
  const navigate = useNavigate();
  return useCallback(
    (space: Id | null) => {
      uiStore.set({ space, drawer: false });
      const channel = firstChannel(undefined, space);
      void (channel ? navigate({ to: "/c/$channelId", params: { channelId: channel } }) : navigate({ to: "/" }));
    },
    [navigate],
  );
}
