import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { admin } from "~/api/admin";
import type { Part } from "~/api/types";
import { numberOf } from "~/i18n/format";
import { errorWords } from "~/i18n/problems";
import { cx } from "~/ui/classes";
import { ConfirmButton } from "~/ui/ConfirmButton";
import { toast } from "~/ui/Toasts";
import { Awaited, Lead, Page } from "./Page";
import css from "./Supervisor.module.css";
import { Action, Cell, Row, Table, type Column } from "./Table";
import { spanOf } from "./units";
import { useParts } from "./useParts";

const ROOT = "server";

/** The tree of the server's tasks, as it is now. */
export function Supervisor() {
  const { t } = useLingui();
  const parts = useParts();
  return (
    <Page title={t`Supervision`}>
      <Lead><Trans>What the server is made of. A part that fails or hangs is started again by itself.</Trans></Lead>
      <Awaited of={parts}>{({ items }) => <Tree parts={items} />}</Awaited>
    </Page>
  );
}

function Tree({ parts }: { parts: Part[] }) {
  const { t } = useLingui();
  const columns: Column[] = [
    { name: t`Part` },
    { name: t`State` },
    { name: t`For` },
    { name: t`Restarts`, number: true },
    { name: t`Hung`, number: true },
    { name: t`Last failure` },
    { name: t`What can be done`, unsaid: true },
  ];
  return (
    <Table label={t`Parts of the server`} columns={columns}>
      {parts.map((part) => <PartRow key={part.path} part={part} columns={columns} />)}
    </Table>
  );
}

function PartRow({ part, columns }: { part: Part; columns: Column[] }) {
  const { t } = useLingui();
  const states = useStates();
  const queries = useQueryClient();
  const restart = useMutation({
    mutationFn: () => admin.restart(part.path),
    onSuccess: () => toast(t`${part.path} is started anew`),
    onError: (error) => toast(errorWords(error)),
    onSettled: () => queries.invalidateQueries({ queryKey: ["admin", "parts"] }),
  });
  const root = part.path === ROOT;
  const depth = root ? 0 : part.path.split("/").length;
  const name = part.path.split("/").at(-1);
  const wait = part.starts_in_ms;
  const inTrouble = part.state === "backoff" || part.state === "stuck";
  const title = (
    <span className={css["part"]} data-depth={depth}>
      {depth > 1 && <span className={css["above"]}>{part.path.slice(0, -(name?.length ?? 0))}</span>}
      <span className={cx(part.kind === "supervisor" && css["group"])}>{name}</span>
    </span>
  );
  return (
    <Row name={part.path} title={title}>
      <Cell of={columns[1]}>
        <span className={cx(css["state"], css[part.state], inTrouble && css["trouble"])}>{states[part.state]}</span>
        {wait != null && <span className={css["wait"]}> <Trans>starts in {spanOf(Math.ceil(wait / 1000))}</Trans></span>}
      </Cell>
      <Cell of={columns[2]} className={css["span"]}>{spanOf(part.in_state_ms / 1000)}</Cell>
      <Cell of={columns[3]}>{numberOf(part.restarts)}</Cell>
      <Cell of={columns[4]}>{numberOf(part.hung)}</Cell>
      <Cell of={columns[5]} wide empty={!part.last_failure} className={css["failure"]}>
        {part.last_failure ?? <span className={css["none"]}><span aria-hidden="true">–</span><span className="visually-hidden">{t`none`}</span></span>}
      </Cell>
      <Action>
        {!root && (
          <ConfirmButton icon="retry" question={t`Really restart?`} aria-label={t`Restart ${part.path}`} busy={restart.isPending} onConfirm={() => restart.mutate()}><Trans>Restart</Trans></ConfirmButton>
        )}
      </Action>
    </Row>
  );
}

function useStates(): Record<Part["state"], string> {
  const { t } = useLingui();
  return {
    waiting: t`Waits for others`,
    starting: t`Starting`,
    running: t`Running`,
    stopping: t`Stopping`,
    backoff: t`Failed`,
    ended: t`Ended`,
    stuck: t`Stuck`,
  };
}
