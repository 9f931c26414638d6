import type { Id } from "~/api/types";

type Jump = (position: number, highlight: string | null) => void;
const lists = new Map<string, Jump>();

/** Lets other parts of the screen move a message list that is shown. */
export function registerJump(place: string, jump: Jump): () => void {
  lists.set(place, jump);
  return () => {
    if (lists.get(place) === jump) lists.delete(place);
  };
}

export function jumpTo(channel: Id, position: number, highlight: string | null = null): void {
  lists.get(channel)?.(position, highlight);
}
