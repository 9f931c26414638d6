import { Trans, useLingui } from "@lingui/react/macro";
import { useMemo } from "react";
import { needUsers } from "~/state/people";
import { openDialog, uiStore, useUi } from "~/state/ui";
import { useMe, useWorkspace } from "~/state/workspace";
import { Icon } from "~/ui/Icon";
import { CategorySection } from "./CategorySection";
import { currentSpace, sectionsOf } from "./order";
import { Section } from "./Section";
import css from "./Sidebar.module.css";
import { SpaceMenu } from "./SpaceMenu";
import { ThreadsLink } from "./ThreadsLink";
import { UserBar } from "./UserBar";

/** The conversations, the way between them, and who I am. */
export function Sidebar({ active }: { active: string | undefined }) {
  const { t } = useLingui();
  const me = useMe();
  const channels = useWorkspace((state) => state.channels);
  const users = useWorkspace((state) => state.users);
  const spaces = useWorkspace((state) => state.spaces);
  const categories = useWorkspace((state) => state.categories);
  const chosen = useUi((state) => state.space);
  const space = currentSpace(spaces, chosen);
  const sections = useMemo(() => sectionsOf(channels, users, me.id, space, categories), [channels, users, me.id, space, categories]);
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
        <ThreadsLink active={active} />
        {sections.favourites.length > 0 && (
          <Section name="favourites" title={t`Favourites`} channels={sections.favourites} active={active} />
        )}
        {sections.categories.map((entry, at) => (
          <CategorySection key={entry.category.name} {...entry} active={active} first={at === 0} last={at === sections.categories.length - 1} />
        ))}
        <Section
          name="channels"
          title={t`Channels`}
          channels={sections.channels}
          active={active}
          action={{ label: t`Add channels`, items: [
            { label: t`Browse channels`, icon: "hash", onSelect: () => openDialog({ kind: "browse" }) },
            { label: t`New channel`, icon: "plus", onSelect: () => openDialog({ kind: "new-channel" }) },
            { label: t`New category`, icon: "menu", onSelect: () => openDialog({ kind: "category", name: null, channel: null }) },
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
