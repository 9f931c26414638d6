import { plural } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import type { Channel } from "~/api/types";
import type { Timeline } from "~/state/timeline";
import { openDialog, placeKey } from "~/state/ui";
import { dayOf } from "~/i18n/format";
import { Button } from "~/ui/Button";
import { Empty, Spinner } from "~/ui/Empty";
import { Icon } from "~/ui/Icon";
import { registerJump } from "./jump";
import css from "./MessageList.module.css";
import { MessageRow } from "./MessageRow";
import { PendingRow } from "./PendingRow";
import { isGrouped, startsDay, startsNew } from "./rows";
import { useAnchor } from "./useAnchor";
import type { Target } from "./useChannelTarget";
import { useSegment } from "./useSegment";
import { useUnreadLine } from "./useUnreadLine";

const ROW_HEIGHT = 44;
const AROUND = 25;
const SETTLE = 60;
const SLIVER = 8;

interface Props {
  timeline: Timeline;
  channel: Channel;
  label: string;
  /** Stands above the first message. */
  intro: ReactNode;
  target: Target | null;
}

/** The messages of a channel or thread. Only the rows in view exist, and only their messages are fetched. */
export function MessageList({ timeline, channel, label, intro, target }: Props) {
  const { t } = useLingui();
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const inThread = timeline.rootId !== null;
  const { base, reach } = useSegment(timeline.total);
  const shown = timeline.total - base;
  // One row for what stands above, one for each position, one for each message on its way.
  const count = timeline.loaded ? 1 + shown + timeline.pending.length : 0;
  const { hold, moved, atEnd, anchor } = useAnchor(scroller, list, count, timeline.version());
  const { line, unreadAtOpen } = useUnreadLine(channel, !inThread, atEnd, timeline.loaded);
  const [highlight, setHighlight] = useState<string | null>(null);
  const [focus, setFocus] = useState<number | null>(null);
  const [topDay, setTopDay] = useState<string | null>(null);
  const [seenTotal, setSeenTotal] = useState(timeline.total);
  /** Where the focus is going, while the row is not there yet. */
  const heading = useRef<number | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const look = useCallback(() => {
    const handle = list.current;
    if (!handle || !timeline.loaded) return;
    // A row of which only a sliver shows does not count.
    const first = handle.findItemIndex(handle.scrollOffset + SLIVER) - 1 + base;
    const last = handle.findItemIndex(handle.scrollOffset + handle.viewportSize) - 1 + base;
    timeline.want(first - AROUND, last + AROUND);
    setTopDay(first < 0 ? null : (timeline.at(first)?.created_at ?? null));
    if (first <= base + 1 && base > 0) hold({ at: first - reach(first - 1), align: "start" });
  }, [timeline, base, reach, hold]);

  const onScroll = useCallback(() => {
    moved();
    clearTimeout(timer.current);
    timer.current = setTimeout(look, SETTLE);
  }, [moved, look]);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(look, [look, count]);

  const jump = useCallback(
    (position: number, mark: string | null) => {
      const start = reach(position);
      timeline.want(position - AROUND, position + AROUND);
      setHighlight(mark);
      hold({ at: position - start + 1, align: mark ? "center" : "start" });
    },
    [timeline, reach, hold],
  );
  useEffect(() => registerJump(placeKey(timeline.channelId, timeline.rootId), jump), [timeline, jump]);

  const { loaded } = timeline;
  const done = useRef<Target | null>(null);
  useEffect(() => {
    if (!target || !loaded || done.current === target) return;
    done.current = target;
    jump(target.position, target.highlight);
  }, [target, loaded, jump]);

  useEffect(() => {
    if (atEnd) setSeenTotal(timeline.total);
  }, [atEnd, timeline.total]);

  const focusRow = (position: number) => {
    const wanted = Math.max(base, Math.min(timeline.total - 1, position));
    setFocus(wanted);
    anchor.current = null;
    list.current?.scrollToIndex(wanted - base + 1, { align: "nearest" });
    heading.current = wanted;
  };
  useEffect(() => {
    // The row may have to be fetched first; it gets the focus as soon as it is there.
    if (heading.current === null) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[role="article"][data-position="${heading.current}"]`);
    if (!row) return;
    heading.current = null;
    row.focus({ preventScroll: true });
  });
  const onKeyDown = (event: KeyboardEvent) => {
    const row = event.target as HTMLElement;
    const position = heading.current ?? (row.dataset["message"] === timeline.rootId ? -1 : Number(row.dataset["position"]));
    if (row.dataset["position"] === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowUp") focusRow(position - 1);
    else if (event.key === "ArrowDown") focusRow(position + 1);
    else if (event.key === "Home") focusRow(0);
    else if (event.key === "End") {
      focusRow(timeline.total - 1);
      hold({ at: "end" });
    } else return;
    event.preventDefault();
  };

  const active = focus ?? timeline.total - 1;
  const keep = useMemo(() => (active >= base && count > 0 ? [Math.min(active - base + 1, count - 1)] : []), [active, base, count]);
  const rows = useMemo(() => ({ length: count }) as ArrayLike<undefined>, [count]);

  const row = (index: number) => {
    if (index === 0) return <div key="intro" role="listitem">{base === 0 ? intro : null}</div>;
    const position = base + index - 1;
    const pending = timeline.pending[position - timeline.total];
    if (pending) {
      const before = timeline.pending[position - timeline.total - 1] ?? timeline.at(timeline.total - 1);
      return <PendingRow key={pending.client_id} pending={pending} before={before} />;
    }
    const message = timeline.at(position);
    if (!message) return <div key={position} className={css["gap"]} aria-hidden="true"><i /><b /></div>;
    const before = position > 0 ? timeline.at(position - 1) : undefined;
    const known = position === 0 || before !== undefined;
    const fresh = startsNew(message, before, line);
    const day = known && startsDay(message, before);
    return (
      <MessageRow
        key={message.id}
        message={message}
        channel={channel}
        threadId={timeline.rootId}
        grouped={!day && !fresh && isGrouped(message, before)}
        day={day}
        fresh={fresh}
        highlighted={highlight === message.id}
        focusable={position === active}
        total={timeline.total}
        onFocus={setFocus}
      />
    );
  };

  const arrived = timeline.total - seenTotal;
  const firstUnread = timeline.total - unreadAtOpen;
  const skipped = line !== null && unreadAtOpen > 20 && atEnd;
  return (
    <div className={css["frame"]}>
      {topDay && !inThread && (
        <div className={css["dayPill"]}>
          <button type="button" onClick={() => openDialog({ kind: "date", channel: channel.id, from: topDay })}>
            {dayOf(topDay, { today: t`Today`, yesterday: t`Yesterday` })}
            <Icon name="chevron" size={14} />
          </button>
        </div>
      )}
      <div ref={scroller} className={css["scroller"]} onKeyDown={onKeyDown}>
        {!inThread && <div className={css["spacer"]} />}
        <div role="list" aria-label={label} className={css["list"]}>
          {count > 0 && (
            <Virtualizer ref={list} scrollRef={scroller} data={rows} itemSize={ROW_HEIGHT} bufferSize={400} keepMounted={keep} onScroll={onScroll} onScrollEnd={look}>
              {(_row, index) => row(index)}
            </Virtualizer>
          )}
        </div>
        {count === 0 && (timeline.unreachable ? <Empty icon="warning" title={t`These messages are not on this device`} /> : <Spinner label={t`Loading messages`} />)}
      </div>
      {skipped && (
        <Button className={css["up"]} icon="up" onClick={() => jump(Math.max(0, firstUnread), null)}>
          {plural(unreadAtOpen, { one: "# new message", other: "# new messages" })}
        </Button>
      )}
      {!atEnd && (
        <Button className={css["down"]} icon="down" onClick={() => { reach(timeline.total - 1); hold({ at: "end" }); }}>
          {arrived > 0 ? plural(arrived, { one: "# new message", other: "# new messages" }) : <Trans>Latest messages</Trans>}
        </Button>
      )}
    </div>
  );
}
