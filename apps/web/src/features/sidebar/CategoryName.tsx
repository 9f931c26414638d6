import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import type { Id } from "~/api/types";
import { errorWords } from "~/i18n/problems";
import { saveCategories, withCategory, withChannel, withName } from "~/state/categories";
import { Button } from "~/ui/Button";
import { Dialog, DialogActions } from "~/ui/Dialog";
import { Field, FormError } from "~/ui/Field";

/** Names a new category, on request with a channel in it, or gives one another name. */
export function CategoryName({ name: before, channel, onClose }: { name: string | null; channel: Id | null; onClose: () => void }) {
  const { t } = useLingui();
  const [name, setName] = useState(before ?? "");
  const save = useMutation({
    mutationFn: () =>
      saveCategories((all) => {
        const wanted = name.trim();
        if (before !== null) return withName(all, before, wanted);
        return channel ? withChannel(all, channel, wanted) : withCategory(all, wanted);
      }),
    onSuccess: onClose,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={before === null ? t`New category` : t`Rename category`}>
      <form onSubmit={submit}>
        {save.error && <FormError>{errorWords(save.error)}</FormError>}
        <Field label={t`Name`} hint={t`Only you see your categories.`} autoFocus required maxLength={64} value={name} onChange={(event) => setName(event.target.value)} />
        <DialogActions>
          <Button onClick={onClose}><Trans>Cancel</Trans></Button>
          <Button type="submit" tone="primary" busy={save.isPending} disabled={!name.trim() || name.trim() === before}><Trans>Save</Trans></Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
