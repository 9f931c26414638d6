/** A word under the cursor that asks for suggestions. */
export interface Asked {
  kind: "mention" | "emoji";
  query: string;
  /** Where the word with its sign stands in the text. */
  from: number;
  to: number;
}

const MENTION = /(?:^|[\s([{"'])@([\p{L}\p{N}._-]{0,32})$/u;
const EMOJI = /(?:^|[\s([{"'])(:([a-z0-9_+-]{2,40}))$/i;

/** Looks whether the text before the cursor ends in `@name` or `:code`. */
export function askedAt(text: string, cursor: number): Asked | null {
  const before = text.slice(0, cursor);
  if (insideCode(before)) return null;
  const mention = MENTION.exec(before);
  if (mention) {
    const query = mention[1] ?? "";
    return { kind: "mention", query, from: cursor - query.length - 1, to: cursor };
  }
  const emoji = EMOJI.exec(before);
  if (emoji) {
    const word = emoji[1] ?? "";
    return { kind: "emoji", query: emoji[2] ?? "", from: cursor - word.length, to: cursor };
  }
  return null;
}

/** Inside of a fence or a pair of backticks nothing is suggested. */
function insideCode(before: string): boolean {
  const fences = before.split("```").length - 1;
  if (fences % 2 === 1) return true;
  const line = before.slice(before.lastIndexOf("\n") + 1).replaceAll("```", "");
  return (line.split("`").length - 1) % 2 === 1;
}

/** Puts a suggestion in place of the word; answers the text and the new place of the cursor. */
export function complete(text: string, asked: Asked, value: string): { text: string; cursor: number } {
  const rest = text.slice(asked.to);
  const inserted = rest.startsWith(" ") ? value : `${value} `;
  return { text: text.slice(0, asked.from) + inserted + rest, cursor: asked.from + value.length + 1 };
}
