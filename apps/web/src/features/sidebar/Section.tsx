import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import type { Channel } from "~/api/types";
import { readLocal, writeLocal } from "~/state/local";
import { IconButton } from "~/ui/Button";
import { Icon, type IconName } from "~/ui/Icon";
import { Menu, type MenuEntry } from "~/ui/Menu";
import { ChannelList } from "./ChannelList";
import css from "./Sidebar.module.css";

interface Action {
  label: string;
  icon?: IconName;
  act?: () => void;
  items?: MenuEntry[];
}

/** A group of conversations that can be folded; folded, it still shows what is unread. */
export function Section({ name, title, channels, active, action, folding }: {
  name: string;
  title: string;
  channels: Channel[];
  active: string | undefined;
  action?: Action;
  /** Whether it is folded, when that is not this device's own matter. */
  folding?: { folded: boolean; change: (folded: boolean) => void };
}) {
  const { t } = useLingui();
  const key = `folded:${name}`;
  const [foldedHere, setFolded] = useState(() => readLocal<boolean>(key) ?? false);
  const folded = folding?.folded ?? foldedHere;
  const fold = () => {
    if (folding) return folding.change(!folded);
    setFolded(!folded);
    writeLocal(key, !folded);
  };
  const shown = folded ? channels.filter((channel) => channel.id === active || (channel.membership?.unread ?? 0) + (channel.membership?.mentions ?? 0) > 0) : channels;
  return (
    <section className={css["section"]}>
      <div className={css["sectionHead"]} onClick={(event) => event.stopPropagation()}>
        <h2>
          <button type="button" className={css["fold"]} aria-expanded={!folded} onClick={fold}>
            <span className={css["chevron"]} data-folded={folded}><Icon name="chevron" size={14} /></span>
            {title}
          </button>
        </h2>
        {action?.act && <IconButton icon="plus" size={16} label={action.label} className={css["add"]} onClick={action.act} />}
        {action?.items && (
          <Menu align="start" trigger={<IconButton icon={action.icon ?? "plus"} size={16} label={action.label} className={css["add"]} />} items={() => action.items ?? []} />
        )}
      </div>
      {shown.length > 0 && <ChannelList title={title} channels={shown} active={active} />}
      {channels.length === 0 && <p className={css["none"]}>{t`Nothing here yet`}</p>}
    </section>
  );
}
