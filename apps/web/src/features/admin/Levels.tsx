import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { admin } from "~/api/admin";
import type { LevelChange, LogLevel, LogLevels } from "~/api/types";
import { errorWords } from "~/i18n/problems";
import { Button } from "~/ui/Button";
import { Choice, Field } from "~/ui/Field";
import { toast } from "~/ui/Toasts";
import css from "./Levels.module.css";
import { Awaited } from "./Page";

const KEY = ["admin", "log-levels"];
const ALL: LogLevel[] = ["off", "error", "warn", "info", "debug", "trace"];

/** How much is logged, and where to. Each choice counts at once, until the next start. */
export function Levels() {
  const [open, setOpen] = useState(false);
  const levels = useQuery({ queryKey: KEY, queryFn: ({ signal }) => admin.logLevels(signal), enabled: open });
  return (
    <details className={css["levels"]} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className={css["summary"]}><Trans>How much is logged</Trans></summary>
      {open && <Awaited of={levels}>{(now) => <Chosen now={now} />}</Awaited>}
    </details>
  );
}

function Chosen({ now }: { now: LogLevels }) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const [target, setTarget] = useState("");
  const change = useMutation({
    mutationFn: (to: LevelChange) => admin.changeLogLevels(to),
    onSuccess: (levels) => queries.setQueryData(KEY, levels),
    onError: (error) => toast(errorWords(error)),
  });
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (!target.trim()) return;
    change.mutate({ targets: { [target.trim()]: "debug" } });
    setTarget("");
  };
  const places: Record<string, string> = { file: t`Log file takes`, console: t`Standard error takes` };
  return (
    <>
      <p className={css["text"]}><Trans>This counts at once and until the next start or change of the configuration.</Trans></p>
      <div className={css["choices"]}>
        <LevelChoice label={t`All that is not named`} value={now.level} onChange={(level) => change.mutate({ level })} />
        {Object.entries(now.sinks).map(([name, level]) => (
          <LevelChoice key={name} label={places[name] ?? t`${name} takes`} value={level} onChange={(to) => change.mutate({ sinks: { [name]: to } })} />
        ))}
        {Object.entries(now.targets).map(([name, level]) => (
          <LevelChoice key={name} label={name} value={level} onChange={(to) => change.mutate({ targets: { [name]: to } })} onRemove={() => change.mutate({ targets: { [name]: null } })} />
        ))}
      </div>
      <form className={css["add"]} onSubmit={add}>
        <Field label={t`Another module`} hint={t`Such as plexi_web; it covers those below it.`} value={target} maxLength={200} onChange={(event) => setTarget(event.target.value)} />
        <Button type="submit" icon="plus" busy={change.isPending}><Trans>Log it in detail</Trans></Button>
      </form>
    </>
  );
}

function LevelChoice({ label, value, onChange, onRemove }: { label: string; value: LogLevel; onChange: (level: LogLevel) => void; onRemove?: () => void }) {
  const { t } = useLingui();
  const names: Record<LogLevel, string> = { off: t`Nothing`, error: t`Errors`, warn: t`Warnings and worse`, info: t`Information and worse`, debug: t`Debugging and worse`, trace: t`Everything` };
  return (
    <div className={css["choice"]}>
      <Choice
        label={label}
        value={value}
        onChange={(event) => {
          const level = ALL.find((one) => one === event.target.value);
          if (level) onChange(level);
        }}
      >
        {ALL.map((level) => <option key={level} value={level}>{names[level]}</option>)}
      </Choice>
      {onRemove && <Button tone="quiet" aria-label={t`No own level for ${label}`} onClick={onRemove}><Trans>As all others</Trans></Button>}
    </div>
  );
}
