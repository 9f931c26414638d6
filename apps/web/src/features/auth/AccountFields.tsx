import { useLingui } from "@lingui/react/macro";
import type { ApiError } from "~/api/client";
import { fieldError } from "~/i18n/problems";
import { Field } from "~/ui/Field";

export interface AccountEntries {
  name: string;
  display_name: string;
  password: string;
}

/** The entries that make an account. */
export function AccountFields({ value, onChange, error, autoFocus }: {
  value: AccountEntries;
  onChange: (value: AccountEntries) => void;
  error: ApiError | null;
  autoFocus?: boolean;
}) {
  const { t } = useLingui();
  return (
    <>
      <Field label={t`Your name`} hint={t`As others see it.`} autoComplete="name" autoFocus={autoFocus} required maxLength={64} value={value.display_name} error={fieldError(error, "display_name")} onChange={(event) => onChange({ ...value, display_name: event.target.value })} />
      <Field label={t`Sign-in name`} hint={t`Letters, digits, dot, dash, underscore. Others mention you by it.`} autoComplete="username" autoCapitalize="none" spellCheck={false} required maxLength={32} value={value.name} error={fieldError(error, "name")} onChange={(event) => onChange({ ...value, name: event.target.value })} />
      <Field label={t`Password`} hint={t`At least 15 characters. A few unrelated words are easy to remember.`} type="password" autoComplete="new-password" required minLength={15} maxLength={256} value={value.password} error={fieldError(error, "password")} onChange={(event) => onChange({ ...value, password: event.target.value })} />
    </>
  );
}
