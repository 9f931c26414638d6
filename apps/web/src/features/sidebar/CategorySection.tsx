import { useLingui } from "@lingui/react/macro";
import type { Category, Channel } from "~/api/types";
import { errorWords } from "~/i18n/problems";
import { saveCategories, shifted, withCollapsed, without } from "~/state/categories";
import { openDialog } from "~/state/ui";
import { toast } from "~/ui/Toasts";
import { Section } from "./Section";

/** One of my own groups of channels. */
export function CategorySection({ category, channels, active, first, last }: {
  category: Category;
  channels: Channel[];
  active: string | undefined;
  first: boolean;
  last: boolean;
}) {
  const { t } = useLingui();
  const { name } = category;
  const save = (change: (all: Category[]) => Category[]) => {
    saveCategories(change).catch((error: unknown) => toast(errorWords(error)));
  };
  return (
    <Section
      name={`category:${name}`}
      title={name}
      channels={channels}
      active={active}
      folding={{ folded: category.collapsed, change: (folded) => save((all) => withCollapsed(all, name, folded)) }}
      action={{ label: t`Change category ${name}`, icon: "more", items: [
        { label: t`Rename category`, icon: "pencil", onSelect: () => openDialog({ kind: "category", name, channel: null }) },
        !first && { label: t`Move up`, icon: "up", onSelect: () => save((all) => shifted(all, name, -1)) },
        !last && { label: t`Move down`, icon: "down", onSelect: () => save((all) => shifted(all, name, 1)) },
        { label: t`Delete category`, icon: "trash", danger: true, onSelect: () => save((all) => without(all, name)) },
      ] }}
    />
  );
}
