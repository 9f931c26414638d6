import * as Radix from "@radix-ui/react-dialog";
import { useLingui } from "@lingui/react/macro";
import type { ReactNode } from "react";
import { returnFocus } from "~/state/ui";
import { IconButton } from "./Button";
import { cx } from "./classes";
import css from "./Dialog.module.css";

interface Props {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  size?: "small" | "medium" | "large";
  /** Leaves out the visible head; the title is still read out. */
  bare?: boolean;
  children: ReactNode;
}

/**
 * A modal dialog. The library's own overlay writes a style element, which the content security policy refuses; the veil here is
 * a plain element.
 */
export function Dialog({ open, onClose, title, description, size = "small", bare, children }: Props) {
  const { t } = useLingui();
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <div className={css["veil"]} aria-hidden="true" />
        <Radix.Content
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            returnFocus();
          }}
          className={cx(css["dialog"], css[size], bare && css["bare"])}
          {...(description ? {} : { "aria-describedby": undefined })}
        >
          {bare ? (
            <Radix.Title className="visually-hidden">{title}</Radix.Title>
          ) : (
            <header className={css["head"]}>
              <Radix.Title className={css["title"]}>{title}</Radix.Title>
              <Radix.Close asChild>
                <IconButton icon="close" label={t`Close`} tip={false} />
              </Radix.Close>
            </header>
          )}
          {description && <Radix.Description className={css["description"]}>{description}</Radix.Description>}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <footer className={css["actions"]}>{children}</footer>;
}
