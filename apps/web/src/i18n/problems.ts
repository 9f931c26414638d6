import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg, t } from "@lingui/core/macro";
import { ApiError } from "~/api/client";
import { SocketError } from "~/api/socket";
import type { ErrorCode, FieldProblem } from "~/api/types";

/** What went wrong, in the reader's language. The server names its errors by code; its own words are the last resort. */

interface Told {
  error_code: string;
  message: string;
  details?: { fields?: FieldProblem[] };
}

const CODES: Record<ErrorCode, MessageDescriptor> = {
  AUTH_REQUIRED: msg`You are not signed in.`,
  AUTH_INVALID_CREDENTIALS: msg`The name or the password is wrong.`,
  AUTH_TOKEN_EXPIRED: msg`Your session has run out. Sign in again.`,
  AUTH_TOKEN_INVALID: msg`Your session is not valid any more. Sign in again.`,
  AUTH_TOKEN_RESTRICTED: msg`This access token may not do this. Sign in to do it.`,
  AUTH_REFRESH_REUSED: msg`Your session was ended for safety. Sign in again; if this was not you, change your password.`,
  AUTH_SESSION_ENDED: msg`Your session has ended. Sign in again.`,
  AUTH_FORBIDDEN: msg`You may not do this. Ask an administrator for a role that allows it.`,
  AUTH_NOT_MEMBER: msg`You are not in this channel. Join it first.`,
  AUTH_NOT_AUTHOR: msg`Only its author may do this.`,
  AUTH_STEP_UP_REQUIRED: msg`Confirm your password first, then try again.`,
  AUTH_SETUP_CLOSED: msg`This server is set up already. Sign in instead.`,
  AUTH_SETUP_TOKEN_INVALID: msg`This set-up link is not the right one. Use the one that the server printed when it started.`,
  AUTH_INVITATION_INVALID: msg`The invitation is not valid or was used up. Ask for a new one.`,
  AUTH_PASSWORD_WEAK: msg`The password is too easy to guess. Choose a longer or less common one.`,
  AUTH_PASSWORD_UNCHECKED: msg`New passwords cannot be checked just now, so none is accepted. Tell the administrator; the one you have goes on working.`,
  AUTH_NAME_TAKEN: msg`This name is taken, or too like another. Choose a different one.`,
  AUTH_LAST_ADMIN: msg`The server must keep an administrator. Make somebody else one first.`,
  AUTH_TOO_MANY_ATTEMPTS: msg`Too many attempts. Wait a little, then try again.`,
  VALIDATION_INVALID: msg`Something in what was entered is not valid.`,
  VALIDATION_MALFORMED: msg`The server could not read the request. Load the page again.`,
  VALIDATION_MEDIA_TYPE: msg`The server does not take this kind of content.`,
  VALIDATION_TOO_LARGE: msg`This is too large. Send less at once.`,
  VALIDATION_NOT_FOUND: msg`This is not here any more, or you may not see it.`,
  VALIDATION_METHOD: msg`The server does not offer this. Load the page again.`,
  VALIDATION_CONFLICT: msg`This conflicts with what is there already.`,
  VALIDATION_PRECONDITION: msg`Somebody changed it in the meantime. Look again, then repeat your change.`,
  VALIDATION_IDEMPOTENCY_MISMATCH: msg`This was sent before with another content. Try again.`,
  VALIDATION_CURSOR: msg`The list has changed. Start again from its beginning.`,
  VALIDATION_QUERY: msg`The search could not be understood.`,
  VALIDATION_ARCHIVED: msg`This is archived and cannot be changed. Restore it first.`,
  VALIDATION_SPACE_ARCHIVED: msg`The space is archived: nothing in it can be changed. Restore the space first.`,
  VALIDATION_LAST_MEMBER: msg`You are the last one in this private channel. Add somebody else first, or archive it and then leave.`,
  STORAGE_UNAVAILABLE: msg`The server cannot reach its storage just now. Nothing was changed; try again in a moment.`,
  STORAGE_FULL: msg`The server's storage is full. Nothing was changed; tell the administrator.`,
  STORAGE_CORRUPT: msg`Stored data could not be read. Tell the administrator.`,
  NETWORK_TIMEOUT: msg`This took too long. Try again.`,
  NETWORK_SLOW_CONSUMER: msg`The connection was too slow and was closed. It is being made again.`,
  NETWORK_OVERLOADED: msg`The server is busy. Wait a little, then try again.`,
  NETWORK_SHUTTING_DOWN: msg`The server is restarting. Try again in a moment.`,
  SECURITY_ORIGIN_REFUSED: msg`This address is not allowed. Open PlexiChat at its own address.`,
  SECURITY_CROSS_SITE: msg`A page of another site may not do this. Open PlexiChat at its own address.`,
  SECURITY_HOST_REFUSED: msg`The server does not answer to this address. Open PlexiChat at its own address.`,
  SECURITY_CONTENT_REFUSED: msg`A rule of this server refused the content. Ask the administrator why.`,
  SYSTEM_INTERNAL: msg`Something went wrong on the server. Try again.`,
  SYSTEM_CONFIGURATION: msg`The server is not set up rightly. Tell the administrator.`,
  SYSTEM_UNSUPPORTED: msg`This server does not offer that.`,
};

