import { useLayoutEffect, useState, type RefObject } from "react";

/** Rows kept ready on either side, so that the next one is there when the focus goes to it. */
const AROUND = 12;

/** Which rows of a long list of equal rows stand on the screen: `from` up to, without, `to`. */
export interface RowWindow {
  from: number;
  to: number;
}

/** The rows in sight of a list that scrolls with what is around it. */
export function rowsInSight(top: number, height: number, count: number, row: number): RowWindow {
  const from = Math.min(count, Math.max(0, Math.floor(-top / row) - AROUND));
  const to = Math.max(from, Math.min(count, Math.ceil((height - top) / row) + AROUND));
  return { from, to };
}

/** Follows which rows of `list`, each `row` pixels high, are in sight inside the element that scrolls it. */
export function useRowWindow(list: RefObject<HTMLElement | null>, count: number, row: number): RowWindow {
  const [shown, setShown] = useState<RowWindow>({ from: 0, to: Math.min(count, AROUND * 4) });
  useLayoutEffect(() => {
    const scroller = list.current?.closest<HTMLElement>("[data-scroller]");
    if (!scroller) return undefined;
    const look = () => {
      if (!list.current) return;
      const frame = scroller.getBoundingClientRect();
      const next = rowsInSight(list.current.getBoundingClientRect().top - frame.top, frame.height, count, row);
      setShown((before) => (before.from === next.from && before.to === next.to ? before : next));
    };
    look();
    scroller.addEventListener("scroll", look, { passive: true });
    // Lists above that grow or fold move this one without scrolling.
    const sizes = new ResizeObserver(look);
    sizes.observe(scroller);
    for (const part of scroller.children) sizes.observe(part);
    return () => {
      scroller.removeEventListener("scroll", look);
      sizes.disconnect();
    };
  }, [list, count, row]);
  return shown;
}
