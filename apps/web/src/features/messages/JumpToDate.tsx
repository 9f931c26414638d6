import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { messages } from "~/api/operations";
import { isoDay, monthOf, weekdayOf } from "~/i18n/format";
import { errorWords } from "~/i18n/problems";
import { timelineOf } from "~/state/timelines";
import { useChannel } from "~/state/workspace";
import { Button, IconButton } from "~/ui/Button";
import { Dialog, DialogActions } from "~/ui/Dialog";
import { Field, FormError } from "~/ui/Field";
import { monthGrid } from "./calendar";
import { jumpTo } from "./jump";
import css from "./MessageDialogs.module.css";

/** Goes to the first message of a day. */
export function JumpToDate({ channelId, from, onClose }: { channelId: string; from: string | null; onClose: () => void }) {
  const { t } = useLingui();
  const channel = useChannel(channelId);
  const latest = channel?.last_message_at ?? new Date().toISOString();
  const [day, setDay] = useState(() => isoDay(new Date(from ?? latest)));
  const [month, setMonth] = useState(() => new Date(from ?? latest));
  const today = isoDay(new Date());
  const weeks = useMemo(() => monthGrid(month), [month]);

  const go = useMutation({
    mutationFn: async (wanted: string) => {
      const [year = 1970, monthNumber = 1, date = 1] = wanted.split("-").map(Number);
      const start = new Date(year, monthNumber - 1, date).toISOString();
      const window = await messages.window(channelId, { date: start, limit: 50 });
      timelineOf(channelId).take(window);
      const found = window.items.find((message) => Date.parse(message.created_at) >= Date.parse(start)) ?? window.items.at(-1);
      if (!found) throw new Error(t`There are no messages yet.`);
      return found.position;
    },
    onSuccess: (position) => {
      onClose();
      jumpTo(channelId, position);
    },
  });
  const turn = (months: number) => setMonth(new Date(month.getFullYear(), month.getMonth() + months, 1));
  const choose = (wanted: string) => {
    setDay(wanted);
    const date = new Date(`${wanted}T12:00`);
    if (!Number.isNaN(date.getTime())) setMonth(date);
  };
  return (
    <Dialog open onClose={onClose} title={t`Jump to a date`}>
      <form onSubmit={(event) => { event.preventDefault(); go.mutate(day); }}>
        <Field label={t`Date`} type="date" autoFocus required max={today} value={day} onChange={(event) => choose(event.target.value)} />
        <div className={css["month"]}>
          <IconButton icon="back" label={t`Month before`} onClick={() => turn(-1)} />
          <span aria-live="polite">{monthOf(month)}</span>
          <IconButton icon="send" label={t`Month after`} onClick={() => turn(1)} />
        </div>
        <table className={css["days"]}>
          <thead><tr>{weeks[0]?.map((date) => <th key={date.getTime()} scope="col">{weekdayOf(date)}</th>)}</tr></thead>
          <tbody>
            {weeks.map((week) => (
              <tr key={week[0]?.getTime()}>
                {week.map((date) => {
                  const iso = isoDay(date);
                  return (
                    <td key={iso}>
                      {date.getMonth() === month.getMonth() && (
                        <button type="button" className={css["day"]} aria-pressed={iso === day} data-today={iso === today} disabled={iso > today} onClick={() => setDay(iso)} onDoubleClick={() => go.mutate(iso)}>
                          {date.getDate()}
                        </button>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
        {go.error && <FormError>{errorWords(go.error)}</FormError>}
        <div className={css["shortcuts"]}>
          <Button onClick={() => { onClose(); jumpTo(channelId, 0); }}><Trans>The very first message</Trans></Button>
        </div>
        <DialogActions>
          <Button onClick={onClose}><Trans>Cancel</Trans></Button>
          <Button type="submit" tone="primary" busy={go.isPending}><Trans>Jump</Trans></Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
