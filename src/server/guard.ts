/** Who may ask, and how: everything is refused that a browser could be made to send from another site. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

export interface GuardOptions {
  /** As `--host` says. */
  readonly host: string;
  readonly token: string | undefined;
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 405 | 414;
  readonly code: string;
  readonly message: string;
}

export const MOST_URL_BYTES = 2048;
export const MOST_HEADER_BYTES = 8192;

export const SECURITY_HEADERS = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  // Kept by the browser that asked, and asked about each time.
  "cache-control": "private, no-cache",
} as const;

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "::1"] as const;

export function isLoopback(host: string): boolean {
  const name = bare(host);
  return name === "localhost" || name === "::1" || (isIP(name) === 4 && name.startsWith("127."));
}

/** Undefined: it may pass. `port` is the one that is listened on. */
export function refuse(
  request: { readonly method: string; readonly url: string; readonly headers: IncomingHttpHeaders },
  { host, token }: GuardOptions,
  port: number,
): Refusal | undefined {
  const { method, url, headers } = request;
  if (!isKnownHost(headers.host, host, port))
    return { status: 403, code: "WRONG_HOST", message: "this server does not go by that name" };
  if (isFromElsewhere(headers)) return { status: 403, code: "WRONG_ORIGIN", message: "other sites may not ask" };
  if (method !== "GET" && method !== "HEAD") return { status: 405, code: "WRONG_METHOD", message: "only GET and HEAD" };
  if (Buffer.byteLength(url) > MOST_URL_BYTES)
    return { status: 414, code: "LONG_URL", message: `more than ${MOST_URL_BYTES} bytes of URL` };
  if (token !== undefined && !isToken(headers.authorization, token)) {
    return { status: 401, code: "NO_TOKEN", message: "wants Authorization: Bearer and the token" };
  }
  return undefined;
}

/** A name that was made to lead here (DNS rebinding) is none of ours. Behind all addresses any address is. */
function isKnownHost(header: string | undefined, host: string, port: number): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]/@\s]+)(?::(\d{1,5}))?$/i.exec(header ?? "");
  if (!match) return false;
  const name = bare(match[1] as string);
  if (Number(match[2] ?? 80) !== port) return false;
  const own = bare(host);
  if (name === own || (LOOPBACK_NAMES as readonly string[]).includes(name)) return true;
  return (own === "0.0.0.0" || own === "::") && isIP(name) !== 0;
}

function isFromElsewhere(headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers;
  if (origin !== undefined && origin.toLowerCase() !== `http://${host ?? ""}`.toLowerCase()) return true;
  const site = headers["sec-fetch-site"];
  // Somebody who follows a link may: the site with the link sees nothing of it.
  const isNavigation = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  return (site === "cross-site" || site === "same-site") && !isNavigation;
}

function isToken(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(header ?? "")?.[1] ?? "";
  // Of one length, so that comparing takes as long whatever was given.
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

/** `[::1]` as `::1`, in lower case. */
function bare(host: string): string {
  return host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
}
