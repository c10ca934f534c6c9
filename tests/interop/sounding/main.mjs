// Reads transcripts, one a line, and says for each "ok", or which check failed, at which entry, and why.
//
//     node main.mjs < transcripts.jsonl
//
// A line is a transcript, or { base: number of an earlier line, .. } with what is different in it, entries by their number
// (null: left out). A transcript that says what must come out (sid, h, th, tests, x, y, order, state, results, failed) is
// held to it. A case whose `class` is not "ok" is one whose last entry, and no other, does not count.

import { isDeepStrictEqual } from "node:util";
import { createInterface } from "node:readline";
import { Refused } from "./encoding.mjs";
import { play, verify } from "./verify.mjs";

const judge = (transcript) => {
  if ((transcript.class ?? "ok") !== "ok" || !("results" in transcript)) return play(transcript) && "ok";
  for (const [name, found] of Object.entries(verify(transcript)))
    if (!isDeepStrictEqual(found, transcript[name])) throw new Refused("outcome", `${name} is not what was said`);
  return "ok";
};

const lines = [];
for await (const line of createInterface({ input: process.stdin })) {
  const { base, entries, ...change } = JSON.parse(line);
  const below = lines[base];
  const altered = below?.entries.map((entry, k) => (entries && k in entries ? entries[k] : entry)).filter(Boolean);
  const transcript = below ? { ...below, ...change, entries: altered } : { ...change, entries };
  lines.push(transcript);
  try {
    console.log(judge(transcript));
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    console.log(`${problem.check} at ${problem.entry ?? "the end"}: ${problem.message}`);
  }
}
