import { i18n } from "@lingui/core";
import { useLingui } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError } from "~/api/client";
import { users } from "~/api/operations";
import { errorWords } from "~/i18n/problems";
import { begin } from "~/state/session";

/** Runs one of the ways in: signs in, then goes to the chat, or says what went wrong. */
export function useEntry() {
  const { t } = useLingui();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);

  const enter = async (act: () => Promise<unknown>, to = "/") => {
    setBusy(true);
    setError(null);
    try {
      await act();
      await begin();
      await navigate({ to, replace: true });
    } catch (cause) {
      setError(cause instanceof ApiError ? cause : new ApiError(0, "CLIENT_UNEXPECTED", t`Something went wrong. Try again.`));
    } finally {
      setBusy(false);
    }
  };

  const message = (() => {
    if (!error) return null;
    if (error.code === "CLIENT_OFFLINE") return t`The server cannot be reached. Check your connection.`;
    if (error.status === 401) return t`The name or the password is wrong.`;
    if (error.status === 429) return t`Too many attempts. Wait a little, then try again.`;
    if (error.problem?.details?.fields?.length) return t`Some entries need a change; see below.`;
    return errorWords(error);
  })();
  return { busy, error, message, enter };
}

/** A new account goes on in the language it was made in; no reason to fail when that cannot be kept. */
export async function keepLanguage(): Promise<void> {
  await users.updateMe({ locale: i18n.locale }).catch(() => undefined);
}

/** The part of the address after `#` as fields: secrets stand there, so that they are never sent to a server. */
export function fragment(name: string): string {
  return new URLSearchParams(location.hash.slice(1)).get(name) ?? "";
}
