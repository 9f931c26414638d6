import { useLingui } from "@lingui/react/macro";
import { needUsers } from "~/state/people";
import { useWorkspace, type Typing } from "~/state/workspace";
import css from "./TypingLine.module.css";

const nobody: Typing[] = [];

/** Who is writing just now; keeps its place when nobody is, so that nothing jumps. */
export function TypingLine({ channelId, threadId }: { channelId: string; threadId: string | null }) {
  const { t } = useLingui();
  const typing = useWorkspace((state) => state.typing[threadId ? `${channelId}/${threadId}` : channelId] ?? nobody);
  const users = useWorkspace((state) => state.users);
  if (typing.length > 0) needUsers(typing.map((entry) => entry.user_id));
  const names = typing.map((entry) => users[entry.user_id]?.display_name).filter((name) => name !== undefined);
  const [first, second] = names;
  let text = "";
  if (names.length === 1) text = t`${first ?? ""} is typing…`;
  else if (names.length === 2) text = t`${first ?? ""} and ${second ?? ""} are typing…`;
  else if (names.length > 2) text = t`Several people are typing…`;
  return (
    <p className={css["line"]} aria-live="off">
      {text && <span className={css["dots"]} aria-hidden="true"><i /><i /><i /></span>}
      {text}
    </p>
  );
}
