import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { channels, spaces } from "~/api/operations";
import type { Id, User } from "~/api/types";
import { MemberList } from "~/features/people/MemberList";
import { fieldError, formError } from "~/i18n/problems";
import { putChannel, useChannel } from "~/state/workspace";
import { Button } from "~/ui/Button";
import { ConfirmButton } from "~/ui/ConfirmButton";
import { Dialog } from "~/ui/Dialog";
import { Field, FormError } from "~/ui/Field";
import { toast } from "~/ui/Toasts";
import css from "./Forms.module.css";
import { can } from "./naming";
import { asChannelName } from "./NewChannel";

/** Only who is in the space can be added to one of its channels. */
async function peopleOf(space: Id, q: string): Promise<User[]> {
  const { items } = await spaces.members(space, { q, limit: 30 });
  return items.map(({ user }) => user);
}

export function ChannelSettings({ channelId, onClose }: { channelId: string; onClose: () => void }) {
  const { t } = useLingui();
  const channel = useChannel(channelId);
  const queries = useQueryClient();
  const [name, setName] = useState(channel?.name ?? "");
  const [topic, setTopic] = useState(channel?.topic ?? "");
  const save = useMutation({
    mutationFn: (body: { name?: string; topic?: string; archived?: boolean }) => channels.update(channelId, body),
    onSuccess: (changed) => {
      putChannel(changed);
      toast(t`Saved`);
      void queries.invalidateQueries({ queryKey: ["browse"] });
    },
  });
  if (!channel) return null;
  const manage = can(channel, "channel.manage");
  const space = channel.space_id;
  const problem = formError(save.error, "name", "topic");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ ...(name !== channel.name ? { name } : {}), ...(topic !== channel.topic ? { topic } : {}) });
  };
  return (
    <Dialog open onClose={onClose} title={t`Channel settings`} size="medium">
      <form onSubmit={submit}>
        {problem && <FormError>{problem}</FormError>}
        <Field label={t`Name`} required maxLength={64} disabled={!manage} value={name} error={fieldError(save.error, "name")} onChange={(event) => setName(asChannelName(event.target.value))} />
        <Field label={t`Topic`} maxLength={250} disabled={!manage} value={topic} error={fieldError(save.error, "topic")} onChange={(event) => setTopic(event.target.value)} />
        {manage && (
          <div className={css["inline"]}>
            <Button type="submit" tone="primary" busy={save.isPending} disabled={name === channel.name && topic === channel.topic}><Trans>Save</Trans></Button>
          </div>
        )}
      </form>
      <MemberList
        of={{
          scope: "channel",
          id: channelId,
          list: (query) => channels.members(channelId, query),
          set: (user, role) => channels.setMember(channelId, user, role),
          remove: (user) => channels.removeMember(channelId, user),
          ...(space && can(channel, "space.read") ? { find: (q) => peopleOf(space, q) } : {}),
        }}
        manage={can(channel, "channel.members.manage") && !channel.archived}
        addLabel={t`Add to the channel`}
      />
      {manage && (
        <section className={css["section"]}>
          <h3><Trans>Archive</Trans></h3>
          <p>{channel.archived ? <Trans>The channel can be read, but not written to.</Trans> : <Trans>An archived channel leaves the lists. It can be read and restored.</Trans>}</p>
          <div className={css["inline"]}>
            {channel.archived ? (
              <Button icon="archive" busy={save.isPending} onClick={() => save.mutate({ archived: false })}><Trans>Restore channel</Trans></Button>
            ) : (
              <ConfirmButton icon="archive" question={t`Really archive?`} busy={save.isPending} onConfirm={() => save.mutate({ archived: true })}><Trans>Archive channel</Trans></ConfirmButton>
            )}
          </div>
        </section>
      )}
    </Dialog>
  );
}
