#!/usr/bin/env node
import { scan } from "./scan.ts";
const r = await scan({
  paths: process.argv.length > 3 ? process.argv.slice(3) : undefined,
  threads: process.env.T ? Number(process.env.T) : undefined,
});
process.stdout.write(JSON.stringify(r, null, 1) + "\n");
