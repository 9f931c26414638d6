import { useLingui } from "@lingui/react/macro";
import { memo, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import type { LogLine } from "~/api/types";
import { cx } from "~/ui/classes";
import css from "./LogLines.module.css";
import { keyed, shownValue } from "./logs";
import { logTimeOf } from "./units";

/** So near to its end, in pixels, a list counts as being at it. */
const NEAR = 40;

/** Lines of a log, oldest first; brief: as high as they are. At its end the list stays there when lines come; who has scrolled up is left in peace. */
export function LogLines({ lines, follows = false, brief }: { lines: LogLine[]; follows?: boolean; brief?: boolean }) {
  const { t } = useLingui();
  const list = useRef<HTMLOListElement>(null);
  const atEnd = useRef(true);
  useLayoutEffect(() => {
    const element = list.current;
    if (element && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [lines, follows]);
  const onScroll = () => {
    const element = list.current;
    if (element) atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
  };
  return (
    <ol ref={list} className={cx(css["lines"], brief && css["brief"])} tabIndex={0} aria-label={t`Lines of the log`} onScroll={onScroll} onKeyDown={walk}>
      {keyed(lines).map(({ key, line }) => <li key={key}><Line line={line} /></li>)}
    </ol>
  );
}

/** Arrow keys go from line to line, so that the whole list is one stop of the tab key. One comes in at the newest. */
function walk(event: KeyboardEvent<HTMLOListElement>): void {
  const heads = [...event.currentTarget.querySelectorAll("summary")];
  const here = heads.findIndex((head) => head === document.activeElement);
  const last = heads.length - 1;
  const steps: Record<string, number> = { ArrowUp: here < 0 ? last : Math.max(0, here - 1), ArrowDown: here < 0 ? last : Math.min(last, here + 1), Home: 0, End: last };
  const next = steps[event.key];
  if (next === undefined) return;
  event.preventDefault();
  heads[next]?.focus();
}

/** A line; opened, all it says. */
const Line = memo(
  function Line({ line }: { line: LogLine }) {
    const [open, setOpen] = useState(false);
    const fields = Object.entries(line.fields).map(([name, value]) => [name, shownValue(value)] as const);
    const level = line.level ?? undefined;
    return (
      <details className={cx(css["line"], level && css[level])} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className={css["head"]} tabIndex={-1}>
          {line.at && <time className={css["time"]} dateTime={line.at}>{logTimeOf(line.at)}</time>}
          {level && <span className={css["level"]}>{level.toUpperCase()}</span>}
          <span className={css["said"]}>
            {line.message} <span className={css["fields"]}>{fields.map(([name, value]) => `${name}=${value}`).join(" ")}</span>
          </span>
        </summary>
        {open && <All line={line} fields={fields} />}
      </details>
    );
  },
  (before, after) => before.line.line === after.line.line,
);

function All({ line, fields }: { line: LogLine; fields: (readonly [string, string])[] }) {
  const { t } = useLingui();
  const pairs = [
    ...(line.at ? [[t`time`, line.at] as const] : []),
    ...(line.target ? [[t`module`, line.target] as const] : []),
    ...fields,
    ...(line.correlation_id ? [["correlation_id", line.correlation_id] as const] : []),
    [t`as it stands`, line.line] as const,
  ];
  return (
    <dl className={css["more"]}>
      {/* fields may be called as anything else is here */}
      {pairs.map(([name, value], nth) => (
        <div key={nth} className={css["pair"]}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
