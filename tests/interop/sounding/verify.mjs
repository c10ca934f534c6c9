// A whole sounding, judged from spec/sounding.md alone: every message in order, then what must come of it.
//
//     { channel, roster: [{ seat, active, observer }],
//       entries: [{ id, position, arrival, seat, audience, kind, body }, ..], all of them hex but the numbers }
//
// `verify` gives the sounding as everybody must have it; it throws `Refused` at the first entry that does not count.

import { H, Refused, bytes, count, decode, enc, hex, many, must, once, prose, words } from "./encoding.mjs";
import { B, IDENTITY, added, bytesOf, point, times } from "./group.mjs";
import { PROOFS } from "./proofs.mjs";

const ZERO = Buffer.alloc(32);
const MINUS_B = bytesOf(B.negate());
const LONGEST = 90 * 288;
const proved = (check, holds, ...parts) => must(PROOFS[holds](...parts), check, "the proof does not hold");
const cut = (raw, size, many_) => {
  must(raw.length === size * many_, "size", `${raw.length} bytes, not ${size * many_}`);
  return Array.from({ length: many_ }, (_, k) => raw.subarray(size * k, size * k + size));
};
const both = (pair) => [pair.subarray(0, 32), pair.subarray(32, 64), pair.subarray(64)];
const same = (a, b) => a.length === b.length && a.every((seat, k) => seat.equals(b[k]));
const sorted = (seats) => [...seats].sort(Buffer.compare);
const distinct = (seats) => seats.every((seat, k) => seats.findIndex((other) => seat.equals(other)) === k);
const among = (seat, seats) => seats.some((other) => seat.equals(other));
const proper = (raws) => {
  const found = added(raws);
  must(!found.equals(IDENTITY), "identity", "a sum that is the identity");
  return found;
};

// 2 and 3: the bodies
const seat = bytes(16);
const SHARE = { item: bytes(32), position: count, points: bytes(), proof: bytes(64) };
const SHAPES = {
  open: {
    question: words, options: many(words), rule: words, required: many(seat), quorum: count, reveal: words,
    voters: many(seat), releaser: seat, ballots_by: count, ends_by: count,
  },
  key: { item: bytes(32), h: bytes(32), proof: bytes(64), commit: bytes(32) },
  ballot: { item: bytes(32), pairs: bytes(), proof: bytes() },
  blind: { item: bytes(32), blinds: bytes(), order: bytes(32) },
  share: SHARE,
  ack: { item: bytes(32), position: count, value: bytes(32) },
  release: SHARE,
  show: SHARE,
  withdraw: { item: bytes(32) },
};

const read = once((raw, name) => decode(raw, SHAPES[name]));

// 2. Terms. Whether two options are alike is told with Node's case mapping, which stands in for case folding.
const folded = (text) => {
  const fold = (t) => t.normalize("NFKC").toUpperCase().toLowerCase().replace(/[ \u200c\u200d]/g, "");
  return fold(fold(text.replace(/[\s\ufe0e\ufe0f]/g, ""))).normalize("NFKC");
};
const checkTerms = (t, entry, roster) => {
  must(prose(t.question, 2000), "terms", "the question");
  must(t.options.every((option) => prose(option, 500)), "terms", "an option");
  must(t.options.length >= 1 && t.options.length <= (t.reveal === "first" ? 32 : 1000), "terms", "the number of options");
  must(new Set(t.options.map(folded)).size === t.options.length, "terms", "two options alike");
  must(["first", "all"].includes(t.reveal), "terms", "reveal");
  must(t.voters.length >= 2 && t.voters.length <= 32 && same(sorted(t.voters), t.voters) && distinct(t.voters), "terms", "voters");
  must(!among(t.releaser, t.voters), "terms", "the releaser votes");
  const others = t.voters.length - t.required.length;
  const quorum = t.rule === "quorum" && t.required.every((one) => among(one, t.voters)) && t.quorum >= 1 && t.quorum <= others;
  must(same(sorted(t.required), t.required) && distinct(t.required), "terms", "the required seats");
  must(!quorum || t.options.length * (others - t.quorum + 1) <= 4096, "terms", "more tests than fit an entry");
  must(quorum || (t.rule === "all" && !t.required.length && !t.quorum), "terms", "rule");
  must(entry.arrival < t.ballots_by && t.ballots_by < t.ends_by && t.ends_by <= entry.arrival + LONGEST, "terms", "hours");
  const part = sorted([...t.voters, t.releaser]);
  must(same(entry.audience, among(entry.seat, part) ? part : sorted([...part, entry.seat])), "audience", "of OPEN");
  for (const one of entry.audience) {
    const known = roster.find((held) => hex(held.seat).equals(one));
    must(known?.active && !known.observer, "terms", "somebody who cannot take part");
  }
};

