import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { neighbour } from "~/features/sidebar/order";
import { openDialog, uiStore } from "~/state/ui";

/** Keys that work everywhere in the chat. */
export function useShortcuts(channelId: string | undefined): void {
  const navigate = useNavigate();
  useEffect(() => {
    const go = (id: string | undefined) => id && void navigate({ to: "/c/$channelId", params: { channelId: id } });
    const onKey = (event: KeyboardEvent) => {
      const command = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (command && !event.shiftKey && key === "k") openDialog({ kind: "switcher" });
      else if (command && event.key === "/") openDialog({ kind: "shortcuts" });
      else if (command && event.key === ",") openDialog({ kind: "preferences" });
      else if (command && event.shiftKey && key === "f" && channelId) {
        void navigate({ to: "/c/$channelId", params: { channelId }, search: { pane: "search" } });
      } else if (event.altKey && !command && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
        go(neighbour(channelId, event.key === "ArrowDown" ? 1 : -1, event.shiftKey));
      } else if (event.key === "Escape" && uiStore.get().drawer) uiStore.set({ drawer: false });
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [channelId, navigate]);
}