const FIELDS: Record<string, MessageDescriptor> = {
  name: msg`Name`,
  display_name: msg`Display name`,
  status_text: msg`Status`,
  password: msg`Password`,
  current: msg`Present password`,
  new: msg`New password`,
  topic: msg`Topic`,
  text: msg`Text`,
  role: msg`Role`,
  space: msg`Space`,
  space_name: msg`Name of the space`,
  max_uses: msg`Number of uses`,
  expires_in_hours: msg`Time it works`,
  user_id: msg`Person`,
  user_ids: msg`People`,
  locale: msg`Language`,
  emoji: msg`Reaction`,
  date: msg`Date`,
};

type Limits = [first: string, second: string];

/** How the server words what is wrong with a field, and how we do. The first that fits counts. */
const KINDS: [RegExp, (limits: Limits) => string][] = [
  [/^is required$|^must not be empty$/, () => t`This is needed.`],
  [/^must be (\d+) to (\d+) lower-case letters, digits/, ([least, most]) => t`Use ${least} to ${most} lower-case letters, digits, - . and _.`],
  [/^must be (\d+) to (\d+) of a-z/, ([least, most]) => t`Use ${least} to ${most} lower-case letters, digits, - and _.`],
  [/^must be (\d+) to (\d+) characters that can be seen/, ([least, most]) => t`Use ${least} to ${most} visible characters without spaces.`],
  [/^must be (\d+) to (\d+) characters/, ([least, most]) => t`Use ${least} to ${most} characters.`],
  [/^must be at least (\d+) characters/, ([least]) => t`Use at least ${least} characters.`],
  [/^must be at most (\d+) characters on one line/, ([most]) => t`Use at most ${most} characters, on one line.`],
  [/^must be at most (\d+) characters/, ([most]) => t`Use at most ${most} characters.`],
  [/^must be at most (\d+) bytes/, ([most]) => t`This may have at most ${most} bytes.`],
  [/^must be at most (\d+) words and operators/, ([most]) => t`Search for at most ${most} words at once.`],
  [/^must (?:have|name|be) (\d+) to (\d+) (?:entries|others|ids)/, ([least, most]) => t`Choose ${least} to ${most}.`],
  [/^must have at most (\d+) entries/, ([most]) => t`Choose at most ${most}.`],
  [/^must be (\d+) to (\d+)$/, ([least, most]) => t`Choose a number from ${least} to ${most}.`],
  [/^must be at least (\d+)$/, ([least]) => t`Choose at least ${least}.`],
  [/^must be at most (\d+)$/, ([most]) => t`Choose at most ${most}.`],
  [/^must be a (?:whole )?number$|^must be in range$/, () => t`This must be a number.`],
  [/^must be (?:text|a list|an object|true or false|a UUID|an RFC 3339 time)$|^is of the wrong kind$|^is not valid$|^must match /, () => t`This is not valid.`],
  [/^may hold letters, digits/, () => t`Use letters, digits, dot, dash and underscore only.`],
  [/^must hold a letter or a digit/, () => t`Use at least one letter or digit.`],
  [/^is a word that addresses everybody/, () => t`This word addresses everybody. Choose another name.`],
  [/^must not hold control, invisible/, () => t`Remove the characters that cannot be seen.`],
  [/^must not contain NUL/, () => t`Remove the characters that cannot be seen.`],
  [/^is taken or too like another/, () => t`This name is taken, or too like another. Choose a different one.`],
  [/^is taken$/, () => t`This is taken. Choose another.`],
  [/^conflicts with what is there/, () => t`This conflicts with what is there already.`],
  [/^is among the most common ones/, () => t`This is among the most common passwords.`],
  [/^is mostly a row of the keyboard/, () => t`This is mostly a row of the keyboard or of the alphabet.`],
  [/^is made of your name/, () => t`This is made of your name or the name of this product.`],
  [/^is easy to guess/, () => t`This is easy to guess. Several unrelated words are better.`],
  [/^(?:is not the name of a role|no (?:\w+ )?role has this name)/, () => t`There is no such role.`],
  [/^no such user$/, () => t`There is no such person.`],
  [/^is not a member of the space$/, () => t`This person is not in the space. Add them there first.`],
  [/^you are not a member of this channel$/, () => t`You are not in this channel.`],
  [/^only its author may edit/, () => t`Only its author may edit a message.`],
  [/^a message takes at most (\d+)/, ([most]) => t`A message takes at most ${most} different reactions.`],
  [/^a channel takes at most (\d+)/, ([most]) => t`A channel takes at most ${most} pinned messages.`],
  [/^there can be at most (\d+) drafts/, ([most]) => t`There can be at most ${most} drafts.`],
  [/^must be a day such as/, () => t`Write a day like 2026-01-31.`],
  [/^must be (?:link|thread)\b/, () => t`This operator does not know that word.`],
  [/^an operator cannot be negated/, () => t`Only words and phrases can be left out, not operators.`],
  [/^is no operator/, () => t`This is no operator. Quote it to search for the words.`],
  [/^cannot be started anew now/, () => t`This cannot be restarted just now. Try again.`],
  [/^this needs (\S+)$/, ([permission]) => t`You lack the permission ${permission}.`],
];

