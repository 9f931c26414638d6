import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { messages } from "~/api/operations";
import type { Message } from "~/api/types";
import { errorWords } from "~/i18n/problems";
import { applyToTimelines } from "~/state/timelines";
import { Button } from "~/ui/Button";
import { Dialog, DialogActions } from "~/ui/Dialog";
import { FormError } from "~/ui/Field";
import css from "./MessageDialogs.module.css";

export function DeleteMessage({ message, onClose }: { message: Message; onClose: () => void }) {
  const { t } = useLingui();
  const remove = useMutation({
    mutationFn: () => messages.remove(message.id),
    onSuccess: () => {
      applyToTimelines(message.channel_id, { kind: "message_deleted", message_id: message.id, thread_id: message.thread_id });
      onClose();
    },
  });
  return (
    <Dialog open onClose={onClose} title={t`Delete this message?`} description={<Trans>Its text is gone for everybody. A mark stays where it was.</Trans>}>
      <blockquote className={css["quote"]} dir="auto">{message.text.slice(0, 400)}</blockquote>
      {remove.error && <FormError>{errorWords(remove.error)}</FormError>}
      <DialogActions>
        <Button onClick={onClose}><Trans>Cancel</Trans></Button>
        <Button tone="danger" autoFocus busy={remove.isPending} onClick={() => remove.mutate()}><Trans>Delete</Trans></Button>
      </DialogActions>
    </Dialog>
  );
}
