// A second verifier of the log, in another language, written from docs/log-format.md alone: nothing of the hub is in it.
// It needs Node 20 and no package.
//
//   node verify.mjs EXPORT --key log.pub [--policy FILE [--age-max SECONDS]] [--known CHECKPOINT]... [--partial]
//   node verify.mjs --proof FILE --entry FILE --key log.pub [--policy FILE [--age-max SECONDS]]
//
// Exit status: 0 everything was checked and is right, 1 something is wrong (the first fault is named), 2 wrong usage.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { parseEntry } from './entry.mjs';
import { base64, cosigned, Fault, insist, number, parseCheckpoint, parseKey, parsePolicy, sha256, Trust } from './note.mjs';
import { Story } from './story.mjs';

const FORMAT = 'safeguarding-hub/log-export@v1';
const DAY_SECONDS = 86_400;
const WIDTH = 256, PROOF_MAX = 63;
/** A mistake of whoever runs this. */
class Usage extends Error {}

const leafHash = (entry) => sha256(Buffer.of(0), entry);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

/** RFC 6962's root of these hashes. */
function root(hashes) {
  if (hashes.length < 2) return hashes[0] ?? sha256();
  const split = 2 ** Math.floor(Math.log2(hashes.length - 1));
  return nodeHash(root(hashes.slice(0, split)), root(hashes.slice(split)));
}

/** The root a proof leads to: ``siblings`` from the leaf's up, for leaf ``index`` of ``size``. */
function climbed(hash, index, size, siblings) {
  insist(index < size, 'the proof is of an entry outside the tree');
  let last = size - 1;
  const left = [...siblings];
  for (; last > 0; index = Math.floor(index / 2), last = Math.floor(last / 2)) {
    if (index % 2 === 0 && index === last) continue; // no sibling at this level
    insist(left.length > 0, 'the proof has too few hashes');
    hash = index % 2 ? nodeHash(left.shift(), hash) : nodeHash(hash, left.shift());
  }
  insist(left.length === 0, 'the proof has too many hashes');
  return hash;
}


// --- Proofs ----------------------------------------------------------------------------------------------------------

/** A tlog-proof: its checkpoint, with the root its hashes lead to from this entry compared. */
function parseProof(bytes, entry, what) {
  const text = bytes.toString('latin1');
  const gap = text.indexOf('\n\n');
  insist(gap > 0, `${what}: not a proof`);
  const [first, ...lines] = text.slice(0, gap).split('\n');
  insist(first === 'c2sp.org/tlog-proof@v1', `${what}: not a proof`);
  const extra = lines[0]?.startsWith('extra ') ? base64(lines.shift().slice(6), what) : null;
  insist(lines[0]?.startsWith('index '), `${what}: no index`);
  const index = number(lines.shift().slice(6), what);
  const hash = entry ? leafHash(entry) : extra;
  insist(hash && extra?.equals(hash), `${what}: of another entry`, index);
  insist(lines.length <= PROOF_MAX, `${what}: too many hashes`, index);
  const siblings = lines.map((line) => base64(line, what));
  insist(siblings.every((each) => each.length === 32), `${what}: a hash of another length`, index);
  const checkpoint = parseCheckpoint(bytes.subarray(gap + 2), what);
  insist(climbed(hash, index, checkpoint.size, siblings).equals(checkpoint.root), `${what}: leads to another root`, index);
  return { index, checkpoint };
}

/** One entry by its proof alone. ``files`` holds the bytes of ``proof`` and ``entry``. */
export function verifyProof(files, { keys, policy = null, ageMax = DAY_SECONDS, now = Date.now() }) {
  const { index, checkpoint } = parseProof(files.proof, files.entry, 'proof');
  new Trust(keys, checkpoint.origin).check(checkpoint);
  if (policy) cosigned(checkpoint, policy, { ageMax, now });
  return { index, size: checkpoint.size };
}

// --- Exports ---------------------------------------------------------------------------------------------------------

