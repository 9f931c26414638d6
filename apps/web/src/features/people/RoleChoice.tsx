import { useLingui } from "@lingui/react/macro";
import type { Role } from "~/api/types";
import formCss from "~/features/channel/Forms.module.css";
import { useRoleName } from "./useRoleName";
import { useRoles } from "./useRoles";

/** The role of one person, to be changed on the spot. */
export function RoleChoice({ scope, name, role, disabled, onChange }: {
  scope: Role["scope"];
  /** Whose role it is. */
  name: string;
  role: string;
  disabled?: boolean;
  onChange: (role: string) => void;
}) {
  const { t } = useLingui();
  const roleName = useRoleName();
  const known = useRoles(scope).map((entry) => entry.name);
  const names = known.includes(role) ? known : [role, ...known];
  return (
    <select className={formCss["pick"]} aria-label={t`Role of ${name}`} value={role} disabled={disabled} onChange={(event) => onChange(event.target.value)}>
      {names.map((entry) => <option key={entry} value={entry}>{roleName(entry)}</option>)}
    </select>
  );
}
