import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { messages } from "~/api/operations";

/** A place in a timeline to show: `key` changes when it should be shown again. */
export interface Target {
  position: number;
  key: string;
  highlight: string | null;
}

/** The place of the message that the address names. A reply in a thread stands at the thread's first message. */
export function useChannelTarget(channelId: string, messageId: string | undefined): Target | null {
  const query = useQuery({
    queryKey: ["message", messageId],
    queryFn: async () => {
      const message = await messages.one(messageId ?? "");
      return message.thread_id ? messages.one(message.thread_id) : message;
    },
    enabled: messageId !== undefined,
    retry: false,
    staleTime: Infinity,
  });
  const message = messageId ? query.data : undefined;
  return useMemo(
    () => (message && message.channel_id === channelId ? { position: message.position, key: message.id, highlight: message.id } : null),
    [message, channelId],
  );
}
