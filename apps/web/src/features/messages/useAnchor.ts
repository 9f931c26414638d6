import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";
import type { VirtualizerHandle } from "virtua";

/** What the list holds still: its end, a row, or nothing because somebody scrolls. */
export type Anchor = { at: "end" } | { at: number; align: "start" | "center" } | null;

const NEAR_END = 24;

/**
 * Keeps the anchored row in place while rows above and below it get their messages and real heights. Any movement by hand lets go;
 * reaching the end takes hold of the end.
 */
export function useAnchor(
  scroller: RefObject<HTMLDivElement | null>,
  list: RefObject<VirtualizerHandle | null>,
  count: number,
  version: number,
) {
  const anchor = useRef<Anchor>({ at: "end" });
  const [atEnd, setAtEnd] = useState(true);

  const settle = useCallback(() => {
    const now = anchor.current;
    const handle = list.current;
    if (!now || !handle || count === 0) return;
    if (now.at === "end") handle.scrollToIndex(count - 1, { align: "end" });
    else handle.scrollToIndex(Math.min(now.at, count - 1), { align: now.align });
  }, [count, list]);

  /** Looks where the list is after it moved. */
  const moved = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const near = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END;
    if (near && anchor.current === null) anchor.current = { at: "end" };
    const end = near || anchor.current?.at === "end";
    setAtEnd(end);
  }, [scroller]);

  const hold = useCallback(
    (next: Anchor) => {
      anchor.current = next;
      setAtEnd(next?.at === "end");
      settle();
      // A list that is shorter than its frame does not scroll, so that nothing else would say where it is.
      requestAnimationFrame(moved);
    },
    [settle, moved],
  );

  useLayoutEffect(settle, [settle, version]);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const letGo = () => {
      anchor.current = null;
    };
    const byKey = (event: KeyboardEvent) => {
      if (["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown", " "].includes(event.key)) letGo();
    };
    const resized = new ResizeObserver(() => settle());
    resized.observe(element);
    element.addEventListener("wheel", letGo, { passive: true });
    element.addEventListener("touchmove", letGo, { passive: true });
    element.addEventListener("pointerdown", letGo);
    element.addEventListener("keydown", byKey);
    return () => {
      resized.disconnect();
      element.removeEventListener("wheel", letGo);
      element.removeEventListener("touchmove", letGo);
      element.removeEventListener("pointerdown", letGo);
      element.removeEventListener("keydown", byKey);
    };
  }, [scroller, settle]);

  return { hold, moved, settle, atEnd, anchor };
}
