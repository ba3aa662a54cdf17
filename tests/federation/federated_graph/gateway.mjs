// A gateway that this project did not write over the hub and a council's case list, each on a loopback port.
// Reads {"hub": {sdl, url}, "cases": {sdl, rows, allocated}} from standard input, prints "ready <url>", and serves
// until its input or it is ended.
//
//   node gateway.mjs --modules DIR --gateway hive|apollo
//
// rows: the cases, {reference, openedOn, nhsNumber} each. allocated: NHS number to a worker.
import { createRequire } from 'node:module';
import http from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { modules: { type: 'string' }, gateway: { type: 'string' } } });
const require = createRequire(path.join(path.resolve(options.modules), 'x.js'));
const { graphql, parse } = require('graphql');
const { composeServices } = require('@apollo/composition');
const { buildSubgraphSchema } = require('@apollo/subgraph');

const { hub, cases } = JSON.parse(await text(process.stdin));

const listening = (server) =>
  new Promise((done) => server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${server.address().port}`)));

const childOf = ({ nhsNumber }) => ({ nhsNumber, allocatedTo: cases.allocated[nhsNumber] ?? null });
const caseList = buildSubgraphSchema([
  {
    typeDefs: parse(cases.sdl),
    resolvers: {
      Query: { myCases: () => cases.rows },
      Case: { child: childOf },
      Child: { __resolveReference: childOf },
    },
  },
]);

const answered = (server) => (request, response) =>
  text(request)
    .then((body) => server(JSON.parse(body), request))
    .then((answer) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
    });

const casesUrl = await listening(
  http.createServer(
    answered(({ query, variables }) => graphql({ schema: caseList, source: query, variableValues: variables })),
  ),
);

const { errors, supergraphSdl } = composeServices([
  { name: 'hub', url: hub.url, typeDefs: parse(hub.sdl) },
  { name: 'cases', url: casesUrl, typeDefs: parse(cases.sdl) },
]);
if (errors) throw new Error(errors.map(String).join('\n'));

// Each hands the caller's token on to the subgraphs, and nothing else of the request's headers.
async function hive() {
  const { createGatewayRuntime } = require('@graphql-hive/gateway-runtime');
  const gateway = createGatewayRuntime({
    supergraph: supergraphSdl,
    logging: false,
    maskedErrors: false,
    landingPage: false,
    propagateHeaders: {
      fromClientToSubgraphs: ({ request }) => ({ authorization: request.headers.get('authorization') }),
    },
  });
  return http.createServer(gateway);
}

async function apollo() {
  const { ApolloGateway, RemoteGraphQLDataSource } = require('@apollo/gateway');
  class Relay extends RemoteGraphQLDataSource {
    willSendRequest({ request, context }) {
      if (context.authorization) request.http.headers.set('authorization', context.authorization);
    }
  }
  const gateway = new ApolloGateway({ supergraphSdl, buildService: ({ url }) => new Relay({ url }) });
  const { schema, executor } = await gateway.load();
  return http.createServer(
    answered(({ query, variables }, { headers }) =>
      executor({
        request: { query, variables, http: { headers: new Map() } },
        document: parse(query),
        context: { authorization: headers.authorization },
        queryHash: query,
        operationName: null,
        schema,
        cache: new Map(),
        logger: console,
        overallCachePolicy: {},
        metrics: {},
      }),
    ),
  );
}

const made = await { hive, apollo }[options.gateway]();
process.stdout.write(`ready ${await listening(made)}/graphql\n`);
