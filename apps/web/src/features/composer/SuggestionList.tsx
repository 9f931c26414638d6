import { useLingui } from "@lingui/react/macro";
import { Avatar } from "~/ui/Avatar";
import { Icon } from "~/ui/Icon";
import css from "./SuggestionList.module.css";
import type { Suggestion } from "./useSuggestions";

/** The suggestions above the composer. The cursor stays in the text; the choice is told to screen readers by its id. */
export function SuggestionList({ id, suggestions, active, onPick, onPoint }: {
  id: string;
  suggestions: Suggestion[];
  active: number;
  onPick: (suggestion: Suggestion) => void;
  onPoint: (index: number) => void;
}) {
  const { t } = useLingui();
  return (
    <ul id={id} className={css["list"]} role="listbox" aria-label={t`Suggestions`}>
      {suggestions.map((suggestion, index) => (
        <li
          key={suggestion.key}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === active}
          className={css["option"]}
          onPointerMove={() => onPoint(index)}
          onPointerDown={(event) => {
            event.preventDefault();
            onPick(suggestion);
          }}
        >
          {suggestion.emoji ? (
            <span className={css["emoji"]} aria-hidden="true">{suggestion.emoji}</span>
          ) : suggestion.user ? (
            <Avatar user={suggestion.user} id={suggestion.key} size={22} />
          ) : (
            <span className={css["emoji"]}><Icon name="people" size={16} /></span>
          )}
          <span className={css["title"]} dir="auto">{suggestion.title}</span>
          <span className={css["note"]}>{suggestion.note}</span>
        </li>
      ))}
    </ul>
  );
}
