/** The HTTP API (`spec/task-ledger.md`): answers are finished texts of the last snapshot, so nobody waits for a scan. */
import { createHash } from "node:crypto";
import type { AddressInfo } from "node:net";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { parseDimensions, wholeNumber } from "../config/values.ts";
import { ScanError } from "../errors.ts";
import { DEFAULT_BY } from "../options.ts";
import { type GuardOptions, MOST_HEADER_BYTES, MOST_URL_BYTES, refuse, SECURITY_HEADERS } from "./guard.ts";
import type { Page, PageName } from "./messages.ts";
import { indexText, openApi, queryNames } from "./openapi.ts";
import { type Refresher, UsageFailure } from "./refresher.ts";
import type { UsageQuery } from "./snapshot.ts";

const JSON_TYPE = "application/json; charset=utf-8";
const TEXT_TYPE = "text/plain; charset=utf-8";
/** As Prometheus wants it. */
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A client that is slower loses its connection; others do not notice it before. */
const TIMEOUTS = { headersMs: 5000, requestMs: 10_000, idleMs: 15_000, keepAliveMs: 5000 } as const;
const MOST_CONNECTIONS = 1024;

/** Of questions that were not answered; any other code is 500. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = { INVALID_OPTION: 400, BUSY: 503, STOPPED: 503 };

type Query = Readonly<Record<string, unknown>>;

export function makeServer(
  refresher: Pick<Refresher, "current" | "failure" | "now" | "usage">,
  guard: GuardOptions,
): FastifyInstance {
  const app = Fastify({
    logger: false,
    exposeHeadRoutes: true,
    bodyLimit: 1,
    connectionTimeout: TIMEOUTS.idleMs,
    keepAliveTimeout: TIMEOUTS.keepAliveMs,
    requestTimeout: TIMEOUTS.requestMs,
    routerOptions: { maxParamLength: 100 },
    http: { maxHeaderSize: MOST_HEADER_BYTES, headersTimeout: TIMEOUTS.headersMs, connectionsCheckingInterval: 1000 },
    forceCloseConnections: true,
    frameworkErrors: (_, __, reply) => {
      void reply.headers(SECURITY_HEADERS);
      void sendError(reply, 400, "BAD_REQUEST", "bad request");
    },
  });
  app.server.maxConnections = MOST_CONNECTIONS;

  app.addHook("onRequest", async (request, reply) => {
    void reply.headers(SECURITY_HEADERS);
    const address = app.server.address() as AddressInfo | null;
    const refusal = refuse(
      { method: request.method, url: request.url, headers: request.headers },
      guard,
      address?.port ?? 0,
    );
    if (!refusal) return;
    if (refusal.status === 405) void reply.header("allow", "GET, HEAD");
    if (refusal.status === 401) void reply.header("www-authenticate", 'Bearer realm="tokensift"');
    // What else the client sends is not waited for.
    void reply.header("connection", "close");
    await sendError(reply, refusal.status, refusal.code, refusal.message);
  });

  const page = (path: string, name: PageName, type: string) => {
    app.get(path, async (request, reply) => {
      if (hasStrangeQuery(request, reply, path)) return reply;
      return send(request, reply, (await refresher.now()).pages[name], type);
    });
  };
  page("/api/token-anomaly", "token-anomaly", JSON_TYPE);
  page("/api/tasks", "tasks", JSON_TYPE);
  page("/metrics", "metrics", METRICS_TYPE);

  app.get("/api/health", async (request, reply) => {
    if (hasStrangeQuery(request, reply, "/api/health")) return reply;
    const { pages, at } = refresher.current;
    const { failure } = refresher;
    // Figures are still answered, as of then.
    const stale = failure === undefined ? undefined : pageOf(JSON.stringify({ status: "stale", at, code: failure }));
    return send(request, stale ? reply.code(503) : reply, stale ?? pages.health, JSON_TYPE);
  });

  app.get("/api/token-usage", async (request, reply) => {
    if (hasStrangeQuery(request, reply, "/api/token-usage")) return reply;
    const { pages, byTask } = await refresher.now();
    const { task } = request.query as Query;
    if (task === undefined) return send(request, reply, pages["token-usage"], JSON_TYPE);
    const found = byTask.get((task as string).trim().toLowerCase());
    if (!found) return sendError(reply, 404, "UNKNOWN_TASK", "there is no such task in the ledger");
    return send(request, reply, found, JSON_TYPE);
  });

  app.get("/api/usage", async (request, reply) => {
    if (hasStrangeQuery(request, reply, "/api/usage")) return reply;
    try {
      return await send(request, reply, await refresher.usage(usageQuery(request.query as Query)), JSON_TYPE);
    } catch (error) {
      if (error instanceof ScanError) return sendError(reply, 400, error.code, inQueryNames(error.message));
      if (!(error instanceof UsageFailure)) throw error;
      const status = STATUS_BY_CODE[error.code] ?? 500;
      // Only what the client itself wrote is told again.
      return sendError(
        reply,
        status,
        error.code,
        status === 500 ? "could not be worked out" : inQueryNames(error.message),
      );
    }
  });

  app.get("/", async (request, reply) => send(request, reply, pageOf(indexText()), TEXT_TYPE));
  const document = pageOf(JSON.stringify(openApi(guard.token !== undefined)));
  app.get("/api/openapi.json", async (request, reply) => send(request, reply, document, JSON_TYPE));

  app.setNotFoundHandler(async (_, reply) => sendError(reply, 404, "NOT_FOUND", "nothing is here (see /)"));
  app.setErrorHandler(async (error: { statusCode?: number }, _, reply) => {
    const status =
      error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500 ? error.statusCode : 500;
    return sendError(
      reply,
      status,
      status === 500 ? "INTERNAL" : "BAD_REQUEST",
      status === 500 ? "internal error" : "bad request",
    );
  });
  return app;
}

async function send(request: FastifyRequest, reply: FastifyReply, page: Page, type: string): Promise<FastifyReply> {
  const { etag } = page;
  void reply.header("etag", etag);
  // A condition is about what would be 200 (RFC 9110 §13.2.1).
  if (reply.statusCode === 200 && isKnown(request.headers["if-none-match"], etag)) return reply.code(304).send();
  return reply.type(type).send(bytesOf(page));
}

const encoded = new WeakMap<Page, Buffer>();

/** The same bytes for everybody, however many do not read them: a text would be encoded for each of them. */
function bytesOf(page: Page): Buffer {
  let bytes = encoded.get(page);
  if (!bytes) encoded.set(page, (bytes = Buffer.from(page.body)));
  return bytes;
}

