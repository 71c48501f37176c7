/** The tally's loops over all records, events and groups. Everything that is met seldom is the host's. */
export * from "./table";
export * from "./columns";
export * from "./narrow";
export * from "./checksum";
export * from "./cursors";
export * from "./codex";
export * from "./repeated";
export * from "./buckets";
export * from "./groups";
export * from "./prices";
export * from "./cells";
export * from "./rows";
export * from "./shared-ids";
export * from "./sums";
