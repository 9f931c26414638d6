import type { ReactNode } from "react";
import { expandEmoji } from "~/features/composer/emoji";
import { Mention } from "./Mention";

export interface Context {
  /** Those the server says are named, by name. */
  people: Map<string, string>;
  all: boolean;
  me: string;
}

const MENTION = /@([\p{L}\p{N}](?:[\p{L}\p{N}._-]*[\p{L}\p{N}_])?)/gu;

/** Words with emoji and mentions; only names that the server took for a mention are marked. */
export function renderInline(text: string, context: Context): ReactNode {
  const shown = expandEmoji(text);
  if (!shown.includes("@")) return shown;
  const parts: ReactNode[] = [];
  let last = 0;
  for (const match of shown.matchAll(MENTION)) {
    const name = (match[1] ?? "").toLowerCase();
    const id = context.people.get(name);
    const everybody = context.all && (name === "channel" || name === "here");
    if (!id && !everybody) continue;
    parts.push(shown.slice(last, match.index));
    parts.push(<Mention key={match.index} id={id ?? null} text={match[0]} me={everybody || id === context.me} />);
    last = match.index + match[0].length;
  }
  if (last === 0) return shown;
  parts.push(shown.slice(last));
  return parts;
}
