import { Trans, useLingui } from "@lingui/react/macro";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { users } from "~/api/operations";
import css from "~/features/channel/Forms.module.css";
import { errorWords } from "~/i18n/problems";
import { openDialog } from "~/state/ui";
import { Avatar } from "~/ui/Avatar";
import { Button } from "~/ui/Button";
import { Dialog } from "~/ui/Dialog";
import { Empty, Spinner } from "~/ui/Empty";
import { Field } from "~/ui/Field";
import { Icon } from "~/ui/Icon";
import { useUserNote } from "./useUserNote";

/** Everybody with an account on this server, for those who manage accounts. */
export function Accounts({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const note = useUserNote();
  const [filter, setFilter] = useState("");
  const q = useDeferredValue(filter.trim());
  const found = useInfiniteQuery({
    queryKey: ["accounts", q],
    queryFn: ({ pageParam, signal }) => users.list({ q, ...(pageParam ? { cursor: pageParam } : {}) }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const list = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Dialog open onClose={onClose} title={t`Accounts`} size="medium">
      <Field label={t`Find people`} type="search" autoFocus value={filter} onChange={(event) => setFilter(event.target.value)} />
      <div className={css["list"]}>
        {found.isPending && <Spinner label={t`Loading`} />}
        {found.isError && <Empty icon="warning" title={errorWords(found.error)} />}
        {found.isSuccess && list.length === 0 && <Empty icon="people" title={t`Nobody fits`} />}
        <ul className={css["people"]}>
          {list.map((user) => (
            <li key={user.id}>
              <button type="button" className={css["row"]} onClick={() => openDialog({ kind: "account", user: user.id })}>
                <Avatar user={user} id={user.id} size={32} />
                <span className={css["main"]}>
                  <span className={css["name"]} dir="auto">{user.display_name}</span>
                  <span className={css["note"]}>{note(user)}</span>
                </span>
                <Icon name="next" size={16} />
              </button>
            </li>
          ))}
        </ul>
        {found.hasNextPage && <Button busy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}><Trans>Show more</Trans></Button>}
      </div>
    </Dialog>
  );
}
