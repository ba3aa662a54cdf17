// Many exports in one process, for tests. Standard input has one JSON object a line, the answer a line for each:
//   {"directory", "keys": [...], "known": [...], "policy"?, "partial"?, "ageMax"?, "now": ms}
//   {"wrong": null} or {"wrong": "what", "entry": number or null}
// or an entry, {"entry": base64}, which is answered by true or false: whether it is one.
import readline from 'node:readline';
import { parseEntry } from './entry.mjs';
import { Fault, parseKey, parsePolicy } from './note.mjs';
import { verifyExport } from './verify.mjs';

function check({ directory, keys, known, policy, ...more }) {
  const parsed = policy ? parsePolicy(policy) : null;
  const trusted = [...keys.map((key) => parseKey(key)), ...(parsed?.logs ?? [])];
  verifyExport(directory, { keys: trusted, policy: parsed, known: known.map((each) => Buffer.from(each)), ...more });
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const told = JSON.parse(line);
  let said = { wrong: null };
  try {
    if (told.entry !== undefined) said = parseEntry(Buffer.from(told.entry, 'base64')) !== null;
    else check(told);
  } catch (error) {
    if (!(error instanceof Fault)) throw error; // a verifier that falls over has found nothing
    said = { wrong: error.message, entry: error.entry };
  }
  console.log(JSON.stringify(said));
}
