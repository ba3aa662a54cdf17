// Runs the public GraphQL-over-HTTP server audit: node audit.mjs --modules DIRECTORY URL, the token on standard input.
// Prints a JSON list of {id, name, status}; the status of an audit that is kept is "ok".
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , , modules, url] = process.argv;
const { auditServer } = await import(pathToFileURL(join(modules, 'node_modules/graphql-http/lib/audits/server.mjs')));
const token = readFileSync(0, 'utf8').trim();

const results = await auditServer({
  url,
  fetchFn: (address, options = {}) =>
    fetch(address, { ...options, headers: { ...options.headers, authorization: `Bearer ${token}` } }),
});
console.log(JSON.stringify(results.map(({ id, name, status }) => ({ id, name, status }))));