class Sounding {
  constructor(channel, entry, roster) {
    this.terms = read(entry.body, "open");
    checkTerms(this.terms, entry, roster);
    [this.id, this.asker, this.audience, this.voters] = [entry.id, entry.seat, entry.audience, this.terms.voters];
    this.part = sorted([...this.voters, this.terms.releaser]);
    this.first = this.terms.reveal === "first";
    this.sid = H("bc1/sounding/open", channel, entry.id, entry.body);
    this.rounds = { key: [], ballot: [], blind: [] };
    this.openings = [];
    [this.state, this.results, this.failed] = ["keys", [], 0];
  }

  // 3: who, to whom, when; then the message itself
  hear(entry, left) {
    const name = entry.kind.replace(/^sounding\./, "");
    must(name !== "open" && Object.hasOwn(SHAPES, name), "kind", entry.kind);
    const body = read(entry.body, name);
    must(body.item.equals(this.id), "item", "of another sounding");
    const here = this.audience.filter((one) => !among(one, left));
    must(same(entry.audience, name === "share" ? this.voters : here), "audience", "to others than those whom it is for");
    const may = { key: this.part, release: [this.terms.releaser], withdraw: [this.asker] };
    must(among(entry.seat, may[name] ?? this.voters), "seat", "not this seat's to post");
    const waiting = ["keys", "ballots"].includes(this.state);
    must(entry.arrival < (waiting ? this.terms.ballots_by : this.terms.ends_by), "late", "the hour has passed");
    must(this.state === "closed" || !this.part.some((one) => among(one, left)), "left", "somebody who takes part has left");
    this[name]({ seat: entry.seat, raw: entry.body, ...body });
  }

  keep(round, message, all) {
    must(!round.some((held) => held.seat.equals(message.seat)), "repeat", "this seat has posted in this round");
    round.push(message);
    round.sort((a, b) => Buffer.compare(a.seat, b.seat));
    return round.length === all.length;
  }

  of(round, message) {
    return this.rounds[round].find((held) => held.seat.equals(message.seat));
  }

  in(state) {
    must(this.state === state, "stage", `while it is ${this.state}`);
  }

  thread(number, round) {
    return H("bc1/sounding/th", this.sid, number, enc(...this.rounds[round].map((message) => message.raw)));
  }

  // 3.1
  key(m) {
    this.in("keys");
    const wanted = this.first && among(m.seat, this.voters);
    must(m.commit.equals(ZERO) !== wanted, "commit", "a commitment where there is none, or none");
    proved("pok", "pok", [this.sid, m.seat], m.h, m.proof);
    if (!this.keep(this.rounds.key, m, this.part)) return;
    this.h = proper(this.rounds.key.map((held) => held.h));
    [this.th1, this.state] = [this.thread(1, "key"), "ballots"];
  }

  // 3.2
  ballot(m) {
    this.in("ballots");
    const options = this.terms.options.length;
    m.pairs = cut(m.pairs, 64, options).map(both);
    m.pairs.forEach(([a, c]) => [point(a), point(c)]);
    const ctx = [this.sid, m.seat, this.th1];
    if (this.terms.rule === "all") {
      cut(m.proof, 128, 1);
      proved("mpok", "mpok", ctx, this.h, m.pairs.flatMap(([a, c]) => [a, c]), m.proof);
    } else {
      cut(m.proof, 128, options).forEach((proof, k) => proved("or", "either", [...ctx, k], this.h, ...m.pairs[k].slice(0, 2), proof));
    }
    if (!this.keep(this.rounds.ballot, m, this.voters)) return;
    this.tests = this.terms.options.flatMap((_, option) => this.sums(option));
    [this.th2, this.state] = [this.thread(2, "ballot"), "blinds"];
  }

  // 3.3
  sums(option) {
    const { rule, required, quorum } = this.terms;
    const [n, q] = [this.voters.length, required.length];
    const m = n - q;
    const weight = (held) => (rule === "quorum" && among(held.seat, required) ? m + 1 : 1);
    const [a, c] = [0, 1].map((which) => proper(this.rounds.ballot.map((held) => times(weight(held), held.pairs[option][which]))));
    if (rule === "all") return [{ option, tally: n, a, c }];
    return Array.from({ length: m - quorum + 1 }, (_, k) => {
      return { option, tally: q + quorum + k, a, c: proper([c, times((m + 1) * q + quorum + k, MINUS_B)]) };
    });
  }

  // 3.4
  blind(m) {
    this.in("blinds");
    const committed = this.first ? H("bc1/sounding/order", this.sid, m.seat, m.order) : m.order;
    must(committed.equals(this.of("key", m).commit), "order", "not what was committed to");
    m.blinds = cut(m.blinds, 128, this.tests.length).map(both);
    m.blinds.forEach(([x, y, proof], z) => {
      proved("dleq", "dleq", [this.sid, m.seat, this.th2, z], this.tests[z].a, x, this.tests[z].c, y, proof);
    });
    if (!this.keep(this.rounds.blind, m, this.voters)) return;
    [this.x, this.y] = [0, 1].map((which) => this.tests.map((_, z) => proper(this.rounds.blind.map((held) => held.blinds[z][which]))));
    const joint = enc(...this.rounds.blind.map((held) => held.order));
    const place = (option) => H("bc1/sounding/place", this.sid, joint, option);
    const options = this.terms.options.map((_, option) => option);
    this.order = this.first ? options.sort((a, b) => Buffer.compare(place(a), place(b))) : [];
    [this.th3, this.state] = [this.thread(3, "blind"), "opening"];
    this.next();
  }

