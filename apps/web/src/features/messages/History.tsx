import { useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { messages } from "~/api/operations";
import type { Message } from "~/api/types";
import { shortDateTimeOf } from "~/i18n/format";
import { errorWords } from "~/i18n/problems";
import { Dialog } from "~/ui/Dialog";
import { Spinner } from "~/ui/Empty";
import { FormError } from "~/ui/Field";
import css from "./MessageDialogs.module.css";

/** What a message said before it was edited. */
export function History({ message, onClose }: { message: Message; onClose: () => void }) {
  const { t } = useLingui();
  const history = useQuery({ queryKey: ["history", message.id, message.edited_at], queryFn: () => messages.history(message.id) });
  return (
    <Dialog open onClose={onClose} title={t`Earlier versions`} size="medium">
      {history.isPending && <Spinner label={t`Loading`} />}
      {history.isError && <FormError>{errorWords(history.error)}</FormError>}
      <ol className={css["versions"]}>
        {history.data?.items.map((version) => {
          const when = shortDateTimeOf(version.at);
          return (
            <li key={version.at}>
              <p className={css["when"]}>{t`until ${when}`}</p>
              <blockquote className={css["quote"]} dir="auto">{version.text}</blockquote>
            </li>
          );
        })}
      </ol>
    </Dialog>
  );
}
