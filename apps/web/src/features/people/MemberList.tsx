import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { keepPreviousData, useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import type { Id, Member, Page, User } from "~/api/types";
import css from "~/features/channel/Forms.module.css";
import { errorWords } from "~/i18n/problems";
import { useMe } from "~/state/workspace";
import { Avatar } from "~/ui/Avatar";
import { Button } from "~/ui/Button";
import { ConfirmButton } from "~/ui/ConfirmButton";
import { Empty, Spinner } from "~/ui/Empty";
import { Field } from "~/ui/Field";
import { toast } from "~/ui/Toasts";
import { PeoplePicker, type FindPeople } from "./PeoplePicker";
import { RoleChoice } from "./RoleChoice";
import { useRoleName } from "./useRoleName";

const MOST_AT_ONCE = 20;
/** With fewer there is nothing to search for. */
const WORTH_SEARCHING = 10;

/** The people of a space or of a channel, and how they are changed. */
export interface Membership {
  scope: "space" | "channel";
  id: Id;
  list: (query: { q?: string; cursor?: string; limit?: number }) => Promise<Page<Member>>;
  set: (user: Id, role: string) => Promise<Member>;
  remove: (user: Id) => Promise<void>;
  /** Who can be added; everybody when absent. */
  find?: FindPeople;
}

/** Who is in a space or channel; those who may, add people, change roles and remove. */
export function MemberList({ of, manage, addLabel }: { of: Membership; manage: boolean; addLabel: string }) {
  const { t } = useLingui();
  const me = useMe();
  const queries = useQueryClient();
  const roleName = useRoleName();
  const [filter, setFilter] = useState("");
  const q = useDeferredValue(filter.trim());
  const key = ["members", of.id];
  const members = useInfiniteQuery({
    queryKey: [...key, "settings", q],
    queryFn: ({ pageParam }) => of.list({ q, ...(pageParam ? { cursor: pageParam } : {}) }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const list = members.data?.pages.flatMap((page) => page.items) ?? [];
  const onError = (error: unknown) => toast(errorWords(error));
  const onSettled = () => queries.invalidateQueries({ queryKey: key });
  const change = useMutation({ mutationFn: ({ user, role }: { user: Id; role: string }) => of.set(user, role), onError, onSettled, onSuccess: () => toast(t`Saved`) });
  const remove = useMutation({ mutationFn: of.remove, onError, onSettled });
  const searchable = members.hasNextPage || list.length >= WORTH_SEARCHING || filter !== "";
  return (
    <section className={css["section"]}>
      <h3><Trans>Members</Trans></h3>
      {manage && <AddPeople of={of} known={new Set(list.map(({ user }) => user.id))} label={addLabel} onAdded={onSettled} />}
      {searchable && <Field label={t`Find a member`} type="search" value={filter} onChange={(event) => setFilter(event.target.value)} />}
      {members.isPending && <Spinner label={t`Loading`} />}
      {members.isError && <p>{errorWords(members.error)}</p>}
      {members.isSuccess && list.length === 0 && <Empty icon="people" title={t`Nobody fits`} />}
      <ul className={css["people"]}>
        {list.map(({ user, role }) => (
          <li key={user.id} className={css["member"]}>
            <Avatar user={user} id={user.id} size={32} />
            <div className={css["main"]}>
              <span className={css["name"]} dir="auto">{user.display_name}</span>
              <span className={css["note"]}>@{user.name}</span>
            </div>
            {manage && user.id !== me.id ? (
              <div className={css["controls"]}>
                <RoleChoice scope={of.scope} name={user.display_name} role={role} disabled={change.isPending} onChange={(next) => change.mutate({ user: user.id, role: next })} />
                <ConfirmButton className={css["small"]} question={t`Really remove?`} aria-label={t`Remove ${user.display_name}`} disabled={remove.isPending} onConfirm={() => remove.mutate(user.id)}>
                  <Trans>Remove</Trans>
                </ConfirmButton>
              </div>
            ) : (
              <span className={css["note"]}>{roleName(role)}</span>
            )}
          </li>
        ))}
      </ul>
      {members.hasNextPage && <Button busy={members.isFetchingNextPage} onClick={() => void members.fetchNextPage()}><Trans>Show more</Trans></Button>}
    </section>
  );
}

function AddPeople({ of, known, label, onAdded }: { of: Membership; known: ReadonlySet<Id>; label: string; onAdded: () => void }) {
  const { t } = useLingui();
  const [chosen, setChosen] = useState<User[]>([]);
  const [open, setOpen] = useState(false);
  const add = useMutation({
    mutationFn: async () => {
      for (const user of chosen) {
        // Who is in already keeps the role they have.
        const namesakes = await of.list({ q: user.name, limit: 200 });
        if (!namesakes.items.some((member) => member.user.id === user.id)) await of.set(user.id, "member");
      }
    },
    onSuccess: () => {
      setChosen([]);
      setOpen(false);
    },
    onError: (error) => toast(errorWords(error)),
    onSettled: onAdded,
  });
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary><Trans>Add people</Trans></summary>
      {open && <PeoplePicker label={t`Find people`} chosen={chosen} onChange={setChosen} most={MOST_AT_ONCE} without={known} from={of.find ? of.id : "everybody"} {...(of.find ? { find: of.find } : {})} />}
      <Button tone="primary" busy={add.isPending} disabled={chosen.length === 0} onClick={() => add.mutate()}>
        {chosen.length > 1 ? <Plural value={chosen.length} one="Add # person" other="Add # people" /> : label}
      </Button>
    </details>
  );
}
