import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import type { Channel } from "~/api/types";
import { useRowWindow } from "~/ui/useRowWindow";
import { ChannelLink } from "./ChannelLink";
import css from "./Sidebar.module.css";

/** The height of a row with the gap below it, as `.list li` has it. */
const ROW = 33;

/** The links of a section. Only those in sight are there; their number and place are told to those who cannot see. */
export function ChannelList({ title, channels, active }: { title: string; channels: Channel[]; active: string | undefined }) {
  const list = useRef<HTMLUListElement>(null);
  const { from, to } = useRowWindow(list, channels.length, ROW);
  const [focused, setFocused] = useState<number | null>(null);
  const rows = Array.from({ length: Math.min(to, channels.length) - Math.min(from, channels.length) }, (_, index) => from + index);
  // The row with the focus stays, however far it is scrolled away.
  if (focused !== null && focused < from) rows.unshift(focused);
  else if (focused !== null && focused >= to && focused < channels.length) rows.push(focused);

  const reveal = (row: number) => {
    const scroller = list.current?.closest("[data-scroller]");
    if (!list.current || !scroller) return;
    const top = list.current.getBoundingClientRect().top + row * ROW;
    const frame = scroller.getBoundingClientRect();
    if (top < frame.top || top + ROW > frame.bottom) scroller.scrollBy({ top: top - frame.top - frame.height / 2 });
  };
  const open = channels.findIndex((channel) => channel.id === active);
  const shown = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (open >= 0 && shown.current !== active) reveal(open);
    shown.current = active;
  }, [active, open]);

  const move = (event: KeyboardEvent, to: number) => {
    const next = Math.max(0, Math.min(channels.length - 1, to));
    event.preventDefault();
    setFocused(next);
    reveal(next);
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-row="${next}"] a`)?.focus());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (focused === null || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown") move(event, focused + 1);
    else if (event.key === "ArrowUp") move(event, focused - 1);
    else if (event.key === "Home") move(event, 0);
    else if (event.key === "End") move(event, channels.length - 1);
  };
  return (
    <ul
      ref={list}
      className={css["list"]}
      aria-label={title}
      style={{ height: Math.max(0, channels.length * ROW - 1) }}
      onKeyDown={onKeyDown}
      onFocus={(event) => setFocused(Number((event.target as HTMLElement).closest<HTMLElement>("[data-row]")?.dataset["row"] ?? 0))}
      onBlur={() => setFocused(null)}
    >
      {rows.map((index) => {
        const channel = channels[index];
        return (
          channel && (
            <li key={channel.id} data-row={index} aria-setsize={channels.length} aria-posinset={index + 1} style={{ top: index * ROW }}>
              <ChannelLink channel={channel} />
            </li>
          )
        );
      })}
    </ul>
  );
}
