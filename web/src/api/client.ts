// The one door to the server: session cookie, CSRF token, one idempotency key per write kept across its retries, and one shape
// of error. A write is a plain value (`Write`), so that the same write can be sent now or wait on the device and be sent later.
import { language } from "../text";
import { setCityTime } from "../kit/city-clock";

export const API = "/api/v1";

export interface ErrorBody { code?: string; message?: string; error_id?: string; place?: string; cure?: string; reason?: string; facts?: Record<string, unknown>; detail?: unknown }

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly reason: string | null;
  readonly errorId: string | null;
  readonly place: string | null;
  readonly cure: string | null;
  readonly facts: Record<string, unknown>;

  constructor(status: number, body: ErrorBody) {
    super(body.message ?? "");
    this.name = "ApiError";
    this.status = status;
    this.code = body.code ?? `http_${status}`;
    this.reason = body.reason ?? null;
    this.errorId = body.error_id ?? null;
    this.place = body.place ?? null;
    this.cure = body.cure ?? null;
    this.facts = body.facts ?? {};
  }

  get refused(): boolean {
    return this.status === 422 && this.code === "refused";
  }

  /** Somebody else changed the case first. */
  get overtaken(): boolean {
    return this.status === 409;
  }
}

/** The write may or may not have arrived: it keeps its key and can be sent again without doing it twice. */
export class NotSent extends Error {
  constructor(readonly write: Write, cause: unknown) {
    super("not sent", { cause });
    this.name = "NotSent";
  }
}

export interface Write { key: string; method: "POST" | "PUT" | "PATCH" | "DELETE"; path: string; body?: unknown; captured_at?: string }

export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function newWrite(method: Write["method"], path: string, body?: unknown): Write {
  return { key: newKey(), method, path, body };
}

let given = "";
/** The token as the server last handed it out; the cookie is asked only before that. */
export function setCsrf(token: string): void {
  given = token;
}

export function csrfToken(): string {
  if (given) return given;
  const found = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie);
  return found ? decodeURIComponent(found[1]!) : "";
}

const signedOut = new Set<() => void>();
export function onSignedOut(tell: () => void): () => void {
  signedOut.add(tell);
  return () => signedOut.delete(tell);
}

/** The city no longer knows this session: whoever listens leads to the sign-in page. */
export function saySignedOut(): void {
  for (const tell of signedOut) tell();
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export function withQuery(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, v]) => v !== undefined && v !== null && v !== "");
  if (!given.length) return path;
  const params = new URLSearchParams(given.map(([k, v]) => [k, String(v)]));
  return `${path}?${params.toString()}`;
}

export async function read<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return parse<T>(await fetch(withQuery(API + path, query), { credentials: "same-origin", headers: { Accept: "application/json", "Accept-Language": language.value }, signal }));
}

const RETRY_AFTER_MS = [0, 400, 1500] as const;

/** Send a write. A lost answer is asked for again under the same key; after the last try the write itself is handed back. */
export async function send<T>(write: Write, pauses: readonly number[] = RETRY_AFTER_MS): Promise<T> {
  let cause: unknown;
  for (const pause of pauses) {
    if (pause > 0) await new Promise((done) => setTimeout(done, pause));
    let response: Response;
    try {
      const form = write.body instanceof FormData || write.body instanceof Blob;
      const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": language.value, "X-CSRFToken": csrfToken(), "Idempotency-Key": write.key };
      if (!form && write.body !== undefined) headers["Content-Type"] = "application/json";
      const body = write.body === undefined ? undefined : form ? (write.body as FormData | Blob) : JSON.stringify(write.body);
      response = await fetch(API + write.path, { method: write.method, credentials: "same-origin", headers, body });
    } catch (lost) {
      cause = lost;
      continue;
    }
    if ([502, 503, 504].includes(response.status)) {
      cause = new ApiError(response.status, {});
      continue;
    }
    return parse<T>(response);
  }
  throw new NotSent(write, cause);
}

export async function write<T>(method: Write["method"], path: string, body?: unknown): Promise<T> {
  return send<T>(newWrite(method, path, body));
}

async function parse<T>(response: Response): Promise<T> {
  const text = await response.text();
  let body: unknown = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    body = null;
  }
  if (!response.ok) {
    if (response.status === 401) saySignedOut();
    throw new ApiError(response.status, (body ?? {}) as ErrorBody);
  }
  const asOf = (body as { as_of?: unknown; now?: unknown } | null)?.as_of ?? (body as { now?: unknown } | null)?.now;
  if (typeof asOf === "string") setCityTime(asOf);
  return body as T;
}
