import type { Message } from "~/api/types";
import { sameDay } from "~/i18n/format";

const TOGETHER = 5 * 60_000;

/** Whether a message stands under the one before it without repeating who wrote. */
export function isGrouped(message: Message, before: Message | undefined): boolean {
  if (!before || message.kind !== "text" || before.kind !== "text") return false;
  if (message.author_id !== before.author_id || message.reply_to) return false;
  return sameDay(message.created_at, before.created_at) && Date.parse(message.created_at) - Date.parse(before.created_at) < TOGETHER;
}

/** Whether a new day begins at a message. */
export const startsDay = (message: Message, before: Message | undefined): boolean =>
  !before || !sameDay(message.created_at, before.created_at);

/** Whether the line "new" stands above a message: it is the first of the unread ones. */
export const startsNew = (message: Message, before: Message | undefined, lastRead: number | null): boolean =>
  lastRead !== null && message.seq > lastRead && before !== undefined && before.seq <= lastRead;
