import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { spaces } from "~/api/operations";
import { fieldError, formError } from "~/i18n/problems";
import { Button } from "~/ui/Button";
import { Dialog, DialogActions } from "~/ui/Dialog";
import { Field, FormError } from "~/ui/Field";
import { putSpace } from "./spaces";
import { useEnterSpace } from "./useEnterSpace";

export function NewSpace({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const enter = useEnterSpace();
  const [name, setName] = useState("");
  const make = useMutation({
    mutationFn: () => spaces.create({ name: name.trim() }),
    onSuccess: (space) => {
      putSpace(space);
      onClose();
      enter(space.id);
    },
  });
  const problem = formError(make.error, "name");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={t`New space`} description={<Trans>A space has its own people and channels: a team, a company, a project.</Trans>}>
      <form onSubmit={submit}>
        {problem && <FormError>{problem}</FormError>}
        <Field label={t`Name`} autoFocus required maxLength={64} value={name} error={fieldError(make.error, "name")} onChange={(event) => setName(event.target.value)} />
        <DialogActions>
          <Button onClick={onClose}><Trans>Cancel</Trans></Button>
          <Button type="submit" tone="primary" busy={make.isPending} disabled={!name.trim()}><Trans>Make space</Trans></Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