const hasCode = (code: string): code is ErrorCode => code in CODES;

/** What is wrong with a field. */
export function fieldWords(problem: string): string {
  for (const [shape, say] of KINDS) {
    const [found, first = "", second = ""] = shape.exec(problem) ?? [];
    if (found !== undefined) return say([first, second]);
  }
  return problem;
}

/** What a field is called; the operators of a search by themselves. */
function fieldLabel(field: string): string | undefined {
  if (field.startsWith("q.")) return field.slice(2);
  const label = FIELDS[field.replace(/\[\d+\]$/, "")];
  return label && i18n._(label);
}

/** An error as a whole: what the server says about fields, if it does, else what its code means. */
export function problemWords(problem: Told): string {
  const fields = problem.details?.fields ?? [];
  const said = fields.map(({ field, problem: wrong }) => {
    const label = fieldLabel(field);
    return label ? `${label}: ${fieldWords(wrong)}` : fieldWords(wrong);
  });
  if (problem.error_code.startsWith("VALIDATION_") && said.length > 0) return said.join(" ");
  return hasCode(problem.error_code) ? i18n._(CODES[problem.error_code]) : problem.message;
}

/** What to say about a request that failed. */
export function errorWords(error: unknown): string {
  if (error instanceof ApiError && error.problem) return problemWords(error.problem);
  if (error instanceof SocketError && error.problem) return problemWords(error.problem);
  return t`That did not work. Check your connection.`;
}

/** What is wrong with the field of this name, to be shown beside it. */
export function fieldError(error: unknown, name: string): string | undefined {
  const problem = error instanceof ApiError ? error.field(name) : undefined;
  return problem === undefined ? undefined : fieldWords(problem);
}

/** What a form says above its fields: nothing when all that is wrong stands beside the fields it shows. */
export function formError(error: unknown, ...shown: string[]): string | undefined {
  if (!error) return undefined;
  const fields = error instanceof ApiError ? (error.problem?.details?.fields ?? []) : [];
  if (fields.length > 0 && fields.every(({ field }) => shown.includes(field))) return undefined;
  return errorWords(error);
}
