import type { Problem } from "./types";

/** An error answer of the server, or `status` 0 when there was no answer at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly problem?: Problem,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** The network failed; nothing is known about what the server did. */
  get offline(): boolean {
    return this.status === 0;
  }

  /** What the server says about one field, if anything. */
  field(name: string): string | undefined {
    return this.problem?.details?.fields?.find((entry) => entry.field === name)?.problem;
  }
}

type Query = Record<string, string | number | boolean | null | undefined>;

interface Options {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
  /** Makes a creating request safe to repeat. */
  key?: string;
}

let onSignedOut: () => void = () => undefined;

/** Says what to do when the server answers that the session is over. */
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

function address(path: string, query?: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return `/api/v1${path}${text ? `?${text}` : ""}`;
}

export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (options.body !== undefined) headers["content-type"] = "application/json";
  if (options.key) headers["idempotency-key"] = options.key;
  const init: RequestInit = { method, headers, credentials: "same-origin", cache: "no-cache" };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  if (options.signal) init.signal = options.signal;

  let response: Response;
  try {
    response = await fetch(address(path, options.query), init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, "CLIENT_OFFLINE", "The server cannot be reached.");
  }
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  const body = parse(text);
  if (response.ok) return body as T;
  const problem = body as Problem | undefined;
  if (response.status === 401 && !path.startsWith("/auth/")) onSignedOut();
  throw new ApiError(
    response.status,
    problem?.error_code ?? "CLIENT_UNEXPECTED",
    problem?.message ?? `The server answered ${response.status}.`,
    problem,
  );
}

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal) =>
  request<T>("GET", path, { ...(query ? { query } : {}), ...(signal ? { signal } : {}) });
export const post = <T>(path: string, body?: unknown) => request<T>("POST", path, { body, key: newKey() });
export const put = <T>(path: string, body?: unknown) => request<T>("PUT", path, { body });
export const patch = <T>(path: string, body: unknown) => request<T>("PATCH", path, { body });
export const del = <T = void>(path: string, query?: Query) => request<T>("DELETE", path, query ? { query } : {});

/** A key that no other request has, fit for `Idempotency-Key` and `client_id`. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(15));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_");
}
