// Composes subgraphs with two composers that this project did not write, and builds the first with Apollo's library.
// Reads {"subgraphs": {name: SDL}} from standard input; prints, for each composer, its errors and its supergraph.
//
//   node compose.mjs --modules DIR
import { createRequire } from 'node:module';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { modules: { type: 'string' } } });
const require = createRequire(path.join(path.resolve(options.modules), 'x.js'));
const { parse } = require('graphql');
const apollo = require('@apollo/composition');
const guild = require('@theguild/federation-composition');
const { buildSubgraphSchema } = require('@apollo/subgraph');

const { subgraphs } = JSON.parse(await text(process.stdin));
const services = Object.entries(subgraphs).map(([name, sdl]) => ({
  name,
  url: `http://127.0.0.1:9/${name}`,
  typeDefs: parse(sdl),
}));

const said = ({ errors, supergraphSdl }) => ({
  errors: (errors ?? []).map((error) => ({ code: error.extensions?.code ?? null, message: error.message })),
  supergraph: supergraphSdl ?? null,
});

let built;
try {
  const schema = buildSubgraphSchema(services[0].typeDefs);
  built = { errors: [], entities: schema.getType('_Entity').getTypes().map((type) => type.name) };
} catch (error) {
  built = { errors: [{ code: null, message: String(error) }], entities: [] };
}
process.stdout.write(
  JSON.stringify({ apollo: said(apollo.composeServices(services)), guild: said(guild.composeServices(services)), built }),
);
