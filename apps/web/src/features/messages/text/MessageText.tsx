import { memo, useMemo, useSyncExternalStore } from "react";
import type { Message } from "~/api/types";
import { useWorkspace } from "~/state/workspace";
import css from "./MessageText.module.css";
import { isPlain } from "./plain";
import { renderInline } from "./inline";
import { formatter, followFormatter } from "./formatter";

/** A message's text as its author meant it. */
export function MessageText({ message, edited }: { message: Message; edited: string | null }) {
  return (
    <div className={css["text"]}>
      <Markdown text={message.text} mentions={message.mentions} all={message.mentions_all} />
      {edited && <span className={css["edited"]}>({edited})</span>}
    </div>
  );
}

export const Markdown = memo(function Markdown({ text, mentions, all }: { text: string; mentions: string[]; all: boolean }) {
  const names = useWorkspace((state) => mentions.map((id) => `${state.users[id]?.name ?? ""}:${id}`).join("\n"));
  const me = useWorkspace((state) => state.me?.id);
  const format = useSyncExternalStore(followFormatter, formatter);
  return useMemo(() => {
    const people = new Map(names.split("\n").map((pair) => pair.split(":") as [string, string]));
    const context = { people, all, me: me ?? "" };
    // Until the formatter is there (a moment after the first start), a text is shown as it was written.
    if (isPlain(text) || !format) return <p dir="auto">{renderInline(text, context)}</p>;
    return <>{format(text, context)}</>;
  }, [text, names, all, me, format]);
});
