// Keys, signed notes, checkpoints and witnesses' policies (docs/log-format.md, "Tree, checkpoint, keys", and C2SP).
import { createHash, createPublicKey, verify as verifySignature } from 'node:crypto';

const LOG = 1, WITNESS = 4; // signature types
const NOTE_BYTES_MAX = 65_536, SIGNATURES_MAX = 64;
const AHEAD_SECONDS_MAX = 300; // so much may a witness's clock be ahead of ours

/** What is wrong, and with which entry (or null, where no single one can be named). */
export class Fault extends Error {
  constructor(message, entry = null) {
    super(message);
    this.entry = entry;
  }
}

export function insist(right, message, entry = null) {
  if (!right) throw new Fault(message, entry);
}

export const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

export function base64(text, what) {
  const bytes = Buffer.from(text, 'base64');
  insist(bytes.toString('base64') === text, `${what}: not base64 as it should be`);
  return bytes;
}

export function number(text, what) {
  insist(/^(?:0|[1-9][0-9]*)$/.test(text) && Number.isSafeInteger(Number(text)), `${what}: not a number as it should be`);
  return Number(text);
}

function makeKey(name, type, raw) {
  const id = sha256(`${name}\n`, Buffer.of(type), raw).subarray(0, 4).toString('hex');
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') };
  return { name, type, id, raw: raw.toString('hex'), public: createPublicKey({ key: jwk, format: 'jwk' }) };
}

/** A key as it is written down: ``name+id+base64(type || public key)``. */
export function parseKey(text, type = LOG) {
  const [, name, id, body] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(text) ?? [];
  insist(name, 'not a key: name+id+base64');
  const bytes = base64(body, 'key');
  insist(bytes[0] === type && bytes.length === 33, `key ${name}: not an Ed25519 key of type ${type}`);
  const key = makeKey(name, type, bytes.subarray(1));
  insist(key.id === id, `key ${name}: its id is not its own`);
  return key;
}

/** A signed note whose text is a checkpoint. Whether its signatures are worth anything is for ``signed`` to say. */
export function parseCheckpoint(bytes, what) {
  insist(bytes.length <= NOTE_BYTES_MAX, `${what}: too long`);
  let note;
  try {
    note = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Fault(`${what}: not UTF-8`);
  }
  insist(!/[\x00-\x09\x0b-\x1f]/.test(note), `${what}: control characters`);
  const gap = note.lastIndexOf('\n\n');
  insist(gap > 0 && note.endsWith('\n') && gap + 2 < note.length, `${what}: not a signed note`);
  const text = note.slice(0, gap + 1);
  const lines = note.slice(gap + 2, -1).split('\n').map((line) => {
    const [, name, body] = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+=*)$/u.exec(line) ?? [];
    insist(name, `${what}: a signature line that is none`);
    const signature = base64(body, `${what}: a signature`);
    insist(signature.length > 4, `${what}: a signature too short`);
    return { name, id: signature.toString('hex', 0, 4), signature: signature.subarray(4) };
  });
  insist(lines.length <= SIGNATURES_MAX, `${what}: too many signatures`);
  const [origin, size, rootText, ...further] = text.slice(0, -1).split('\n');
  insist(origin && rootText !== undefined && further.every(Boolean), `${what}: not a checkpoint`);
  const hash = base64(rootText, `${what}: its root`);
  insist(hash.length === 32, `${what}: its root is no SHA-256`);
  return { what, text, lines, origin, size: number(size, `${what}: its size`), root: hash };
}

/** The line of the note that is this key's and verifies, or nothing. A line in its name and id that does not is a fault. */
function signed(checkpoint, key) {
  const [line, ...others] = checkpoint.lines.filter(({ name, id }) => name === key.name && id === key.id);
  if (!line) return null;
  insist(!others.length, `${checkpoint.what}: two signatures by ${key.name}`);
  const stamped = key.type === WITNESS;
  insist(line.signature.length === (stamped ? 72 : 64), `${checkpoint.what}: a signature of a wrong length by ${key.name}`);
  const seconds = stamped ? line.signature.readBigUInt64BE(0) : null;
  const text = (stamped ? `cosignature/v1\ntime ${seconds}\n` : '') + checkpoint.text;
  insist(verifySignature(null, Buffer.from(text), key.public, line.signature.subarray(stamped ? 8 : 0)),
    `${checkpoint.what}: the signature of ${key.name} is not its own`);
  return { seconds: stamped ? Number(seconds) : null };
}

