/** The API as an OpenAPI document, and as the plain index at `/`. */
import { DIMENSIONS } from "../types.ts";
import { VERSION } from "../version.ts";

interface Endpoint {
  readonly path: string;
  readonly about: string;
  readonly query?: Readonly<Record<string, { readonly about: string; readonly required?: boolean }>>;
  readonly type?: "text/plain";
  readonly errors?: readonly number[];
}

const ENDPOINTS: readonly Endpoint[] = [
  {
    path: "/api/token-usage",
    about: "The ledger: every task with its tokens and its estimated cost (no bill); with task, that one",
    query: { task: { about: "A task's id, such as task-930.1" } },
    errors: [404],
  },
  { path: "/api/token-anomaly", about: "The tasks that stand out, and why" },
  { path: "/api/tasks", about: "The timers file's tasks with token_usage" },
  {
    path: "/api/usage",
    about: "Tokens of all sessions by any dimensions of scan",
    query: {
      by: { about: `One or more of ${DIMENSIONS.join(", ")}, with commas between; default source,model` },
      since: { about: "ISO date or instant, 7d, 24h, today, yesterday" },
      until: { about: "The same; a date is its whole day" },
      timezone: { about: "IANA name" },
      top: { about: "Rows at most; the totals stay" },
    },
    errors: [400, 503],
  },
  { path: "/api/health", about: "Whether it works, when it last looked, what it could not read" },
  { path: "/metrics", about: "The same figures for Prometheus", type: "text/plain" },
  { path: "/api/openapi.json", about: "This API as an OpenAPI document" },
];

export function openApi(hasToken: boolean): object {
  const paths = ENDPOINTS.map(({ path, about, query = {}, type, errors = [] }) => {
    const parameters = Object.entries(query).map(([name, { about: description }]) => {
      return {
        name,
        in: "query",
        required: false,
        description,
        schema: { type: name === "top" ? "integer" : "string" },
      };
    });
    const schema = type ? { type: "string" } : { type: "object" };
    const responses = {
      "200": {
        description: about,
        headers: { ETag: { schema: { type: "string" } } },
        content: { [type ?? "application/json"]: { schema } },
      },
      "304": { description: "Not changed since the ETag in If-None-Match" },
      ...Object.fromEntries(errors.map((status) => [String(status), { $ref: "#/components/responses/Error" }])),
    };
    return [path, { get: { summary: about, parameters, responses } }] as const;
  });
  return {
    openapi: "3.1.0",
    info: {
      title: "tokensift",
      version: VERSION,
      description: "What coding agents consumed. Costs are an estimate, not a bill.",
    },
    paths: Object.fromEntries(paths),
    components: {
      responses: {
        Error: {
          description: "Why not",
          content: {
            "application/json": {
              schema: {
                type: "object",
                required: ["error"],
                properties: {
                  error: {
                    type: "object",
                    required: ["code", "message"],
                    properties: { code: { type: "string" }, message: { type: "string" } },
                  },
                },
              },
            },
          },
        },
      },
      ...(hasToken && { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } }),
    },
    ...(hasToken && { security: [{ bearer: [] }] }),
  };
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
