import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { spaces } from "~/api/operations";
import type { Body } from "~/api/types";
import formCss from "~/features/channel/Forms.module.css";
import { MemberList } from "~/features/people/MemberList";
import { currentSpace } from "~/features/sidebar/order";
import { errorWords, fieldError, formError } from "~/i18n/problems";
import { openDialog } from "~/state/ui";
import { useWorkspace, workspaceStore } from "~/state/workspace";
import { Button } from "~/ui/Button";
import { ConfirmButton } from "~/ui/ConfirmButton";
import { Dialog } from "~/ui/Dialog";
import { Field, FormError } from "~/ui/Field";
import { toast } from "~/ui/Toasts";
import { leaveSpace, putSpace, useSpacePermission } from "./spaces";
import { useEnterSpace } from "./useEnterSpace";

/** A space's name, its people, and the ways out of it. */
export function SpaceSettings({ spaceId, onClose }: { spaceId: string; onClose: () => void }) {
  const { t } = useLingui();
  const space = useWorkspace((state) => state.spaces.find((entry) => entry.id === spaceId));
  const may = useSpacePermission(space);
  const [name, setName] = useState(space?.name ?? "");
  const save = useMutation({
    mutationFn: (body: Body<"spaces_update">) => spaces.update(spaceId, body),
    onSuccess: (changed) => {
      putSpace(changed);
      toast(t`Saved`);
    },
  });
  if (!space) return null;
  const manage = may("space.manage");
  const problem = formError(save.error, "name");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ name: name.trim() });
  };
  return (
    <Dialog open onClose={onClose} title={t`Space settings`} size="medium">
      {problem && <FormError>{problem}</FormError>}
      {manage && !space.archived ? (
        <form onSubmit={submit}>
          <Field label={t`Name`} required maxLength={64} value={name} error={fieldError(save.error, "name")} onChange={(event) => setName(event.target.value)} />
          <div className={formCss["inline"]}>
            <Button type="submit" tone="primary" busy={save.isPending} disabled={!name.trim() || name.trim() === space.name}><Trans>Save</Trans></Button>
            {may("invitations.create") && <Button icon="invite" onClick={() => openDialog({ kind: "invite" })}><Trans>Invite people</Trans></Button>}
          </div>
        </form>
      ) : (
        <p className={formCss["title"]} dir="auto">{space.name}</p>
      )}
      {may("space.read") && (
        <MemberList
          of={{
            scope: "space",
            id: spaceId,
            list: (query) => spaces.members(spaceId, query),
            set: (user, role) => spaces.setMember(spaceId, user, role),
            remove: (user) => spaces.removeMember(spaceId, user),
          }}
          manage={manage && !space.archived}
          addLabel={t`Add to the space`}
        />
      )}
      {manage && (
        <section className={formCss["section"]}>
          <h3><Trans>Archive</Trans></h3>
          <p>{space.archived ? <Trans>The space can be read, but not changed.</Trans> : <Trans>An archived space can be read and restored.</Trans>}</p>
          <div className={formCss["inline"]}>
            {space.archived ? (
              <Button icon="archive" busy={save.isPending} onClick={() => save.mutate({ archived: false })}><Trans>Restore space</Trans></Button>
            ) : (
              <ConfirmButton icon="archive" question={t`Really archive?`} busy={save.isPending} onConfirm={() => save.mutate({ archived: true })}><Trans>Archive space</Trans></ConfirmButton>
            )}
          </div>
        </section>
      )}
      {space.role !== null && <Leave spaceId={spaceId} onClose={onClose} />}
    </Dialog>
  );
}

function Leave({ spaceId, onClose }: { spaceId: string; onClose: () => void }) {
  const { t } = useLingui();
  const enter = useEnterSpace();
  const leave = useMutation({
    mutationFn: () => leaveSpace(spaceId),
    onSuccess: () => {
      onClose();
      enter(currentSpace(workspaceStore.get().spaces, null));
    },
    onError: (error) => toast(errorWords(error)),
  });
  return (
    <section className={formCss["section"]}>
      <h3><Trans>Leave</Trans></h3>
      <p><Trans>You leave all its channels, too. Somebody there can add you again.</Trans></p>
      <div className={formCss["inline"]}>
        <ConfirmButton icon="leave" question={t`Really leave?`} busy={leave.isPending} onConfirm={() => leave.mutate()}><Trans>Leave space</Trans></ConfirmButton>
      </div>
    </section>
  );
}