/** Which keys of the log are trusted, from checkpoint to checkpoint. */
export class Trust {
  constructor(given, origin) {
    this.origin = origin;
    this.trusted = new Map(given.filter(({ name }) => name === origin).map((key) => [key.raw, key]));
    this.changes = []; // not yet covered by a checkpoint: [entry's number, entry]
    this.gone = new Set(); // retired, for ever
    insist(this.trusted.size, `no key is given for the log ${origin}: it is another log`);
  }

  /** What a `key` entry may say depends on those before it; its effect begins at the first checkpoint that covers it. */
  change(number, { act, key: raw }) {
    const added = this.changes.filter(([, change]) => change.act === 'added').map(([, change]) => change.key);
    const held = new Set([...this.trusted.keys(), ...added].filter((each) => !this.gone.has(each)));
    if (act === 'added') insist(!this.gone.has(raw), 'a key that was retired comes back', number);
    else {
      insist(act === 'retired' && held.has(raw) && held.size > 1, 'a change of keys that cannot be', number);
      this.gone.add(raw);
    }
    this.changes.push([number, { act, key: raw }]);
  }

  /** Checkpoints come in ascending order of size. One counts by a key trusted before it and not retired under it. */
  check(checkpoint) {
    const { what, size } = checkpoint;
    insist(checkpoint.origin === this.origin, `${what}: of another log`);
    const covered = this.changes.filter(([number]) => number < size).map(([, change]) => change);
    const retired = new Set(covered.filter(({ act }) => act === 'retired').map(({ key }) => key));
    for (const key of retired) this.trusted.delete(key);
    const signers = [...this.trusted.values()].filter((key) => signed(checkpoint, key)); // each: none may be forged
    insist(signers.length, `${what}: not signed by a key that is trusted there`);
    for (const { act, key: raw } of covered) {
      if (act === 'added' && !retired.has(raw)) this.trusted.set(raw, makeKey(this.origin, LOG, Buffer.from(raw, 'hex')));
    }
    this.changes = this.changes.filter(([number]) => number >= size);
  }
}

/** A tlog-policy: the witnesses' keys, and whether those who cosigned are enough. */
export function parsePolicy(text) {
  const witnesses = new Map(), logs = [];
  const named = new Map([['none', () => true]]);
  const grouped = new Set();
  let quorum;
  for (const line of text.split('\n').map((each) => each.replace(/^[ \t]+|[ \t]+$/g, ''))) {
    if (!line || line.startsWith('#')) continue;
    const [word, name, ...rest] = line.split(/[ \t]+/);
    const fresh = !named.has(name);
    if (word === 'log') logs.push(parseKey(name, LOG));
    else if (word === 'witness' && fresh) {
      const key = parseKey(rest[0] ?? '', WITNESS);
      insist(!witnesses.has(key.raw), 'policy: a witness twice');
      witnesses.set(key.raw, key);
      named.set(name, (signers) => signers.has(key.raw));
    } else if (word === 'group' && fresh) {
      const [least, ...members] = rest;
      const needed = { any: 1, all: members.length }[least] ?? number(least, 'policy');
      insist(needed >= 1 && needed <= members.length, 'policy: a group that cannot be');
      const rules = members.map((member) => {
        insist(member !== 'none' && named.has(member) && !grouped.has(member), `policy: ${member} is unknown, or counted twice`);
        grouped.add(member);
        return named.get(member);
      });
      named.set(name, (signers) => rules.filter((rule) => rule(signers)).length >= needed);
    } else if (word === 'quorum' && !quorum && named.has(name)) quorum = named.get(name);
    else throw new Fault(`policy: a line that is none: ${word}`);
  }
  insist(quorum, 'policy: no quorum');
  return { witnesses: [...witnesses.values()], logs, quorum };
}

/** When the witnesses cosigned, in ms. They must be enough, and lately: one who signed long ago, or in future, is not counted. */
export function cosigned(checkpoint, policy, { ageMax, now }) {
  const found = policy.witnesses.map((key) => [key.raw, signed(checkpoint, key)?.seconds]).filter(([, seconds]) => seconds);
  const recent = found
    .filter(([, seconds]) => now / 1000 - ageMax <= seconds && seconds <= now / 1000 + AHEAD_SECONDS_MAX);
  insist(policy.quorum(new Set(recent.map(([raw]) => raw))), found.length > recent.length
    ? 'the cosignatures are too old, or of the future' : 'the witnesses that are needed did not cosign');
  return found.map(([, seconds]) => seconds * 1000);
}
