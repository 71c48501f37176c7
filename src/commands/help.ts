/** What help says behind the flags. */
export const ROOT_HELP = `
Examples:
  $ tokensift                                all transcripts by source and model
  $ tokensift daily --since 7d               the last seven days
  $ tokensift scan --by project --top 10     the ten largest projects
  $ tokensift scan ~/backup/projects --json  transcripts from elsewhere

Without a command, flags are those of scan; paths need the word scan.
Exit codes: 0 done; 1 done, but --strict, a --fail-over flag, tasks anomaly
--fail or cache verify found something; 2 could not run; 130 interrupted.`;

export const SCAN_HELP = `
Examples:
  $ tokensift scan --by day,model --since 2026-06-01 --until 2026-06-07
  $ tokensift scan --by project --breakdown --top 10
  $ tokensift scan --by session --project '*/shop' --sort lastAt
  $ tokensift scan --by project,task --since 7d
  $ tokensift scan --by agent --team '*' --format csv --output agents.csv
  $ tokensift scan --no-cache --json --output tokens.json --metrics tokens.prom

Defaults are set, the first one counting, by variables (TOKENSIFT_BY, _COST,
_PRICES, _SINCE, _UNTIL, _TIMEZONE, _START_OF_WEEK, _SOURCE, _FORMAT, _THREADS,
_MAX_LINE, _CACHE_DIR), by tokensift.config.json in this folder and by
~/.config/tokensift/config.json:
  {"by": "day,model", "startOfWeek": "sunday", "progress": false}
--no-NAME turns off what a file turned on.`;

export const BLOCKS_HELP = `
A block begins at the full hour (UTC) of the first response after the block
before was over, and lasts five hours. Other agents count otherwise: --source
shows their blocks all the same.

Examples:
  $ tokensift blocks --recent
  $ tokensift blocks --active                 what is left, and how fast it goes
  $ tokensift blocks --since 7d --token-limit max
  $ tokensift blocks --active --json`;

export const STATUSLINE_HELP = `
The model, what the session cost, today and the running block of five hours,
how fast that goes, and how full the context is. What fails is said on stderr,
with a short line and exit code 0.

Example, for ~/.claude/settings.json:
  {"statusLine": {"type": "command",
    "command": "tokensift statusline --color"}}

Examples:
  $ tokensift statusline < /dev/null           today and the block alone
  $ echo '{"session_id": "ID"}' | tokensift statusline

Run tokensift once before: the first run reads all transcripts, later ones what
is new.`;

export const EXPORT_HELP = `
A row is a response, by time (UTC), with the names that scan groups by, an id
that stays the same, and its figures. All add up to what scan says, by any
name. "responses" is 0 in rows that are there for the sums alone: what a
response used under another model, and tool uses between responses, or in
another quarter of an hour than theirs. sum(responses) is their number.

Examples:
  $ tokensift export --since 7d > responses.csv
  $ tokensift export --project '*/shop' --output shop.csv
  $ tokensift export --format ndjson | head -1
  $ duckdb -c "select model, sum(costUsd), sum(responses) from
      'responses.csv' group by all"`;

export const TASKS_HELP = `
  scan     read what is new in all transcripts, refresh the ledger
  get      what one task consumed (--task ID)
  summary  totals, averages, the largest tasks
  anomaly  the tasks that stand out, and why (--fail: exit code 1)
  enrich   add token_usage to the timers file
  report   a section for a report (--task ID, --insert FILE, --lang ko)
  record   say by hand which task a session belongs to (--session, --task)

get, summary, anomaly, report read the ledger; --refresh scans first. Costs
are estimates, not bills.

Examples:
  $ tokensift tasks scan                     in the project's folder
  $ tokensift tasks get --task task-930.1
  $ tokensift tasks anomaly --refresh --fail
  $ tokensift tasks report --task task-930.1 --insert report.md`;

export const HOOK_HELP = `
Prints nothing on stdout. An error is one line on stderr and exit code 0;
with --strict 1, as are damaged lines.

Example, for ~/.claude/settings.json:
  {"hooks": {"SessionEnd": [{"hooks": [
    {"type": "command", "command": "tokensift hook"}]}]}}

Examples:
  $ tokensift hook < session-end.json          what the agent would give it`;

export const SERVE_HELP = `
Prints its address, and lists what can be asked there. Looks for changes once
a second; never writes the ledger. Any other --host wants a --token, which is
better given as TOKENSIFT_TOKEN: command lines can be seen by others.

Examples:
  $ tokensift serve
  $ curl http://127.0.0.1:4777/api/token-usage?task=task-930.1
  $ curl 'http://127.0.0.1:4777/api/usage?by=day,model&since=7d'`;

export const RUN_HELP = `
Its transcripts are found by the lead's session and the team's name, in the
project's folders only; its window is that of its run manifest and runEndedAt.

Examples:
  $ tokensift run .orchestrator/runs/1/state/team-state-1.json
  $ tokensift run state/team-state.json --write --json     at the end of a run
  $ tokensift run state/team-state.json --watch            while it is under way
  $ tokensift run state/team-state.json --substitute-data report.data.json

Exit codes: 0 done, 2 could not run: nothing is written then, 130 interrupted.`;

export const SOURCES_HELP = `
Examples:
  $ tokensift sources
  $ tokensift sources --source codex,gemini --json

Folders move with AMP_DATA_HOME, CLAUDE_CONFIG_DIR, CODEX_HOME, COPILOT_HOME,
GEMINI_CLI_HOME, PI_CODING_AGENT_DIR and QWEN_HOME; those of OpenCode and Amp
with XDG_DATA_HOME.`;

export const PRICES_HELP = `
  explain        a cost as its sum, tokens x rate by class; flags say which
  update         fetch a newer price list, from a URL or file if one is given;
                 nothing else here uses the network

Costs are estimates from list prices at the time of use, not a bill.

Examples:
  $ tokensift prices                          models in use on this machine
  $ tokensift prices claude-opus-4-6 'gpt-5*'
  $ tokensift prices --prices ours.json claude-opus-4-8
  $ tokensift prices explain --session 7964f6ff-4a5c-4f9e-9d3c-0a1b2c3d4e5f
  $ tokensift prices explain --by day,model --row '2026-06-01,*opus*'
  $ tokensift prices explain --project '*/shop' --since 7d --json
  $ tokensift prices update`;

export const CACHE_HELP = `
  info    where it is, how much, of how many transcripts
  verify  read all transcripts again, compare, put right what is wrong;
          exit code 1 when anything was
  prune   forget transcripts that are gone
  clear   forget everything

Examples:
  $ tokensift cache info
  $ tokensift cache verify --json            nightly, from cron
  $ tokensift cache clear --cache-dir /tmp/tokensift`;

export const COMPLETION_HELP = `
Examples:
  $ tokensift completion bash \\
      > ~/.local/share/bash-completion/completions/tokensift
  $ tokensift completion zsh > ~/.zfunc/_tokensift        (a folder of $fpath)
  $ tokensift completion fish > ~/.config/fish/completions/tokensift.fish`;
