import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { messages } from "~/api/operations";
import css from "~/features/channel/Panes.module.css";
import { MessageCard } from "~/features/messages/MessageCard";
import { ThreadLink } from "~/features/messages/ThreadLink";
import { useWorkspace } from "~/state/workspace";
import { Empty, Spinner } from "~/ui/Empty";
import { Pane } from "~/ui/Pane";

/** The threads that I take part in, those with the latest replies first. */
export function ThreadsPane({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const queries = useQueryClient();
  const unread = useWorkspace((state) => state.threads);
  const threads = useQuery({ queryKey: ["threads"], queryFn: () => messages.threads() });
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: ["threads"] });
  }, [queries, unread]);
  return (
    <Pane title={t`Threads`} onClose={onClose}>
      <div className={css["scroll"]}>
        {threads.isPending && <Spinner label={t`Loading`} />}
        {threads.data?.items.length === 0 && (
          <Empty icon="thread" title={t`No threads yet`}><Trans>Threads that you begin, reply in or are mentioned in are listed here.</Trans></Empty>
        )}
        <ul className={css["cards"]}>
          {threads.data?.items.map(({ root }) => (
            <li key={root.id}>
              <MessageCard message={root} place />
              <ThreadLink message={root} />
            </li>
          ))}
        </ul>
      </div>
    </Pane>
  );
}