/** The path of tile ``n``, of which there are ``count`` hashes or entries. */
function tilePath(level, n, count) {
  const digits = String(n).padStart(Math.ceil(String(n).length / 3) * 3, '0').match(/.../g);
  const name = digits.map((each, i) => (i < digits.length - 1 ? `x${each}` : each)).join('/');
  return `tile/${level}/${name}${count < WIDTH ? `.p/${count}` : ''}`;
}

/** The entries of a bundle, each after its length; of length 0: null. */
function bundled(bytes, count, first) {
  const entries = [];
  let at = 0;
  while (entries.length < count) {
    insist(at + 2 <= bytes.length, 'the bundle is cut short', first + entries.length);
    const end = at + 2 + bytes.readUInt16BE(at);
    insist(end <= bytes.length, 'the bundle is cut short', first + entries.length);
    entries.push(end === at + 2 ? null : bytes.subarray(at + 2, end));
    at = end;
  }
  insist(at === bytes.length, 'bytes after the last entry of the bundle', first + count - 1);
  return entries;
}

class Export {
  constructor(directory) {
    this.directory = directory;
    this.there = new Set(fs.readdirSync(directory, { recursive: true, withFileTypes: true }).filter((each) => !each.isDirectory())
      .map((each) => path.relative(directory, path.join(each.parentPath, each.name)).split(path.sep).join('/')));
    this.digests = new Map(); // of what was read
    this.manifest = this.parseManifest();
    this.head = parseCheckpoint(this.read('checkpoint'), 'checkpoint');
    this.size = this.head.size;
    this.tileRoots = []; // of each full tile of level 0
  }

  read(name) {
    const file = path.join(this.directory, name);
    insist(this.there.has(name) && fs.lstatSync(file).isFile(), `${name} is missing, or no file`);
    const bytes = fs.readFileSync(file);
    this.digests.set(name, sha256(bytes).toString('hex'));
    return bytes;
  }

  parseManifest() {
    let manifest;
    try {
      manifest = JSON.parse(this.read('manifest.json').toString('utf8'));
    } catch (error) {
      throw error instanceof Fault ? error : new Fault('manifest.json: not JSON');
    }
    const { format, origin, size, made, entries, files } = manifest ?? {};
    insist(format === FORMAT, 'manifest.json: of another format');
    insist(typeof origin === 'string' && Number.isSafeInteger(size) && Date.parse(made) && files instanceof Object,
      'manifest.json: not a manifest');
    insist(Array.isArray(entries) && entries.length === 2 && entries.every(Number.isSafeInteger), 'manifest.json: not a manifest');
    return manifest;
  }

  *tile(n) {
    const first = n * WIDTH, count = Math.min(WIDTH, this.size - first);
    const bytes = this.read(tilePath(0, n, count));
    insist(bytes.length === count * 32, 'a tile of a wrong length', first);
    for (let i = 0; i < count; i += 1) yield bytes.subarray(i * 32, i * 32 + 32);
  }

  /** The root of the first ``size`` entries. */
  rootAt(size) {
    const full = Math.floor(size / WIDTH), rest = size % WIDTH;
    return root([...this.tileRoots.slice(0, full), ...(rest ? [root([...this.tile(full)].slice(0, rest))] : [])]);
  }

  /** Reads every entry once. ``told`` gets its number, and what it says or null. */
  walk(told) {
    const [from, to] = this.manifest.entries;
    for (let n = 0, first = 0; first < this.size; n += 1, first += WIDTH) {
      const hashes = [...this.tile(n)], here = first >= from && first < to;
      if (hashes.length === WIDTH) this.tileRoots.push(root(hashes));
      const bodies = here ? bundled(this.read(tilePath('entries', n, hashes.length)), hashes.length, first) : [];
      hashes.forEach((hash, i) => {
        const entry = bodies[i] ? parseEntry(bodies[i]) : null;
        insist(!bodies[i] || entry, 'its bytes are no entry', first + i);
        insist(!bodies[i] || leafHash(bodies[i]).equals(hash), 'it is not what was hashed', first + i);
        told(first + i, entry, here);
      });
    }
  }