/** Whether a client has it already: `If-None-Match`, compared weakly (RFC 9110 §13.1.2). */
function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === "*" || header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

async function sendError(reply: FastifyReply, status: number, code: string, message: string): Promise<FastifyReply> {
  return reply
    .code(status)
    .type(JSON_TYPE)
    .send(JSON.stringify({ error: { code, message } }));
}

/** A mistyped name would do nothing, silently. */
function hasStrangeQuery(request: FastifyRequest, reply: FastifyReply, path: string): boolean {
  const known = queryNames(path);
  const strange = Object.entries(request.query as Query).find(
    ([name, value]) => !known.includes(name) || typeof value !== "string",
  );
  if (!strange) return false;
  void sendError(reply, 400, "BAD_QUERY", `each of these at most once: ${known.join(", ") || "no query here"}`);
  return true;
}

function usageQuery({ by, since, until, timezone, top }: Query): UsageQuery {
  const text = (value: unknown) =>
    typeof value === "string" && value !== "" ? value.slice(0, MOST_URL_BYTES) : undefined;
  return {
    by: typeof by === "string" ? parseDimensions(by, "by") : DEFAULT_BY,
    since: text(since),
    until: text(until),
    timezone: text(timezone),
    top: typeof top === "string" ? wholeNumber(0, 1_000_000)(top, "top") : undefined,
  };
}

function pageOf(body: string): Page {
  return { body, etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 27)}"` };
}

/** What a command line writes as a flag is a name in a query. */
function inQueryNames(message: string): string {
  return message.replace(/--(?=[a-z])/g, "");
}
