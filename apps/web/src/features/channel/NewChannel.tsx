import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { channels } from "~/api/operations";
import { currentSpace } from "~/features/sidebar/order";
import { fieldError, formError } from "~/i18n/problems";
import { heads } from "~/state/events";
import { useUi } from "~/state/ui";
import { putChannel, useWorkspace } from "~/state/workspace";
import { Button } from "~/ui/Button";
import { Dialog, DialogActions } from "~/ui/Dialog";
import { Field, FormError } from "~/ui/Field";
import css from "./Forms.module.css";

/** Channel names have no capitals and no spaces; what is typed becomes one. */
export const asChannelName = (typed: string): string => typed.toLocaleLowerCase().replace(/\s+/g, "-").slice(0, 64);

export function NewChannel({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const spaces = useWorkspace((state) => state.spaces);
  const space = currentSpace(spaces, useUi((state) => state.space));
  const [name, setName] = useState("");
  const [topic, setTopic] = useState("");
  const [hidden, setHidden] = useState(false);
  const make = useMutation({
    mutationFn: () => channels.create(space ?? "", { name, kind: hidden ? "private" : "public", ...(topic.trim() ? { topic: topic.trim() } : {}) }),
    onSuccess: (channel) => {
      putChannel(channel);
      if (!heads.has(channel.id)) heads.set(channel.id, channel.last_seq);
      onClose();
      void navigate({ to: "/c/$channelId", params: { channelId: channel.id } });
    },
  });
  const problem = formError(make.error, "name", "topic");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={t`New channel`}>
      <form onSubmit={submit}>
        {problem && <FormError>{problem}</FormError>}
        <Field label={t`Name`} hint={t`Short and telling, like "releases".`} autoFocus required maxLength={64} value={name} error={fieldError(make.error, "name")} onChange={(event) => setName(asChannelName(event.target.value))} />
        <Field label={t`Topic (optional)`} maxLength={250} value={topic} error={fieldError(make.error, "topic")} onChange={(event) => setTopic(event.target.value)} />
        <fieldset className={css["choices"]}>
          <legend><Trans>Who can find it</Trans></legend>
          <label className={css["choice"]}>
            <input type="radio" name="kind" checked={!hidden} onChange={() => setHidden(false)} />
            <span><b><Trans>Public</Trans></b><br /><Trans>Everybody in the space can read and join.</Trans></span>
          </label>
          <label className={css["choice"]}>
            <input type="radio" name="kind" checked={hidden} onChange={() => setHidden(true)} />
            <span><b><Trans>Private</Trans></b><br /><Trans>Only those who are added know that it exists.</Trans></span>
          </label>
        </fieldset>
        <DialogActions>
          <Button onClick={onClose}><Trans>Cancel</Trans></Button>
          <Button type="submit" tone="primary" busy={make.isPending} disabled={!name || !space}><Trans>Make channel</Trans></Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
