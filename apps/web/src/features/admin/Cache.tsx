import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { admin } from "~/api/admin";
import type { Remembered } from "~/api/types";
import { numberOf } from "~/i18n/format";
import { errorWords } from "~/i18n/problems";
import { cx } from "~/ui/classes";
import { ConfirmButton } from "~/ui/ConfirmButton";
import { Empty } from "~/ui/Empty";
import { toast } from "~/ui/Toasts";
import css from "./Cache.module.css";
import { Awaited, Lead, Page } from "./Page";
import { hitShare } from "./rates";
import { Action, Cell, Row, Table, type Column } from "./Table";
import { shareOf, sizeOf } from "./units";

const EVERY = 5_000;

/** What the server remembers in memory, by kind, and what that saves. */
export function Cache() {
  const { t } = useLingui();
  const kinds = useQuery({ queryKey: ["admin", "cache"], queryFn: ({ signal }) => admin.remembered(signal), refetchInterval: EVERY });
  return (
    <Page title={t`Cache`} tools={<Forget />}>
      <Lead><Trans>What the server remembers in memory, so that it need not be read again. What is forgotten is read again when it is needed.</Trans></Lead>
      <Awaited of={kinds}>
        {({ items }) => (items.length === 0 ? <Empty icon="archive" title={t`Nothing is remembered`} /> : <Kinds kinds={items} />)}
      </Awaited>
    </Page>
  );
}

function Kinds({ kinds }: { kinds: Remembered[] }) {
  const { t } = useLingui();
  const columns: Column[] = [
    { name: t`Kind` },
    { name: t`From memory`, number: true },
    { name: t`Values`, number: true },
    { name: t`Memory`, number: true },
    { name: t`Pushed out`, number: true },
    { name: t`Forged`, number: true },
    { name: t`What can be done`, unsaid: true },
  ];
  return (
    <Table label={t`What is remembered`} columns={columns}>
      {kinds.map((kind) => <Kind key={kind.name} kind={kind} columns={columns} />)}
    </Table>
  );
}

function Kind({ kind, columns }: { kind: Remembered; columns: Column[] }) {
  const { t } = useLingui();
  const share = hitShare(kind);
  const levels: Record<string, string> = { PUBLIC: t`open`, INTERNAL: t`sealed`, CONFIDENTIAL: t`sealed, confidential`, SECRET: t`sealed, secret`, TOP_SECRET: t`sealed, top secret` };
  return (
    <Row name={kind.name} title={<><span>{kind.name}</span> <span className={css["level"]}>{levels[kind.level] ?? kind.level}</span></>}>
      <Cell of={columns[1]}>{share === undefined ? t`not asked yet` : shareOf(share)}</Cell>
      <Cell of={columns[2]}>{numberOf(kind.entries)}</Cell>
      <Cell of={columns[3]}><Trans>{sizeOf(kind.bytes)} of {sizeOf(kind.max_bytes)}</Trans></Cell>
      <Cell of={columns[4]}>{numberOf(kind.evictions)}</Cell>
      <Cell of={columns[5]} className={cx(kind.forged > 0 && css["forged"])}>{numberOf(kind.forged)}</Cell>
      <Action><Forget kind={kind.name} /></Action>
    </Row>
  );
}

/** Has one kind forgotten, or all. */
function Forget({ kind }: { kind?: string }) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const forget = useMutation({
    mutationFn: () => admin.forget(kind),
    onSuccess: () => toast(kind ? t`${kind} is forgotten` : t`Everything is forgotten`),
    onError: (error) => toast(errorWords(error)),
    onSettled: () => queries.invalidateQueries({ queryKey: ["admin", "cache"] }),
  });
  return (
    <ConfirmButton icon="trash" question={t`Really forget?`} aria-label={kind && t`Forget ${kind}`} busy={forget.isPending} onConfirm={() => forget.mutate()}>
      {kind ? <Trans>Forget</Trans> : <Trans>Forget all</Trans>}
    </ConfirmButton>
  );
}
