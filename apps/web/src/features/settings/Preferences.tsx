import { useLingui } from "@lingui/react/macro";
import { useId, useState, type KeyboardEvent } from "react";
import { Dialog } from "~/ui/Dialog";
import { Appearance } from "./Appearance";
import css from "./Preferences.module.css";
import { Profile } from "./Profile";
import { Security } from "./Security";

/** Everything that concerns only me. */
export function Preferences({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const id = useId();
  const [tab, setTab] = useState(0);
  const tabs = [
    { title: t`Profile`, content: <Profile /> },
    { title: t`Appearance and language`, content: <Appearance /> },
    { title: t`Password and sessions`, content: <Security /> },
  ];
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const step = event.key === "ArrowDown" || event.key === "ArrowRight" ? 1 : event.key === "ArrowUp" || event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = (tab + step + tabs.length) % tabs.length;
    setTab(next);
    document.getElementById(`${id}-tab-${next}`)?.focus();
  };
  return (
    <Dialog open onClose={onClose} title={t`Preferences`} size="large">
      <div className={css["split"]}>
        <div role="tablist" aria-orientation="vertical" aria-label={t`Preferences`} className={css["tabs"]} onKeyDown={onKeyDown}>
          {tabs.map(({ title }, index) => (
            <button key={title} id={`${id}-tab-${index}`} type="button" role="tab" aria-selected={tab === index} aria-controls={`${id}-panel`} tabIndex={tab === index ? 0 : -1} className={css["tab"]} onClick={() => setTab(index)}>
              {title}
            </button>
          ))}
        </div>
        <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-tab-${tab}`} className={css["panel"]}>
          {tabs[tab]?.content}
        </div>
      </div>
    </Dialog>
  );
}
