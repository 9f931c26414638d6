import { Trans, useLingui } from "@lingui/react/macro";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { admin } from "~/api/admin";
import type { MetricsHistory, MetricsRange } from "~/api/types";
import { cx } from "~/ui/classes";
import { Chart } from "./Chart";
import type { Point } from "./chart";
import css from "./Metrics.module.css";
import { Awaited, Lead, Page } from "./Page";

const HOUR = 3_600_000;
const RANGES: Record<MetricsRange, { span: number; every: number }> = { "1h": { span: HOUR, every: 10_000 }, "24h": { span: 24 * HOUR, every: 60_000 } };

/** How the figures of the server were of late. */
export function Metrics() {
  const { t } = useLingui();
  const [range, setRange] = useState<MetricsRange>("1h");
  const history = useQuery({
    queryKey: ["admin", "metrics", range],
    queryFn: ({ signal }) => admin.metricsHistory(range, signal),
    placeholderData: keepPreviousData,
    refetchInterval: RANGES[range].every,
  });
  const names: Record<MetricsRange, string> = { "1h": t`Last hour`, "24h": t`Last day` };
  const tools = (
    <fieldset className={css["ranges"]}>
      <legend className="visually-hidden"><Trans>Time shown</Trans></legend>
      {(["1h", "24h"] as const).map((one) => (
        <label key={one} className={cx(css["range"], one === range && css["chosen"])}>
          <input type="radio" className="visually-hidden" name="range" checked={one === range} onChange={() => setRange(one)} />
          {names[one]}
        </label>
      ))}
    </fieldset>
  );
  return (
    <Page title={t`Metrics`} tools={tools}>
      <Lead><Trans>How the server did since it started, at most for a day.</Trans></Lead>
      <Awaited of={history}>{(known) => <Charts history={known} span={RANGES[range].span} />}</Awaited>
    </Page>
  );
}

function Charts({ history, span }: { history: MetricsHistory; span: number }) {
  const groups = useGroups();
  const times = history.times.map((at) => Date.parse(at));
  const to = times.at(-1) ?? Date.now();
  // of a server that started a moment ago, what there is fills the chart
  const from = Math.max(to - span, Math.min(times[0] ?? to, to - span / 12));
  return groups.map(({ title, charts }) => (
    <section key={title} className={css["group"]}>
      <h2 className={css["heading"]}>{title}</h2>
      <div className={css["charts"]}>
        {charts.map(([key, name]) => {
          const series = history.items.find((one) => one.name === key);
          if (!series) return null;
          const points = times.flatMap((at, nth): Point[] => (at < from ? [] : [{ at, value: series.values[nth] ?? null }]));
          return <Chart key={key} name={name} unit={series.unit} points={points} from={from} to={to} />;
        })}
      </div>
    </section>
  ));
}

interface Group {
  title: string;
  /** The series as the server names it, and its name for people. */
  charts: [key: string, name: string][];
}

function useGroups(): Group[] {
  const { t } = useLingui();
  return [
    {
      title: t`Requests`,
      charts: [["requests", t`Requests`], ["refusals", t`Refused (4xx)`], ["failures", t`Failed (5xx)`], ["request_p99", t`99 % of the requests within`]],
    },
    {
      title: t`People and messages`,
      charts: [["people", t`People connected`], ["connections", t`Open connections`], ["messages", t`Messages`], ["message_stored", t`Time to store a message`]],
    },
    {
      title: t`The machine`,
      charts: [["processors", t`Processors at work`], ["memory", t`Memory in use`], ["disk_free", t`Room for data`]],
    },
    {
      title: t`Inside`,
      charts: [["database", t`Answer of the database`], ["cache_hits", t`Answered from the cache`], ["restarts", t`Parts started again`], ["log_lost", t`Log lines lost`]],
    },
  ];
}
