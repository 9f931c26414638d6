/** Anything that could mean more than plain words; most messages have nothing of it and need no parser. */
const SPECIAL = /[*_`~#>|[\]<&\\!]|^\s*(?:[-+]|\d+[.)])\s|^(?:=+|-+)\s*$|^(?: {4}|\t)|https?:|www\.|@\w+\.\w|\n\s*\n| {2}\n/m;

export const isPlain = (text: string): boolean => !SPECIAL.test(text);