  /** The hashes above the entries' own. */
  upperTiles() {
    const [from, to] = this.manifest.entries;
    for (let level = 1, hashes = this.tileRoots; hashes.length; level += 1) {
      const above = [];
      for (let n = 0; n * WIDTH < hashes.length; n += 1) {
        const part = hashes.slice(n * WIDTH, n * WIDTH + WIDTH);
        insist(this.read(tilePath(level, n, part.length)).equals(Buffer.concat(part)), 'a tile that does not fit', n * WIDTH ** (level + 1));
        if (part.length === WIDTH) above.push(root(part));
      }
      hashes = above;
    }
    insist(from % WIDTH === 0 && (to % WIDTH === 0 || to === this.size) && from <= to && to <= this.size, 'manifest.json: entries');
  }

  /** The files are those of the manifest, and no others. */
  files() {
    for (const name of [...this.there].sort()) {
      insist(name === 'manifest.json' || Object.hasOwn(this.manifest.files, name), `${name} is not in the manifest`);
    }
    for (const [name, digest] of Object.entries(this.manifest.files)) {
      if (!this.digests.has(name)) this.read(name);
      insist(this.digests.get(name) === digest, `${name} is not as the manifest says`);
    }
  }

  /** The text beside entries: number -> its commitment, or null where the text itself is not here. */
  sides() {
    const text = this.read('sides.txt').toString('latin1');
    insist(/^(?:[0-9]+\n)*$/.test(text), 'sides.txt: not a list of numbers');
    const numbers = text.split('\n').slice(0, -1).map((line) => number(line, 'sides.txt'));
    insist(numbers.every((each, i) => i === 0 || numbers[i - 1] < each), 'sides.txt: not in order');
    const sides = new Map(numbers.map((each) => [each, null]));
    if (!this.there.has('sides.jsonl')) return sides;
    const rows = this.read('sides.jsonl').toString('utf8').split('\n');
    insist(rows.pop() === '', 'sides.jsonl: without its last newline');
    let last = -1;
    for (const line of rows) {
      const [, index, salt, body] = /^\{"index": (\d+), "salt": "([0-9a-f]{64})", "body": "([^"]*)"\}$/.exec(line) ?? [];
      const one = number(index ?? '', 'sides.jsonl');
      insist(one > last && sides.has(one), 'sides.jsonl has text that sides.txt has not, twice, or not in order', one);
      last = one;
      sides.set(one, sha256(Buffer.of(2), Buffer.from(salt, 'hex'), base64(body, 'sides.jsonl')).toString('hex'));
    }
    return sides;
  }

  proofs(sides) {
    const all = [...this.there].map((name) => /^proofs\/(\d+)\.tlog-proof$/.exec(name)).filter(Boolean);
    return all.map(([name, text]) => {
      const beside = name.replace('.tlog-proof', '.entry');
      const bytes = this.there.has(beside) ? this.read(beside) : null;
      const { index, checkpoint } = parseProof(this.read(name), bytes, name);
      const entry = bytes && parseEntry(bytes);
      insist(!bytes || entry, 'its bytes are no entry', index);
      insist(!entry || !sides.get(index) || sides.get(index) === entry.side, 'the text beside it is another', index);
      insist(index === Number(text), `${name}: of another entry`, index);
      return checkpoint;
    });
  }

  kept() {
    const all = [...this.there].map((name) => /^checkpoints\/(\d+)$/.exec(name)).filter(Boolean);
    return all.map(([name, text]) => {
      const checkpoint = parseCheckpoint(this.read(name), name);
      insist(checkpoint.size === number(text, name), `${name}: of another size`);
      return checkpoint;
    });
  }
}

