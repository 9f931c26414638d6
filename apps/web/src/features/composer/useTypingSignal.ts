import { useCallback, useRef } from "react";
import { connection } from "~/state/session";

const EVERY = 2_500;

/** Tells the others that I am writing, now and then. */
export function useTypingSignal(channelId: string, threadId: string | null): () => void {
  const last = useRef(0);
  return useCallback(() => {
    const now = Date.now();
    if (now - last.current < EVERY) return;
    last.current = now;
    connection.tell({ type: "typing", channel_id: channelId, ...(threadId ? { thread_id: threadId } : {}) });
  }, [channelId, threadId]);
}
