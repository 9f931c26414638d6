import { useCallback, useState } from "react";

const MOST_ROWS = 250_000;
const STEP = 125_000;

/**
 * Browsers stop at a height of some ten million pixels, so that a list can only be so long. Of a longer conversation a stretch
 * is shown, which moves when somebody reaches its edge. `base` is the position of its first row.
 */
export function useSegment(total: number) {
  const [moved, setMoved] = useState<number | null>(null);
  const newest = Math.max(0, total - MOST_ROWS);
  const base = Math.min(moved ?? newest, newest);

  /** Makes sure that a position is in the stretch; answers the stretch's first position. */
  const reach = useCallback(
    (position: number): number => {
      if (position >= base) return base;
      const next = Math.max(0, position - STEP);
      setMoved(next);
      return next;
    },
    [base],
  );
  return { base, reach };
}
