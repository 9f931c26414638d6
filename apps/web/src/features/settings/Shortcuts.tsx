import { useLingui } from "@lingui/react/macro";
import { Dialog } from "~/ui/Dialog";
import css from "./Shortcuts.module.css";

export function Shortcuts({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const groups: [string, [string[], string][]][] = [
    [t`Everywhere`, [
      [[t`Ctrl`, "K"], t`Jump to a conversation`],
      [[t`Ctrl`, t`Shift`, "F"], t`Search messages`],
      [[t`Alt`, "↑"], t`Conversation above`],
      [[t`Alt`, "↓"], t`Conversation below`],
      [[t`Alt`, t`Shift`, "↓"], t`Next unread conversation`],
      [[t`Ctrl`, ","], t`Preferences`],
      [[t`Ctrl`, "/"], t`This list`],
    ]],
    [t`Writing`, [
      [[t`Enter`], t`Send`],
      [[t`Shift`, t`Enter`], t`New line`],
      [["↑"], t`Edit your last message (when the field is empty)`],
      [["@"], t`Mention somebody`],
      [[":"], t`Emoji by name`],
    ]],
    [t`On a message`, [
      [["↑", "↓"], t`Message above, below`],
      [["T"], t`Open its thread`],
      [["E"], t`Edit`],
      [["P"], t`Pin or unpin`],
      [[t`Del`], t`Delete`],
      [[t`Esc`], t`Close the pane or dialog`],
    ]],
  ];
  return (
    <Dialog open onClose={onClose} title={t`Keyboard shortcuts`} size="large">
      <div className={css["groups"]}>
        {groups.map(([title, rows]) => (
          <section key={title}>
            <h3 className={css["title"]}>{title}</h3>
            <dl className={css["rows"]}>
              {rows.map(([keys, meaning]) => (
                <div key={meaning} className={css["row"]}>
                  <dt>{meaning}</dt>
                  <dd>{keys.map((key) => <kbd key={key} className={css["key"]}>{key}</kbd>)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
