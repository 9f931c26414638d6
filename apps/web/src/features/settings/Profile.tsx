import { Trans, useLingui } from "@lingui/react/macro";
import { useState, type FormEvent } from "react";
import { fieldError, formError } from "~/i18n/problems";
import { useMe } from "~/state/workspace";
import { Button } from "~/ui/Button";
import { Field, FormError } from "~/ui/Field";
import css from "./Preferences.module.css";
import { useUpdateMe } from "./useUpdateMe";

export function Profile() {
  const { t } = useLingui();
  const me = useMe();
  const [name, setName] = useState(me.display_name);
  const [status, setStatus] = useState(me.status_text);
  const save = useUpdateMe();
  const problem = formError(save.error, "display_name", "status_text");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ display_name: name.trim(), status_text: status.trim() });
  };
  return (
    <form onSubmit={submit}>
      {problem && <FormError>{problem}</FormError>}
      <Field label={t`Your name`} autoComplete="name" required maxLength={64} value={name} error={fieldError(save.error, "display_name")} onChange={(event) => setName(event.target.value)} />
      <Field label={t`Status`} hint={t`What others should know: "on holiday until Monday".`} maxLength={100} value={status} error={fieldError(save.error, "status_text")} onChange={(event) => setStatus(event.target.value)} />
      <Field label={t`Sign-in name`} value={me.name} readOnly disabled />
      <Button type="submit" tone="primary" className={css["save"]} busy={save.isPending} disabled={name === me.display_name && status === me.status_text}><Trans>Save</Trans></Button>
    </form>
  );
}
