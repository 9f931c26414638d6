import { useLingui } from "@lingui/react/macro";
import type { Message, Reaction } from "~/api/types";
import { emojiOf } from "~/features/composer/emoji";
import { needUsers } from "~/state/people";
import { useWorkspace } from "~/state/workspace";
import { Tip } from "~/ui/Tip";
import css from "./Reactions.module.css";

export function Reactions({ message, enabled, onToggle }: { message: Message; enabled: boolean; onToggle: (emoji: string) => void }) {
  const { t } = useLingui();
  return (
    <div className={css["list"]} role="group" aria-label={t`Reactions`}>
      {message.reactions.map((reaction) => (
        <ReactionChip key={reaction.emoji} reaction={reaction} enabled={enabled} onToggle={onToggle} />
      ))}
    </div>
  );
}

function ReactionChip({ reaction, enabled, onToggle }: { reaction: Reaction; enabled: boolean; onToggle: (emoji: string) => void }) {
  const { t } = useLingui();
  const names = useWorkspace((state) =>
    reaction.user_ids.slice(0, 8).map((id) => state.users[id]?.display_name ?? "…").join(", "),
  );
  const { emoji, count } = reaction;
  const shown = emojiOf(emoji);
  const more = count - Math.min(8, reaction.user_ids.length);
  const who = more > 0 ? t`${names} and ${more} more` : names;
  return (
    <Tip label={who}>
      <button
        type="button"
        className={css["chip"]}
        aria-pressed={reaction.me}
        aria-label={t`${shown}, ${count}: ${who}`}
        disabled={!enabled}
        onPointerEnter={() => needUsers(reaction.user_ids)}
        onFocus={() => needUsers(reaction.user_ids)}
        onClick={() => onToggle(emoji)}
      >
        <span aria-hidden="true">{shown}</span>
        <span className={css["count"]} aria-hidden="true">{count}</span>
      </button>
    </Tip>
  );
}
