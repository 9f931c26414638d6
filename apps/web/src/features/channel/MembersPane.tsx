import { Trans, useLingui } from "@lingui/react/macro";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useState } from "react";
import { channels } from "~/api/operations";
import type { Channel } from "~/api/types";
import { useRoleName } from "~/features/people/useRoleName";
import { numberOf } from "~/i18n/format";
import { watchPresence } from "~/state/people";
import { openDialog } from "~/state/ui";
import { putUsers, useWorkspace } from "~/state/workspace";
import { Avatar } from "~/ui/Avatar";
import { Button } from "~/ui/Button";
import { Empty, Spinner } from "~/ui/Empty";
import { Field } from "~/ui/Field";
import { Pane } from "~/ui/Pane";
import { can, isDirect } from "./naming";
import css from "./Panes.module.css";

export function MembersPane({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const { t } = useLingui();
  const [filter, setFilter] = useState("");
  const q = useDeferredValue(filter.trim());
  const presence = useWorkspace((state) => state.presence);
  const roleName = useRoleName();
  const members = useInfiniteQuery({
    queryKey: ["members", channel.id, q, channel.member_count],
    queryFn: ({ pageParam }) => channels.members(channel.id, { q, ...(pageParam ? { cursor: pageParam } : {}) }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const list = members.data?.pages.flatMap((page) => page.items) ?? [];
  useEffect(() => {
    const people = members.data?.pages.flatMap((page) => page.items.map((member) => member.user)) ?? [];
    putUsers(people);
    watchPresence(people.map((user) => user.id));
  }, [members.data]);

  return (
    <Pane title={t`Members`} note={numberOf(channel.member_count)} onClose={onClose}>
      <div className={css["filter"]}>
        <Field label={t`Find a member`} type="search" value={filter} onChange={(event) => setFilter(event.target.value)} />
      </div>
      <div className={css["scroll"]}>
        {!isDirect(channel) && can(channel, "channel.members.manage") && (
          <Button icon="plus" tone="quiet" onClick={() => openDialog({ kind: "channel", channel: channel.id })}><Trans>Add people</Trans></Button>
        )}
        {members.isPending && <Spinner label={t`Loading`} />}
        {members.isSuccess && list.length === 0 && <Empty icon="people" title={t`Nobody fits`} />}
        <ul className={css["people"]}>
          {list.map(({ user, role }) => (
            <li key={user.id}>
              <button type="button" className={css["person"]} onClick={() => openDialog({ kind: "person", user: user.id })}>
                <Avatar user={user} id={user.id} size={32} presence={presence[user.id]} />
                <span className={css["who"]}>
                  <span dir="auto">{user.display_name}</span>
                  <span>@{user.name}</span>
                </span>
                <span className={css["role"]}>{role !== "member" && roleName(role)}</span>
              </button>
            </li>
          ))}
        </ul>
        {members.hasNextPage && (
          <div className={css["more"]}><Button busy={members.isFetchingNextPage} onClick={() => void members.fetchNextPage()}><Trans>Show more</Trans></Button></div>
        )}
      </div>
    </Pane>
  );
}
