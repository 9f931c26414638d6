import type { ButtonHTMLAttributes, Ref } from "react";
import { cx } from "./classes";
import css from "./Button.module.css";
import { Icon, type IconName } from "./Icon";
import { Tip } from "./Tip";

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  tone?: "plain" | "primary" | "danger" | "quiet";
  busy?: boolean;
  icon?: IconName;
  ref?: Ref<HTMLButtonElement>;
};

export function Button({ tone = "plain", busy, icon, className, children, disabled, type = "button", ...rest }: Props) {
  return (
    <button
      {...rest}
      type={type}
      className={cx(css["button"], css[tone], className)}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
    >
      {icon && <Icon name={icon} size={16} />}
      {children}
    </button>
  );
}

type IconButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  icon: IconName;
  label: string;
  keys?: string;
  size?: number;
  pressed?: boolean;
  side?: "top" | "bottom";
  /** False where the name needs no showing. */
  tip?: boolean;
  ref?: Ref<HTMLButtonElement>;
};

/** A button that is only a sign; its name is shown when pointed at or focused. */
export function IconButton({ icon, label, keys, size = 18, pressed, side = "top", tip = true, className, ...rest }: IconButtonProps) {
  const button = (
    <button type="button" {...rest} className={cx(css["icon"], className)} aria-label={label} aria-pressed={pressed}>
      <Icon name={icon} size={size} />
    </button>
  );
  if (!tip) return button;
  return (
    <Tip label={label} side={side} {...(keys ? { keys } : {})}>
      {button}
    </Tip>
  );
}
