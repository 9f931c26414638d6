import { useLingui } from "@lingui/react/macro";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { users } from "~/api/operations";
import type { Id, User } from "~/api/types";
import css from "~/features/channel/Forms.module.css";
import { errorWords } from "~/i18n/problems";
import { useMe } from "~/state/workspace";
import { Avatar } from "~/ui/Avatar";
import { Empty, Spinner } from "~/ui/Empty";
import { Field } from "~/ui/Field";
import { Icon } from "~/ui/Icon";

export type FindPeople = (q: string, signal: AbortSignal) => Promise<User[]>;

/** Everybody with an account that can be used. */
export const everybody: FindPeople = async (q, signal) => (await users.list({ q, limit: 30 }, signal)).items;

/** Chooses people by name. */
export function PeoplePicker({ label, chosen, onChange, most, autoFocus, from = "everybody", find = everybody, without }: {
  label: string;
  chosen: User[];
  onChange: (chosen: User[]) => void;
  most: number;
  autoFocus?: boolean;
  /** Names the people that `find` looks among. */
  from?: string;
  find?: FindPeople;
  /** People who are not offered. */
  without?: ReadonlySet<Id>;
}) {
  const { t } = useLingui();
  const me = useMe();
  const [filter, setFilter] = useState("");
  const q = useDeferredValue(filter.trim());
  const found = useQuery({
    queryKey: ["people", from, q],
    queryFn: ({ signal }) => find(q, signal),
    placeholderData: keepPreviousData,
  });
  const list = found.data?.filter((user) => user.id !== me.id && !user.disabled && !without?.has(user.id)) ?? [];
  const has = (user: User) => chosen.some((entry) => entry.id === user.id);
  const toggle = (user: User) => {
    onChange(has(user) ? chosen.filter((entry) => entry.id !== user.id) : [...chosen, user].slice(0, most));
    setFilter("");
  };
  return (
    <>
      <Field label={label} type="search" autoFocus={autoFocus} value={filter} onChange={(event) => setFilter(event.target.value)} />
      {chosen.length > 0 && (
        <div className={css["chips"]}>
          {chosen.map((user) => (
            <button key={user.id} type="button" className={css["chip"]} aria-label={t`Take ${user.display_name} out`} onClick={() => toggle(user)}>
              {user.display_name} <Icon name="close" size={14} />
            </button>
          ))}
        </div>
      )}
      <div className={css["list"]}>
        {found.isPending && <Spinner label={t`Loading`} />}
        {found.isError && <Empty icon="warning" title={errorWords(found.error)} />}
        {found.isSuccess && list.length === 0 && <Empty icon="people" title={!q && without ? t`Everybody is in already` : t`Nobody fits`} />}
        {list.map((user) => (
          <button key={user.id} type="button" className={css["row"]} aria-pressed={has(user)} onClick={() => toggle(user)}>
            <Avatar user={user} id={user.id} size={32} />
            <span className={css["main"]}>
              <span className={css["name"]} dir="auto">{user.display_name}</span>
              <span className={css["note"]}>@{user.name}</span>
            </span>
            {has(user) && <Icon name="check" />}
          </button>
        ))}
      </div>
    </>
  );
}
