import * as Popover from "@radix-ui/react-popover";
import { useLingui } from "@lingui/react/macro";
import { useState, type RefObject } from "react";
import { COMMON, findEmoji } from "~/features/composer/emoji";
import css from "./ReactionPicker.module.css";

/** The open choice of emoji, to be narrowed by name. */
export function ReactionSurface({ anchor, onPick, onClose }: {
  anchor: RefObject<HTMLButtonElement | null>;
  onPick: (emoji: string) => void;
  onClose: () => void;
}) {
  const { t } = useLingui();
  const [query, setQuery] = useState("");
  const shown = query ? findEmoji(query, 40) : COMMON;
  return (
    <Popover.Root open onOpenChange={(open) => !open && onClose()}>
      <Popover.Anchor virtualRef={anchor as RefObject<HTMLButtonElement>} />
      <Popover.Portal>
        <Popover.Content
          className={css["picker"]}
          align="end"
          sideOffset={6}
          collisionPadding={8}
          aria-label={t`Add a reaction`}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            anchor.current?.focus();
          }}
          onInteractOutside={(event) => {
            // The button closes it by itself.
            if (anchor.current?.contains(event.target as Node)) event.preventDefault();
          }}
        >
          <input
            className={css["search"]}
            aria-label={t`Find an emoji`}
            placeholder={t`Find an emoji`}
            value={query}
            onChange={(event) => setQuery(event.target.value)}
            onKeyDown={(event) => {
              const first = shown[0];
              if (event.key === "Enter" && query && first) onPick(first.emoji);
            }}
          />
          <div className={css["grid"]}>
            {shown.map(({ emoji, name }) => (
              <button key={name} type="button" className={css["emoji"]} aria-label={name.replaceAll("_", " ")} title={`:${name}:`} onClick={() => onPick(emoji)}>
                {emoji}
              </button>
            ))}
          </div>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
