import { useId, type InputHTMLAttributes, type ReactNode, type Ref, type SelectHTMLAttributes } from "react";
import { cx } from "./classes";
import css from "./Field.module.css";

type Props = InputHTMLAttributes<HTMLInputElement> & {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  ref?: Ref<HTMLInputElement>;
};

export function Field({ label, hint, error, className, ...rest }: Props) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className={cx(css["field"], className)}>
      <label className={css["label"]} htmlFor={id}>{label}</label>
      <input
        {...rest}
        id={id}
        className={css["input"]}
        aria-invalid={error ? true : undefined}
        aria-describedby={note ? `${id}-note` : undefined}
      />
      {note && <p id={`${id}-note`} className={cx(css["note"], error && css["error"])}>{note}</p>}
    </div>
  );
}

export function Choice({ label, hint, children, ...rest }: SelectHTMLAttributes<HTMLSelectElement> & { label: string; hint?: string }) {
  const id = useId();
  return (
    <div className={css["field"]}>
      <label className={css["label"]} htmlFor={id}>{label}</label>
      <select {...rest} id={id} className={css["input"]} aria-describedby={hint ? `${id}-note` : undefined}>{children}</select>
      {hint && <p id={`${id}-note`} className={css["note"]}>{hint}</p>}
    </div>
  );
}

/** What went wrong with a form as a whole; read out when it appears. */
export function FormError({ children }: { children: ReactNode }) {
  return <p className={css["problem"]} role="alert">{children}</p>;
}
