import { Trans, useLingui } from "@lingui/react/macro";
import css from "./SearchPane.module.css";

/** What can be asked, each to be taken over with a click. */
export function SearchHelp({ onPick }: { onPick: (operator: string) => void }) {
  const { t } = useLingui();
  const rows: [string, string][] = [
    ["from:", t`written by somebody: from:ada`],
    ["in:", t`in a channel: in:general`],
    ["before:", t`before a day: before:2026-01-31`],
    ["after:", t`after a day: after:2026-01-31`],
    ["has:", t`with a link, file, reaction, pin, or thread: has:link`],
    ["is:", t`is:thread, is:pinned, is:edited, is:direct`],
    ["-", t`without a word: -draft`],
    ['"', t`exactly these words: "in order"`],
  ];
  return (
    <section className={css["help"]} aria-label={t`How to search`}>
      <p><Trans>All words must be in a message. Narrow it down with:</Trans></p>
      <ul>
        {rows.map(([operator, meaning]) => (
          <li key={operator}>
            <button type="button" className={css["operator"]} onClick={() => onPick(operator)}><code>{operator}</code><span>{meaning}</span></button>
          </li>
        ))}
      </ul>
    </section>
  );
}
