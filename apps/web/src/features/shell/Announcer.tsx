import { useLingui } from "@lingui/react/macro";
import { useAnnouncement } from "~/state/announcer";
import { useWorkspace } from "~/state/workspace";

/** Reads new messages of the open conversation out, politely. */
export function Announcer() {
  const { t } = useLingui();
  const message = useAnnouncement();
  const author = useWorkspace((state) => (message ? state.users[message.author_id]?.display_name : undefined));
  const text = message?.text.slice(0, 200);
  return (
    <div className="visually-hidden" aria-live="polite" aria-atomic="true">
      {message && author && text && message.kind === "text" ? t`${author}: ${text}` : ""}
    </div>
  );
}
