// The entries of the log, version 1: each kind is one regular expression (docs/log-format.md, "The entry").

const CODE = '"[A-Za-z0-9*][A-Za-z0-9_.:/*-]{0,79}"';
const COUNT = '(?:0|[1-9][0-9]{0,15})'; // and not above 2^53 - 1, see parseEntry
const REFERENCE = '"[0-9a-f]{32}"', DIGEST = '"[0-9a-f]{64}"';
const DAY = '(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))';
const LEAP_YEAR = '(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)';
const MOMENT = `"(?!0000)(?:[0-9]{4}-${DAY}|${LEAP_YEAR}-02-29)T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\.[0-9]{3}Z"`;
const or = (form) => `(?:${form}|null)`;
const anyOf = (...words) => `"(?:${words.join('|')})"`;
const row = (...forms) => `\\[${forms.join(',')}\\]`;
const list = (form, most = '') => `\\[(?:${form}(?:,${form}){0,${most}})?\\]`;
const keys = (fields) => Object.entries(fields).map(([key, form]) => `,"${key}":${form}`).join('');
const maybe = (fields) => `(?:${keys(fields)})?`;

const GROUP = row(anyOf('shared', 'shared_with_handling', 'withheld', 'ask', 'gap', 'out_of_scope'), list(CODE), list(CODE),
  '(?:true|false)', or(COUNT));
const RECORDS = list(row(CODE, CODE, COUNT, list(GROUP)));
const STATE = anyOf('answered', 'not_held', 'possible_match', 'no_answer', 'not_asked');
const SOURCES = list(row(CODE, STATE, or(CODE), or(COUNT), or(COUNT)));
const MATCHES = list(row(CODE, anyOf('same', 'review', 'different', 'unknown'), COUNT, list(row(CODE, CODE))));
const ACTOR = { client: CODE, organisation: CODE, worker: or(REFERENCE), role: CODE };
const acted = (fields) => keys({ ...ACTOR, ...fields });

const KINDS = {
  question: keys({ ...ACTOR, token: CODE, purpose: CODE, gateway: or(CODE), decision: or(row(REFERENCE, MOMENT)),
    case: REFERENCE, subject: REFERENCE, policy: DIGEST, document: DIGEST, asked: list(row(CODE, list(CODE))), trace: REFERENCE })
    + maybe({ look_back: row(or(COUNT), CODE) }) + maybe({ side: DIGEST }),
  answer: keys({ question: COUNT, outcome: anyOf('joined_view', 'possible_matches', 'no_match'), sources: SOURCES,
    matches: MATCHES, records: RECORDS }) + maybe({ parts: `(?!0)${COUNT}` }),
  records: keys({ question: COUNT, records: RECORDS }),
  refused: keys({ code: CODE, status: COUNT, client: or(CODE), organisation: or(CODE), worker: or(REFERENCE), purpose: or(CODE),
    trace: or(REFERENCE) }),
  abandoned: keys({ question: COUNT, reason: CODE }),
  review: acted({ entry: COUNT, act: CODE, outcome: or(CODE), side: or(DIGEST) }),
  reveal: acted({ reference: REFERENCE, entry: or(COUNT), reason: CODE, side: or(DIGEST) }),
  sample: acted({ preset: CODE, seed: DIGEST, population: COUNT, drawn: COUNT }),
  export: acted({ entries: COUNT, size: COUNT, manifest: DIGEST, reason: CODE }),
  report: acted({ subject: REFERENCE, size: COUNT, reason: CODE }),
  consultation: acted({ seen: CODE, entry: or(COUNT), wanted: or(DIGEST) }),
  judgement: acted({ act: CODE, judgement: REFERENCE, word: CODE, custodian: or(CODE), subject: REFERENCE, until: or(MOMENT) }),
  match: acted({ act: CODE, confirmation: REFERENCE, custodian: CODE, subject: REFERENCE, until: or(MOMENT) }),
  release_request: acted({ act: CODE, request: REFERENCE, answer: COUNT, line: COUNT, ground: or(CODE), side: or(DIGEST) }),
  register: acted({ act: CODE, register: DIGEST }),
  hold: acted({ act: CODE, subject: REFERENCE, reason: CODE, side: or(DIGEST) }),
  erasure: acted({ reason: CODE, references: list(REFERENCE, 999), sides: list(COUNT, 999) }),
  year: acted({ year: COUNT, size: COUNT, root: DIGEST }),
  prune: acted({ before: COUNT, kept: COUNT, archive: DIGEST, reason: CODE }),
  key: acted({ act: CODE, key: DIGEST }),
};
const FORMS = new Map(Object.entries(KINDS).map(([kind, form]) =>
  [kind, new RegExp(`^\\{"v":1,"kind":"${kind}","at":${MOMENT},"nonce":${REFERENCE}${form}\\}$`)]));

/** The entry these bytes are, or nothing: bytes that no writer would have written are no entry. */
export function parseEntry(bytes) {
  const text = bytes.toString('latin1');
  const form = FORMS.get(/^\{"v":1,"kind":"([a-z_]+)"/.exec(text)?.[1]);
  if (!form?.test(text)) return null;
  let exact = true;
  const entry = JSON.parse(text, (key, value) => {
    exact &&= typeof value !== 'number' || Number.isSafeInteger(value);
    return value;
  });
  return exact ? entry : null;
}
