import { channels } from "~/api/operations";
import type { Id } from "~/api/types";
import { errorWords } from "~/i18n/problems";
import { heads } from "~/state/events";
import { putChannel } from "~/state/workspace";
import { toast } from "~/ui/Toasts";

/** Opens the conversation with these people, making it when there is none. */
export async function openDirect(users: Id[]): Promise<Id | null> {
  try {
    const channel = await channels.direct(users);
    putChannel(channel);
    if (!heads.has(channel.id)) heads.set(channel.id, channel.last_seq);
    return channel.id;
  } catch (error) {
    toast(errorWords(error));
    return null;
  }
}