  // 3.10
  next() {
    const option = this.order[this.openings.length];
    const tests = [...this.tests.keys()].filter((z) => !this.first || this.tests[z].option === option);
    this.openings.push({ tests, share: [], ack: [], release: [], show: [] });
  }

  opening(m) {
    this.in("opening");
    must(m.position === this.openings.length - 1, "position", "not what is to be opened now");
    return this.openings[m.position];
  }

  checkShare(m, opening) {
    const opened = opening.tests.map((z) => this.x[z]);
    m.points = cut(m.points, 32, opened.length);
    m.points.forEach(point);
    proved("bdleq", "bdleq", [this.sid, m.seat, this.th3, m.position], this.of("key", m).h, opened, m.points, m.proof);
  }

  // 3.5
  share(m) {
    const opening = this.opening(m);
    this.checkShare(m, opening);
    this.keep(opening.share, m, this.voters);
  }

  // 3.6
  ack(m) {
    const opening = this.opening(m);
    must(opening.share.length === this.voters.length, "stage", "before all shares are in");
    const [x, shares] = [opening.tests.map((z) => this.x[z]), opening.share.map((held) => held.raw)];
    const value = H("bc1/sounding/ack", this.sid, m.position, enc(...x), enc(...shares));
    must(m.value.equals(value), "ack", "not of these shares");
    this.keep(opening.ack, m, this.voters);
  }

  // 3.7
  release(m) {
    const opening = this.opening(m);
    must(opening.share.length === this.voters.length, "stage", "before all shares are in");
    this.checkShare(m, opening);
    this.keep(opening.release, m, [m.seat]);
    this.decide(opening);
  }

  // 3.8
  decide({ tests, share, release }) {
    const holds = (z, k) => added([...share, ...release].map((held) => held.points[k])).equals(this.y[z]);
    const passed = tests.filter(holds).map((z) => ({ option: this.tests[z].option, tally: this.tests[z].tally }));
    this.results.push(...passed);
    this.failed += passed.length ? 0 : 1;
    if (passed.length || !this.first || this.openings.length === this.order.length) this.state = "closed";
    else this.next();
  }

  // 3.9
  show(m) {
    const opening = this.openings[m.position];
    must(opening?.release.length, "stage", "before it was released");
    const before = opening.share.find((held) => held.seat.equals(m.seat));
    must(before.raw.equals(m.raw), "show", "another share than the one that was given");
    this.keep(opening.show, m, this.voters);
  }

  // 4.2
  withdraw() {
    must(["keys", "ballots"].includes(this.state) && !this.rounds.ballot.length, "stage", "somebody has answered");
    this.state = "withdrawn";
  }

  // What all must come to, once all was shown.
  told() {
    must(this.state === "closed", "unfinished", `it is ${this.state} still`);
    const whole = ({ ack, show }) => ack.length === this.voters.length && show.length === this.voters.length;
    must(this.openings.every(whole), "unfinished", "not all have acknowledged the shares, or shown theirs");
    const text = (raw) => raw.toString("hex");
    const tests = this.tests.map((test) => ({ ...test, a: text(test.a), c: text(test.c) }));
    const [th, x, y] = [[this.th1, this.th2, this.th3], this.x, this.y].map((list) => list.map(text));
    const { state, results, failed, order } = this;
    return { sid: text(this.sid), h: text(this.h), th, tests, x, y, order, state, results, failed };
  }
}

const seen = new WeakMap();
const parsed = (entry) => {
  if (!seen.has(entry)) {
    const raw = Object.fromEntries(["id", "seat", "body"].map((name) => [name, hex(entry[name])]));
    seen.set(entry, { ...entry, ...raw, audience: entry.audience.map(hex) });
  }
  return seen.get(entry);
};

// The sounding after all entries; a `Refused` says in `entry` which one does not count.
export const play = ({ channel, roster, entries, left = [] }) => {
  let sounding;
  entries.map(parsed).forEach((entry, number, all) => {
    try {
      const before = all[number - 1];
      must(!before || (entry.position > before.position && entry.arrival >= before.arrival), "log", "entries out of order");
      must(number || entry.kind === "sounding.open", "kind", "does not begin with OPEN");
      if (number) sounding.hear(entry, number === all.length - 1 ? left.map(hex) : []);
      else sounding = new Sounding(hex(channel), entry, roster);
    } catch (problem) {
      throw problem instanceof Refused ? Object.assign(problem, { entry: number }) : problem;
    }
  });
  must(sounding, "kind", "no entries");
  return sounding;
};
export const verify = (transcript) => play(transcript).told();
