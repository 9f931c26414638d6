import { useEffect } from "react";
import { connection } from "~/state/session";

const AWAY_AFTER = 5 * 60_000;

/** Tells others that we are away when nothing was touched for a while. */
export function useActivity(): void {
  useEffect(() => {
    let away = false;
    let timer = setTimeout(leave, AWAY_AFTER);
    function leave() {
      away = true;
      connection.tell({ type: "presence", state: "away" });
    }
    function here() {
      clearTimeout(timer);
      timer = setTimeout(leave, AWAY_AFTER);
      if (!away) return;
      away = false;
      connection.tell({ type: "presence", state: "online" });
    }
    const events = ["pointermove", "keydown", "focus"] as const;
    for (const name of events) window.addEventListener(name, here, { passive: true });
    return () => {
      clearTimeout(timer);
      for (const name of events) window.removeEventListener(name, here);
    };
  }, []);
}
