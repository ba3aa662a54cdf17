// What the log's entries say of each other (docs/log-format.md): ends of questions, parts, texts beside entries, prunings.
import { insist } from './note.mjs';

const OPEN_SECONDS_MAX = 600;

/** Told of each entry once, in order. */
export class Story {
  constructor(sides) {
    this.sides = sides; // entry's number -> commitment to the text beside it (null: the text is not here)
    this.open = new Map(); // question's number -> when it was asked
    this.unseen = new Set(); // entries without bytes: pruned, or (of a part of the log) not here
    this.endedUnseen = new Set();
    this.pruned = []; // those of them that were pruned, ascending
    this.lastUnseen = this.lastAbsent = -1;
    this.gone = new Set(); // entries without the text they had
    this.erasures = new Set(); // and those of them that an erasure names
    this.parts = { question: null, count: 0, cut: false };
    this.newest = -Infinity;
    this.prunedBefore = 0;
  }

  /** An entry without its bytes: pruned, or (of a part of the log) not here. */
  without(index, pruned) {
    this.unseen.add(index);
    this.lastUnseen = index;
    if (pruned) this.pruned.push(index);
    else this.lastAbsent = index;
    this.parts = { question: null, count: 0, cut: true };
  }

  entry(index, entry) {
    this.newest = Date.parse(entry.at);
    const { parts } = this;
    const fits = entry.question === parts.question;
    if (entry.kind === 'records') {
      this.knows(index, entry.question);
      insist(!parts.count || fits, 'parts of two answers are mixed', index);
      this.parts = { ...parts, question: entry.question, count: parts.count + 1 };
    } else {
      const wanted = entry.kind === 'answer' ? entry.parts ?? 0 : 0;
      const right = wanted === parts.count ? !parts.count || fits : parts.cut && wanted > parts.count && (!parts.count || fits);
      insist(right, 'parts are missing, too many, or of another answer', index);
      this.parts = { question: null, count: 0, cut: false };
    }
    if (entry.kind === 'question') this.open.set(index, this.newest);
    if (entry.kind === 'answer' || entry.kind === 'abandoned') this.end(index, entry.question);
    if (entry.kind === 'prune') {
      insist(entry.before <= index, 'a pruning of what was not there yet', index);
      this.prunedBefore = Math.max(this.prunedBefore, entry.before);
    }
    if (entry.side) this.beside(index, entry.side);
    else insist(!this.sides.has(index), 'text beside it that nobody committed to', index);
    if (entry.kind === 'erasure') entry.sides.forEach((number) => this.erased(index, number));
  }

  knows(index, question) {
    const known = this.open.has(question) || (this.unseen.has(question) && !this.endedUnseen.has(question));
    insist(known, 'its question is not one, or has an end already', index);
  }

  end(index, question) {
    this.knows(index, question);
    if (!this.open.delete(question)) this.endedUnseen.add(question);
  }

  beside(index, commitment) {
    if (!this.sides.has(index)) this.gone.add(index);
    else insist((this.sides.get(index) ?? commitment) === commitment, 'the text beside it is another', index);
  }

  erased(index, number) {
    insist(!this.sides.has(number), `the text beside entry ${number} was erased, and is there`, index);
    insist(number < index && (this.gone.has(number) || this.unseen.has(number)), `nothing to erase beside entry ${number}`, index);
    this.erasures.add(number);
  }

  /** Nothing may be left over. */
  close(asOf, size) {
    const bare = this.pruned.find((index) => index >= this.prunedBefore);
    insist(bare === undefined, 'its bytes are gone, and no pruning says so', bare);
    insist(this.parts.count === 0, 'parts without an answer', size - 1);
    for (const [question, at] of this.open) {
      insist(question < this.lastUnseen || Math.abs(asOf - at) <= OPEN_SECONDS_MAX * 1000, 'a question without an end', question);
    }
    for (const number of this.gone) {
      insist(this.erasures.has(number) || number < this.lastAbsent, 'the text beside it is gone, and no erasure says so', number);
    }
    for (const number of this.sides.keys()) insist(number < size, 'text beside an entry that is not there', number);
  }
}
