import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { admin } from "~/api/admin";
import type { Part } from "~/api/types";
import { numberOf } from "~/i18n/format";
import { errorWords } from "~/i18n/problems";
import { cx } from "~/ui/classes";
import { ConfirmButton } from "~/ui/ConfirmButton";
import { toast } from "~/ui/Toasts";
import { Awaited, Page } from "./Page";
import css from "./Supervisor.module.css";
import { spanOf } from "./units";
import { useParts } from "./useParts";

const ROOT = "server";

/** The tree of the server's tasks, as it is now. */
export function Supervisor() {
  const { t } = useLingui();
  const parts = useParts();
  return (
    <Page title={t`Supervision`}>
      <p className={css["text"]}><Trans>What the server is made of. A part that fails or hangs is started again by itself.</Trans></p>
      <Awaited of={parts}>{({ items }) => <Tree parts={items} />}</Awaited>
    </Page>
  );
}

/** A table also where it is shown as a list of cards: the roles are said, because another `display` takes them away. */
function Tree({ parts }: { parts: Part[] }) {
  const { t } = useLingui();
  const heads = [t`Part`, t`State`, t`For`, t`Restarts`, t`Hung`, t`Last failure`, t`What can be done`];
  const hidden = heads.length - 1;
  return (
    <table className={css["tree"]} role="table" aria-label={t`Parts of the server`}>
      <thead role="rowgroup" className={css["heads"]}>
        <tr role="row">
          {heads.map((name, index) => (
            <th key={name} role="columnheader" scope="col" className={cx(index > 2 && index < 5 && css["number"])}>
              {index === hidden ? <span className="visually-hidden">{name}</span> : name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {parts.map((part) => <Row key={part.path} part={part} heads={heads} />)}
      </tbody>
    </table>
  );
}

function Row({ part, heads }: { part: Part; heads: string[] }) {
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
  return (
    <tr role="row" data-part={part.path} className={css["row"]}>
      <th role="rowheader" scope="row" className={css["part"]} data-depth={depth}>
        {depth > 1 && <span className={css["above"]}>{part.path.slice(0, -(name?.length ?? 0))}</span>}
        <span className={cx(part.kind === "supervisor" && css["group"])}>{name}</span>
      </th>
      <td role="cell" data-head={heads[1]}>
        <span className={cx(css["state"], css[part.state], inTrouble && css["trouble"])}>{states[part.state]}</span>
        {wait != null && <span className={css["wait"]}> <Trans>starts in {spanOf(Math.ceil(wait / 1000))}</Trans></span>}
      </td>
      <td role="cell" data-head={heads[2]} className={css["span"]}>{spanOf(part.in_state_ms / 1000)}</td>
      <td role="cell" data-head={heads[3]} className={css["number"]}>{numberOf(part.restarts)}</td>
      <td role="cell" data-head={heads[4]} className={css["number"]}>{numberOf(part.hung)}</td>
      <td role="cell" data-head={heads[5]} className={cx(css["failure"], !part.last_failure && css["never"])}>{part.last_failure ?? <span className={css["none"]}><span aria-hidden="true">–</span><span className="visually-hidden">{t`none`}</span></span>}</td>
      <td role="cell" className={css["action"]}>
        {!root && (
          <ConfirmButton icon="retry" question={t`Really restart?`} aria-label={t`Restart ${part.path}`} busy={restart.isPending} onConfirm={() => restart.mutate()}><Trans>Restart</Trans></ConfirmButton>
        )}
      </td>
    </tr>
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
