import { plural } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { workspace } from "~/api/operations";
import type { Channel, SearchHit } from "~/api/types";
import { MessageCard } from "~/features/messages/MessageCard";
import { errorWords } from "~/i18n/problems";
import { needUsers } from "~/state/people";
import { Button } from "~/ui/Button";
import { Empty, Spinner } from "~/ui/Empty";
import { Pane } from "~/ui/Pane";
import { excerpt } from "./excerpt";
import css from "./SearchPane.module.css";
import { SearchHelp } from "./SearchHelp";

/** Finds messages everywhere or in this conversation. */
export function SearchPane({ channel, query, onClose }: { channel: Channel; query: string; onClose: () => void }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const [text, setText] = useState(query);
  const [here, setHere] = useState(false);
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => box.current?.focus(), []);
  useEffect(() => setText(query), [query]);

  const found = useInfiniteQuery({
    queryKey: ["search", query, here ? channel.id : ""],
    queryFn: ({ pageParam, signal }) =>
      workspace.search({ q: query, ...(here ? { channel_id: channel.id } : {}), ...(pageParam ? { cursor: pageParam } : {}) }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    enabled: query.trim() !== "",
    staleTime: 30_000,
  });
  const hits = found.data?.pages.flatMap((page) => page.items) ?? [];
  useEffect(() => needUsers(found.data?.pages.flatMap((page) => page.items.map((hit) => hit.message.author_id)) ?? []), [found.data]);

  const ask = (q: string) => void navigate({ to: "/c/$channelId", params: { channelId: channel.id }, search: { pane: "search", ...(q ? { q } : {}) } });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask(text.trim());
  };
  return (
    <Pane title={t`Search`} onClose={onClose}>
      <form role="search" className={css["form"]} onSubmit={submit}>
        <input ref={box} className={css["box"]} type="search" aria-label={t`Search messages`} placeholder={t`Search messages`} value={text} onChange={(event) => setText(event.target.value)} />
        <label className={css["here"]}>
          <input type="checkbox" checked={here} onChange={(event) => setHere(event.target.checked)} />
          <Trans>Only in this conversation</Trans>
        </label>
      </form>
      <div className={css["results"]}>
        <p className="visually-hidden" role="status">
          {found.isSuccess && (hits.length === 0 ? t`Nothing found` : plural(hits.length, { one: "# message found", other: "# messages found" }))}
        </p>
        {!query && <SearchHelp onPick={(operator) => { setText((before) => `${before}${before && !before.endsWith(" ") ? " " : ""}${operator}`); box.current?.focus(); }} />}
        {query && found.isPending && <Spinner label={t`Searching`} />}
        {found.isError && <Empty icon="warning" title={t`That search did not work`}>{errorWords(found.error)}</Empty>}
        {found.isSuccess && hits.length === 0 && <Empty icon="search" title={t`Nothing found`}><Trans>Try fewer or other words. Parts of words are found, too.</Trans></Empty>}
        <ul className={css["hits"]}>
          {hits.map((hit) => <li key={hit.message.id}><Hit hit={hit} query={query} /></li>)}
        </ul>
        {found.hasNextPage && (
          <div className={css["more"]}><Button busy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}><Trans>Show more</Trans></Button></div>
        )}
      </div>
    </Pane>
  );
}

function Hit({ hit, query }: { hit: SearchHit; query: string }) {
  return (
    <MessageCard message={hit.message} place keep={{ pane: "search", q: query }}>
      {excerpt(hit.message.text, hit.highlights).map((part, index) => (part.marked ? <mark key={index}>{part.text}</mark> : <span key={index}>{part.text}</span>))}
    </MessageCard>
  );
}