/** Checks an export. ``known``: checkpoints from earlier, as bytes. ``now`` in ms. Returns what to say of it. */
export function verifyExport(directory, options) {
  const { keys, policy = null, ageMax = DAY_SECONDS, known = [], partial = false, now = Date.now() } = options;
  const all = new Export(directory);
  const { head, size, manifest } = all;
  insist(manifest.origin === head.origin && manifest.size === size, 'manifest.json: of another log, or size');
  insist(partial || (manifest.entries[0] === 0 && manifest.entries[1] === size), 'the export lacks entries: it is a part of the log');
  const earlier = known.map((each) => parseCheckpoint(each, 'the known checkpoint'));
  insist(earlier.every((each) => each.size <= size), 'the log is shorter than it was (rollback)');

  const trust = new Trust(keys, head.origin), sides = all.sides(), story = new Story(sides);
  let contradiction = null; // told only once it is known that these are the entries that were signed
  all.walk((index, entry, here) => {
    if (contradiction) return;
    try {
      if (!entry) story.without(index, here);
      else story.entry(index, entry);
      if (entry?.kind === 'key') trust.change(index, entry);
    } catch (error) {
      contradiction = error;
    }
  });
  let right = 0;
  for (const checkpoint of [...earlier, ...all.proofs(sides), ...all.kept(), head].sort((a, b) => a.size - b.size)) {
    insist(checkpoint.size <= size, `${checkpoint.what}: larger than the log`);
    insist(all.rootAt(checkpoint.size).equals(checkpoint.root),
      `${checkpoint.what}: another root; the first fault is among the entries from ${right} to ${checkpoint.size - 1}`);
    trust.check(checkpoint);
    right = checkpoint.size;
  }
  all.upperTiles();
  if (contradiction) throw contradiction;
  const times = policy ? cosigned(head, policy, { ageMax, now }) : [];
  story.close(Math.max(story.newest, Date.parse(manifest.made), ...times), size);
  all.files();
  return { size, open: story.open.size, cosigned: times.length };
}

// --- The command -----------------------------------------------------------------------------------------------------

function given(file) {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    throw new Usage(`${file} cannot be read: ${error.code}`);
  }
}

/** What was said on the command line, read. */
export function readOptions(values) {
  if (!values.key?.length) throw new Usage('--key FILE is needed: the log\'s public key, from somebody you trust');
  const ageMax = Number(values['age-max'] ?? DAY_SECONDS);
  if (!(ageMax > 0)) throw new Usage('--age-max is a number of seconds');
  const policy = values.policy ? parsePolicy(given(values.policy).toString('utf8')) : null;
  const lines = values.key.flatMap((file) => given(file).toString('utf8').split('\n').filter(Boolean));
  const keys = [...lines.map((line) => parseKey(line)), ...(policy?.logs ?? [])];
  return { keys, policy, ageMax, partial: values.partial, known: (values.known ?? []).map(given) };
}

function main() {
  const text = { type: 'string' }, texts = { type: 'string', multiple: true };
  const { values, positionals } = parseArgs({ allowPositionals: true, options: {
    key: texts, policy: text, known: texts, proof: text, entry: text, 'age-max': text, partial: { type: 'boolean' } } });
  const options = readOptions(values);
  if (values.proof && values.entry && !positionals.length) {
    const { index, size } = verifyProof({ proof: given(values.proof), entry: given(values.entry) }, options);
    return `The proof is right: entry ${index} is in the log of ${size}.`;
  }
  if (positionals.length !== 1 || !fs.existsSync(positionals[0])) throw new Usage('one directory is needed: the export');
  const { size, open, cosigned: witnesses } = verifyExport(positionals[0], options);
  return `The export is right: ${size} entries, ${open} questions still open, ${witnesses} witnesses.`;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    console.log(main());
  } catch (error) {
    const wrong = error instanceof Fault;
    console.error(wrong && error.entry !== null ? `Entry ${error.entry}: ${error.message}` : error.message);
    process.exitCode = wrong || !(error instanceof Usage || error.code?.startsWith('ERR_PARSE_ARGS')) ? 1 : 2;
  }
}
