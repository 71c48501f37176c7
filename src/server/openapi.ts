/** The API as an OpenAPI document, and as the plain index at `/`. */
import { DIMENSIONS } from "../types.ts";
import { VERSION } from "../version.ts";
import { ref, type Schema, SCHEMAS } from "./schemas.ts";

interface Endpoint {
  readonly path: string;
  readonly about: string;
  readonly query?: Readonly<Record<string, { readonly about: string; readonly schema?: Schema }>>;
  /** Undefined: plain text. */
  readonly answer: Schema | undefined;
  /** Answers that it has beside those which every path has. */
  readonly others?: Readonly<Record<string, { readonly about: string; readonly answer: Schema }>>;
}

const ERROR = ref("Error");

const ENDPOINTS: readonly Endpoint[] = [
  {
    path: "/api/token-usage",
    about: "The ledger: every task with its tokens and its estimated cost (no bill); with task, that one",
    query: { task: { about: "A task's id, such as task-930.1" } },
    answer: { anyOf: [ref("Ledger"), ref("TaskAnswer")] },
    others: { "404": { about: "There is no such task", answer: ERROR } },
  },
  { path: "/api/token-anomaly", about: "The tasks that stand out, and why", answer: ref("Anomalies") },
  { path: "/api/tasks", about: "The timers file's tasks with token_usage", answer: ref("Timers") },
  {
    path: "/api/usage",
    about: "Tokens of all sessions by any dimensions of scan",
    query: {
      by: { about: `One or more of ${DIMENSIONS.join(", ")}, with commas between; default source,model` },
      since: { about: "ISO date or instant, 7d, 24h, today, yesterday" },
      until: { about: "The same; a date is its whole day" },
      timezone: { about: "IANA name" },
      top: { about: "Rows at most; the totals stay", schema: { type: "integer", minimum: 0 } },
    },
    answer: ref("Usage"),
    others: {
      "500": {
        about: "Could not be worked out, through no mistake of the question; /api/health says more",
        answer: ERROR,
      },
      "503": {
        about: "Too many different questions at once, or what answers is started again; ask again",
        answer: ERROR,
      },
    },
  },
  {
    path: "/api/health",
    about: "Whether it works, when it last looked, what it could not read",
    answer: ref("Health"),
    others: {
      "503": { about: "The last look failed; figures are those of the one before", answer: ref("StaleHealth") },
    },
  },
  { path: "/metrics", about: "The same figures for Prometheus", answer: undefined },
  { path: "/api/openapi.json", about: "This API as an OpenAPI document", answer: { type: "object" } },
];

export function openApi(hasToken: boolean): object {
  const everywhere = {
    "304": { description: "Not changed since the ETag in If-None-Match" },
    "400": response("Something in the query is wrong", ERROR),
    ...(hasToken && { "401": response("Wants Authorization: Bearer and the token", ERROR) }),
    "403": response("Asked by another site, or under a name that is not this server's", ERROR),
  };
  const paths = ENDPOINTS.map(({ path, about, query = {}, answer, others = {} }) => {
    const parameters = Object.entries(query).map(([name, { about: description, schema = { type: "string" } }]) => {
      return { name, in: "query", required: false, description, schema };
    });
    const headers = { ETag: { schema: { type: "string" } } };
    const content = answer ? json(answer) : { "text/plain": { schema: { type: "string" } } };
    const more = Object.entries(others).map(([status, other]) => [status, response(other.about, other.answer)]);
    const responses = { "200": { description: about, headers, content }, ...everywhere, ...Object.fromEntries(more) };
    return [path, { get: { summary: about, parameters, responses } }] as const;
  });
  return {
    openapi: "3.1.0",
    info: {
      title: "tokensift",
      version: VERSION,
      description: "What coding agents consumed. Costs are an estimate, not a bill.",
      license: { name: "MIT", identifier: "MIT" },
    },
    paths: Object.fromEntries(paths),
    components: {
      schemas: SCHEMAS,
      ...(hasToken && { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } }),
    },
    ...(hasToken && { security: [{ bearer: [] }] }),
  };
}

function response(description: string, schema: Schema) {
  return { description, content: json(schema) };
}

function json(schema: Schema) {
  return { "application/json": { schema } };
}

export function indexText(): string {
  const width = Math.max(...ENDPOINTS.map(({ path }) => path.length));
  const lines = ENDPOINTS.map(({ path, about }) => `${path.padEnd(width)}  ${about}`);
  return `tokensift ${VERSION}\n\n${lines.join("\n")}\n\nCosts are an estimate, not a bill.\n`;
}

/** The names that a query may have. */
export function queryNames(path: string): readonly string[] {
  return Object.keys(ENDPOINTS.find((endpoint) => endpoint.path === path)?.query ?? {});
}
