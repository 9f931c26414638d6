import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { ApiError } from "~/api/client";
import { channels } from "~/api/operations";
import type { User } from "~/api/types";
import { putChannel, useChannel, useMe } from "~/state/workspace";
import { Avatar } from "~/ui/Avatar";
import { Button } from "~/ui/Button";
import { Dialog } from "~/ui/Dialog";
import { Field, FormError } from "~/ui/Field";
import { toast } from "~/ui/Toasts";
import css from "./Forms.module.css";
import { can } from "./naming";
import { asChannelName } from "./NewChannel";
import { PeoplePicker } from "./PeoplePicker";

const MOST_AT_ONCE = 20;

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
  const error = save.error instanceof ApiError ? save.error : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ ...(name !== channel.name ? { name } : {}), ...(topic !== channel.topic ? { topic } : {}) });
  };
  return (
    <Dialog open onClose={onClose} title={t`Channel settings`} size="medium">
      <form onSubmit={submit}>
        {error && !error.field("name") && !error.field("topic") && <FormError>{error.message}</FormError>}
        <Field label={t`Name`} required maxLength={64} disabled={!manage} value={name} error={error?.field("name")} onChange={(event) => setName(asChannelName(event.target.value))} />
        <Field label={t`Topic`} maxLength={250} disabled={!manage} value={topic} error={error?.field("topic")} onChange={(event) => setTopic(event.target.value)} />
        {manage && (
          <div className={css["inline"]}>
            <Button type="submit" tone="primary" busy={save.isPending} disabled={name === channel.name && topic === channel.topic}><Trans>Save</Trans></Button>
          </div>
        )}
      </form>
      <Members channelId={channelId} manage={can(channel, "channel.members.manage")} />
      {manage && (
        <section className={css["section"]}>
          <h3><Trans>Archive</Trans></h3>
          <p>{channel.archived ? <Trans>The channel can be read, but not written to.</Trans> : <Trans>An archived channel leaves the lists. It can be read and restored.</Trans>}</p>
          <div className={css["inline"]}>
            <Button tone={channel.archived ? "plain" : "danger"} icon="archive" busy={save.isPending} onClick={() => save.mutate({ archived: !channel.archived })}>
              {channel.archived ? <Trans>Restore channel</Trans> : <Trans>Archive channel</Trans>}
            </Button>
          </div>
        </section>
      )}
    </Dialog>
  );
}

function Members({ channelId, manage }: { channelId: string; manage: boolean }) {
  const { t } = useLingui();
  const me = useMe();
  const queries = useQueryClient();
  const [chosen, setChosen] = useState<User[]>([]);
  const members = useQuery({ queryKey: ["members", channelId, "settings"], queryFn: () => channels.members(channelId, { limit: 100 }) });
  const refresh = () => queries.invalidateQueries({ queryKey: ["members", channelId] });
  const fail = (error: unknown) => toast(error instanceof ApiError && !error.offline ? error.message : t`That did not work. Check your connection.`);
  const add = useMutation({
    mutationFn: async () => {
      for (const user of chosen) await channels.addMember(channelId, user.id);
    },
    onSuccess: () => setChosen([]),
    onError: fail,
    onSettled: refresh,
  });
  const remove = useMutation({ mutationFn: (user: string) => channels.removeMember(channelId, user), onError: fail, onSettled: refresh });
  return (
    <section className={css["section"]}>
      <h3><Trans>Members</Trans></h3>
      {manage && (
        <details>
          <summary><Trans>Add people</Trans></summary>
          <PeoplePicker label={t`Find people`} chosen={chosen} onChange={setChosen} most={MOST_AT_ONCE} />
          <Button tone="primary" busy={add.isPending} disabled={chosen.length === 0} onClick={() => add.mutate()}><Trans>Add to the channel</Trans></Button>
        </details>
      )}
      {members.data?.items.map(({ user }) => (
        <div key={user.id} className={css["row"]}>
          <Avatar user={user} id={user.id} size={28} />
          <div className={css["main"]}><span className={css["name"]} dir="auto">{user.display_name}</span></div>
          {manage && user.id !== me.id && (
            <Button className={css["small"]} aria-label={t`Remove ${user.display_name}`} onClick={() => remove.mutate(user.id)}><Trans>Remove</Trans></Button>
          )}
        </div>
      ))}
      {members.data?.next && <p><Trans>The list of all members is beside the conversation.</Trans></p>}
    </section>
  );
}
