import { Trans, useLingui } from "@lingui/react/macro";
import { useId, useState, type PointerEvent } from "react";
import type { MetricsUnit } from "~/api/types";
import { timeOf } from "~/i18n/format";
import { BOX, ceilingOf, extentOf, nearest, pathsOf, placeOf, type Frame, type Point } from "./chart";
import css from "./Chart.module.css";
import { figureOf, momentOf } from "./units";

interface Shown {
  name: string;
  unit: MetricsUnit;
  points: Point[];
  /** From when to when the chart reaches. */
  from: number;
  to: number;
}

const clockOf = (at: number): string => timeOf(new Date(at).toISOString());

/** A figure over time: a line for those who see it, words and a table for everybody. */
export function Chart({ name, unit, points, from, to }: Shown) {
  const { t } = useLingui();
  const heading = useId();
  const extent = extentOf(points);
  const frame = { from, to, ceiling: ceilingOf(extent?.highest ?? 0, unit) };
  const say = (value: number) => figureOf(value, unit);
  const now = extent ? say(extent.now) : t`unknown`;
  const [lowest, highest] = extent ? [say(extent.lowest), say(extent.highest)] : ["", ""];
  return (
    <section className={css["chart"]} aria-labelledby={heading}>
      <h3 id={heading} className={css["name"]}>{name}</h3>
      <p className={css["now"]}><span className="visually-hidden"><Trans>Now:</Trans> </span>{now}</p>
      <Drawing points={points} frame={frame} say={say} />
      <p className={css["note"]}>{extent ? <Trans>Between {lowest} and {highest}</Trans> : <Trans>Nothing is known yet</Trans>}</p>
      <Table name={name} points={points} say={say} />
    </section>
  );
}

/** The line, what its height and width mean, and the value below the pointer. All of it is said in words beside it. */
function Drawing({ points, frame, say }: { points: Point[]; frame: Frame; say: (value: number) => string }) {
  const [pointed, setPointed] = useState<number>();
  const { line, area } = pathsOf(points, frame);
  const point = pointed === undefined ? undefined : nearest(points, pointed, frame);
  const value = point?.value ?? null;
  const follow = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setPointed((event.clientX - box.left) / box.width);
  };
  const { from, to, ceiling } = frame;
  return (
    <div className={css["drawing"]} aria-hidden="true">
      <div className={css["heights"]}>
        {[ceiling, ceiling / 2, 0].map((height) => <span key={height}>{say(height)}</span>)}
      </div>
      <div className={css["plot"]} onPointerMove={follow} onPointerLeave={() => setPointed(undefined)}>
        <svg viewBox={`0 0 ${BOX.width} ${BOX.height}`} preserveAspectRatio="none" focusable="false">
          <path className={css["grid"]} d={`M0 0H${BOX.width}M0 ${BOX.height / 2}H${BOX.width}M0 ${BOX.height}H${BOX.width}`} />
          <path className={css["area"]} d={area} />
          <path className={css["line"]} d={line} />
        </svg>
        {point && value !== null && <Pointed place={placeOf({ at: point.at, value }, frame)} at={clockOf(point.at)} value={say(value)} />}
      </div>
      <div className={css["times"]}>
        {[from, (from + to) / 2, to].map((at) => <span key={at}>{clockOf(at)}</span>)}
      </div>
    </div>
  );
}

function Pointed({ place, at, value }: { place: { x: number; y: number }; at: string; value: string }) {
  const left = `${place.x * 100}%`;
  return (
    <>
      <span className={css["rule"]} style={{ left }} />
      <span className={css["dot"]} style={{ left, top: `${place.y * 100}%` }} />
      <span className={css["tip"]} style={place.x > 0.5 ? { right: `calc(${100 - place.x * 100}% + 8px)` } : { left: `calc(${left} + 8px)` }}><b>{value}</b> {at}</span>
    </>
  );
}

/** All values, the newest first. Its rows are made when it is opened. */
function Table({ name, points, say }: { name: string; points: Point[]; say: (value: number) => string }) {
  const { t } = useLingui();
  const [open, setOpen] = useState(false);
  return (
    <details className={css["values"]} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary><Trans>Values</Trans><span className="visually-hidden">{`: ${name}`}</span></summary>
      {open && (
        <div className={css["scroll"]} role="region" aria-label={t`Values: ${name}`} tabIndex={0}>
          <table className={css["table"]}>
            <thead>
              <tr><th scope="col"><Trans>Time</Trans></th><th scope="col"><Trans>Value</Trans></th></tr>
            </thead>
            <tbody>
              {points.toReversed().map(({ at, value }) => (
                <tr key={at}>
                  <td><time dateTime={new Date(at).toISOString()}>{momentOf(at)}</time></td>
                  <td>{value === null ? t`unknown` : say(value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
