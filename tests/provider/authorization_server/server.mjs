// A certified OpenID provider that this project did not write (oidc-provider), on a loopback port, as a partnership would
// set it up for the hub: code flow with PKCE, pushed requests, private_key_jwt, DPoP, purpose and case in the token.
//
//   node server.mjs --modules DIR
//
// Standard input has one JSON object a line. The first is the set-up:
//   {audience, type, alg, seconds, clients: [...], workers: {id: {organisation, role}}}
// and is answered by "ready <issuer>". Each later one is {"keys": ["b", "a"]}: publish these keys and sign with the first.
// It is answered by "done". A name that is new is a new key. The server ends when its input does.
import { createRequire } from 'node:module';
import { generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import path from 'node:path';
import readline from 'node:readline';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { modules: { type: 'string' } } });
const require = createRequire(path.join(path.resolve(options.modules), 'x.js'));
const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));

const made = new Map();
function key(name, alg) {
  if (!made.has(name)) {
    const [type, parameters] = {
      PS256: ['rsa', { modulusLength: 2048 }], ES256: ['ec', { namedCurve: 'P-256' }], Ed25519: ['ed25519', {}],
    }[alg];
    const jwk = generateKeyPairSync(type, parameters).privateKey.export({ format: 'jwk' });
    made.set(name, { ...jwk, kid: name, use: 'sig', alg });
  }
  return made.get(name);
}

function configuration(setup, names) {
  const { alg, audience } = setup;
  return {
    clients: setup.clients.map((client) => ({
      grant_types: ['authorization_code', 'client_credentials'],
      response_types: ['code'],
      authorization_details_types: [setup.type],
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      id_token_signed_response_alg: alg,
      ...client,
    })),
    jwks: { keys: names.map((name) => key(name, alg)) },
    cookies: { keys: ['for tests only'] },
    clientAuthMethods: ['private_key_jwt'],
    clientDefaults: { id_token_signed_response_alg: alg },
    responseTypes: ['code'],
    enabledJWA: { idTokenSigningAlgValues: [alg] },
    scopes: ['openid', 'ask'],
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    ttl: { AccessToken: setup.seconds, ClientCredentials: setup.seconds, IdToken: 300 },
    findAccount: (_, id) => setup.workers[id] && {
      accountId: id, claims: () => ({ sub: id, ...setup.workers[id] }),
    },
    // RFC 9068 s.2.2.1: how old the sign-in is, for step-up; and the worker's agency and role, for the register.
    extraTokenClaims: (ctx, token) => {
      const client = setup.clients.find(({ client_id }) => client_id === ctx.oidc.client.clientId);
      if (token.kind !== 'AccessToken') return { organisation: client.client_name };
      return { ...setup.workers[token.accountId], auth_time: ctx.oidc.entities.AuthorizationCode.authTime };
    },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true }, // a sign-in page that takes any name: this is a test
      dPoP: { enabled: true },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'ask', audience, accessTokenFormat: 'jwt', jwt: { sign: { alg, kid: names[0] } },
        }),
      },
      richAuthorizationRequests: {
        enabled: true,
        types: { [setup.type]: { validate: () => {} } },
        authorizationDetailsForGrantSource: (ctx) => JSON.parse(ctx.oidc.params.authorization_details),
        authorizationDetailsForAccessToken: (ctx, token, source) => (
          source ? source.rar : JSON.parse(ctx.oidc.params.authorization_details)
        ),
        authorizationDetailsForIntrospection: (_, token) => token.rar,
      },
    },
  };
}

let setup;
let answer;
const server = http.createServer((request, response) => answer(request, response));

function publish(names) {
  const { port } = server.address();
  answer = new Provider(`http://127.0.0.1:${port}`, configuration(setup, names)).callback();
}

server.listen(0, '127.0.0.1', () => {
  const input = readline.createInterface({ input: process.stdin });
  input.on('line', (line) => {
    const told = JSON.parse(line);
    if (setup === undefined) {
      setup = told;
      publish(['a']);
      process.stdout.write(`ready http://127.0.0.1:${server.address().port}\n`);
    } else {
      publish(told.keys);
      process.stdout.write('done\n');
    }
  });
  input.on('close', () => process.exit());
});
