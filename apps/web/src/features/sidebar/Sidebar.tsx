import { Trans, useLingui } from "@lingui/react/macro";
import { useMemo } from "react";
import { needUsers } from "~/state/people";
import { openDialog, uiStore, useUi } from "~/state/ui";
import { useMe, useWorkspace } from "~/state/workspace";
import { Icon } from "~/ui/Icon";
import { currentSpace, sectionsOf } from "./order";
import { Section } from "./Section";
import css from "./Sidebar.module.css";
import { SpaceMenu } from "./SpaceMenu";
import { UserBar } from "./UserBar";

/** The conversations, the way between them, and who I am. */
export function Sidebar({ active }: { active: string | undefined }) {
  const { t } = useLingui();
  const me = useMe();
  const channels = useWorkspace((state) => state.channels);
  const users = useWorkspace((state) => state.users);
  const spaces = useWorkspace((state) => state.spaces);
  const chosen = useUi((state) => state.space);
  const space = currentSpace(spaces, chosen);
  const sections = useMemo(() => sectionsOf(channels, users, me.id, space), [channels, users, me.id, space]);
  useMemo(() => needUsers(sections.directs.flatMap((channel) => channel.user_ids)), [sections]);

  return (
    <div className={css["sidebar"]}>
      <header className={css["head"]}>
        <SpaceMenu space={space} />
      </header>
      <div className={css["tools"]}>
        <button type="button" className={css["jump"]} onClick={() => openDialog({ kind: "switcher" })}>
          <Icon name="search" size={16} />
          <span><Trans>Jump to…</Trans></span>
          <kbd>{t`Ctrl K`}</kbd>
        </button>
      </div>
      <nav className={css["lists"]} data-scroller="" aria-label={t`Conversations`} onClick={() => uiStore.set({ drawer: false })}>
        {sections.favourites.length > 0 && (
          <Section name="favourites" title={t`Favourites`} channels={sections.favourites} active={active} />
        )}
        <Section
          name="channels"
          title={t`Channels`}
          channels={sections.channels}
          active={active}
          action={{ label: t`Add channels`, items: [
            { label: t`Browse channels`, icon: "hash", onSelect: () => openDialog({ kind: "browse" }) },
            { label: t`New channel`, icon: "plus", onSelect: () => openDialog({ kind: "new-channel" }) },
          ] }}
        />
        <Section
          name="directs"
          title={t`Direct messages`}
          channels={sections.directs}
          active={active}
          action={{ label: t`Message somebody`, act: () => openDialog({ kind: "new-direct" }) }}
        />
      </nav>
      <UserBar />
    </div>
  );
}
