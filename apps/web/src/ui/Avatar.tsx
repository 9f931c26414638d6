import type { Presence, User } from "~/api/types";
import { cx } from "./classes";
import css from "./Avatar.module.css";

/** One of 24 hues, always the same for the same id. */
export function hueOf(id: string): number {
  let hash = 2166136261;
  for (let index = 0; index < id.length; index += 1) hash = Math.imul(hash ^ id.charCodeAt(index), 16777619);
  return ((hash >>> 8) % 24) * 15;
}

export function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = [...(words[0] ?? name)][0] ?? "?";
  const last = words.length > 1 ? ([...(words[words.length - 1] ?? "")][0] ?? "") : "";
  return (first + last).toLocaleUpperCase();
}

export function Avatar({ user, id, size = 36, presence }: { user: User | undefined; id: string; size?: number; presence?: Presence | undefined }) {
  const hue = hueOf(id);
  return (
    <span className={css["wrap"]} style={{ width: size, height: size }} aria-hidden="true">
      <span
        className={css["avatar"]}
        style={{ fontSize: Math.round(size * 0.38), "--hue": hue } as React.CSSProperties}
      >
        {user ? initialsOf(user.display_name || user.name) : ""}
      </span>
      {presence && presence !== "offline" && <span className={cx(css["dot"], css[presence])} />}
    </span>
  );
}
