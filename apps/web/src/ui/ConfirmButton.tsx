import { useState, type ComponentProps } from "react";
import { Button } from "./Button";

type Props = Omit<ComponentProps<typeof Button>, "onClick"> & {
  /** What the button says once it was pressed; a second press does it. */
  question: string;
  onConfirm: () => void;
};

/** A button that asks before it acts. Going elsewhere takes the question back. */
export function ConfirmButton({ question, onConfirm, children, "aria-label": label, icon, tone, ...rest }: Props) {
  const [asking, setAsking] = useState(false);
  const press = () => {
    setAsking(!asking);
    if (asking) onConfirm();
  };
  return (
    <Button
      {...rest}
      tone={asking ? "danger" : tone}
      icon={icon}
      aria-label={label && asking ? `${question} ${label}` : label}
      onBlur={() => setAsking(false)}
      onClick={press}
    >
      {asking ? question : children}
    </Button>
  );
}
