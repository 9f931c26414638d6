import { Trans, useLingui } from "@lingui/react/macro";
import { useId, useState } from "react";
import type { ConfigKey, ConfigLock, ConfigOrigin } from "~/api/types";
import { fieldWords } from "~/i18n/problems";
import { Button } from "~/ui/Button";
import { cx } from "~/ui/classes";
import { Choice, Field } from "~/ui/Field";
import css from "./Config.module.css";
import { editedText, shownConfig, valueOf } from "./configValues";

interface Props {
  item: ConfigKey;
  problem: string | undefined;
  changed: boolean;
  /** The new value, where it is changed; null is none. */
  to: unknown;
  /** Takes a new value; undefined takes the change back. */
  onChange: (value: unknown) => void;
}

/** A key: its value, where that comes from, what it is for, and what it is changed with. */
export function ConfigRow({ item, problem, changed, to, onChange }: Props) {
  const { t } = useLingui();
  const [open, setOpen] = useState(false);
  const editing = open || changed;
  const locks: Record<ConfigLock, string> = {
    secret: t`a secret: kept where the server's machine says`,
    section: t`changed in the file only`,
    machine: t`changed on the server's machine only`,
    stronger: t`stronger than the file`,
  };
  return (
    <li className={css["key"]} data-key={item.key}>
      <div className={css["line"]}>
        <h3 className={css["name"]}>{item.key}</h3>
        <span className={cx(css["value"], item.value === null && css["none"])}>{item.value === null ? t`not set` : shownConfig(item.value) || t`empty`}</span>
        {!item.locked && !editing && <Button tone="quiet" icon="edit" aria-label={t`Change ${item.key}`} onClick={() => setOpen(true)}><Trans>Change</Trans></Button>}
      </div>
      <p className={css["meaning"]}>{item.meaning}</p>
      <p className={css["facts"]}>
        <OriginWords origin={item.origin} />
        {item.needs_restart && <span className={css["mark"]}><Trans>takes effect at the next start</Trans></span>}
        {item.in_use !== undefined && <span className={css["waiting"]}><Trans>until then: {shownConfig(item.in_use) || t`not set`}</Trans></span>}
        {item.locked && <span className={css["mark"]}>{locks[item.locked]}</span>}
      </p>
      {editing && (
        <Editor
          item={item}
          problem={problem}
          changed={changed}
          to={to}
          onChange={onChange}
          onLeave={() => {
            setOpen(false);
            onChange(undefined);
          }}
        />
      )}
    </li>
  );
}

function OriginWords({ origin }: { origin: ConfigOrigin }) {
  switch (origin.from) {
    case "file":
      return <span>{origin.path}{origin.line != null && `:${origin.line}`}</span>;
    case "environment":
      return <span>{origin.name}</span>;
    case "flag":
      return <span>{`--set ${origin.key}`}</span>;
    default:
      return <span><Trans>default</Trans></span>;
  }
}

function Editor({ item, problem, changed, to, onChange, onLeave }: Props & { onLeave: () => void }) {
  const { t } = useLingui();
  const { form } = item;
  const [text, setText] = useState(editedText(form, item.value));
  const none = changed && to === null;
  const write = (next: string) => {
    setText(next);
    onChange(valueOf(form, next));
  };
  const label = t`New value of ${item.key}`;
  const bounds = form.minimum != null && form.maximum != null ? t`${shownConfig(form.minimum)} to ${shownConfig(form.maximum)}` : undefined;
  const choices = form.kind === "switch" ? ["true", "false"] : form.kind === "choice" ? (form.choices ?? []) : undefined;
  const shown = none ? "" : text;
  return (
    <div className={css["editor"]}>
      {choices ? (
        <Choice label={label} value={shown} autoFocus={!changed} onChange={(event) => write(event.target.value)}>
          {(none || form.optional || !choices.includes(text)) && <option value="" disabled>{t`not set`}</option>}
          {choices.map((one) => <option key={one} value={one}>{one}</option>)}
        </Choice>
      ) : form.kind === "list" || form.kind === "table" ? (
        <Lines label={label} hint={form.kind === "list" ? t`One entry a line.` : t`One entry a line, as name = value.`} value={shown} fresh={!changed} onChange={write} />
      ) : (
        <Field label={label} hint={bounds} value={shown} autoFocus={!changed} inputMode={form.kind === "text" ? "text" : "decimal"} onChange={(event) => write(event.target.value)} />
      )}
      {problem && <p className={css["problem"]} role="alert">{fieldWords(problem)}</p>}
      <div className={css["actions"]}>
        {item.origin.from === "file" && <Button onClick={() => onChange(null)} disabled={none}><Trans>Take out of the file</Trans></Button>}
        <Button onClick={onLeave}><Trans>Leave as it is</Trans></Button>
      </div>
      {none && <p className={css["meaning"]} role="status"><Trans>Without it in the file: {shownConfig(item.default) || t`not set`}</Trans></p>}
    </div>
  );
}

function Lines({ label, hint, value, fresh, onChange }: { label: string; hint: string; value: string; fresh: boolean; onChange: (text: string) => void }) {
  const id = useId();
  return (
    <div className={css["lines"]}>
      <label htmlFor={id}>{label}</label>
      <textarea id={id} rows={4} spellCheck={false} value={value} autoFocus={fresh} aria-describedby={`${id}-note`} onChange={(event) => onChange(event.target.value)} />
      <p id={`${id}-note`}>{hint}</p>
    </div>
  );
}
