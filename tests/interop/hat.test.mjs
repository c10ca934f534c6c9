// A foreign reader of what is set aside, and a foreign judge of a round of the hat: written from spec/sealing.md (1, 3,
// 5.2, 10, 12) and spec/hat.md (1 to 3) alone.
//
//     node hat.test.mjs FOLDER cases.json       FOLDER holds node_modules
//
// Prints one line of JSON a case: what it holds and how it ended, or {"refused": class}.

import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [folder, file] = process.argv.slice(2);
const { ml_kem768 } = await import(pathToFileURL(path.join(folder, "node_modules", "@noble", "post-quantum", "ml-kem.js")));

const refuse = (code) => {
  throw Object.assign(new Error(code), { refused: code });
};
const need = (fact, code) => fact || refuse(code);
const hex = (text) => Buffer.from(text, "hex");
const uint = (value, size) => hex(BigInt(value).toString(16).padStart(2 * size, "0"));
const ascii = (text) => Buffer.from(text);

// --- sealing.md, 1

const enc = (...parts) =>
  Buffer.concat(
    parts.flatMap((part) => {
      const raw = typeof part === "number" ? uint(part, 8) : Buffer.from(part);
      return [uint(raw.length, 4), raw];
    }),
  );
const digest = (name, raw, options) => crypto.createHash(name, options).update(raw).digest();
const sha256 = (raw) => digest("sha256", raw);
const H = (...parts) => sha256(enc(...parts));
const hmac = (key, raw) => crypto.createHmac("sha256", key).update(raw).digest();
const kdf = (ikm, size, ...parts) => Buffer.from(crypto.hkdfSync("sha256", ikm, "", enc(...parts), size));
const openAead = (key, nonce, sealed, aad) => {
  const cipher = crypto.createDecipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
  cipher.setAAD(aad, { plaintextLength: sealed.length - 16 });
  cipher.setAuthTag(sealed.subarray(-16));
  const plain = cipher.update(sealed.subarray(0, -16));
  try {
    cipher.final();
    return plain;
  } catch {
    return null;
  }
};

// --- X-Wing, and HPKE in base mode with it (RFC 9180, kem 0x647a)

const x25519 = (secret) =>
  crypto.createPrivateKey({ key: Buffer.concat([hex("302e020100300506032b656e04220420"), secret]), format: "der", type: "pkcs8" });
const x25519Public = (raw) =>
  crypto.createPublicKey({ key: Buffer.concat([hex("302a300506032b656e032100"), raw]), format: "der", type: "spki" });
const dh = (secret, raw) => {
  try {
    return crypto.diffieHellman({ privateKey: x25519(secret), publicKey: x25519Public(raw) });
  } catch {
    return null; // a key of small order
  }
};
const xwing = (seed) => {
  const expanded = digest("shake256", seed, { outputLength: 96 });
  const lattice = ml_kem768.keygen(expanded.subarray(0, 64));
  const secret = expanded.subarray(64);
  const pub = crypto.createPublicKey(x25519(secret)).export({ format: "der", type: "spki" }).subarray(-32);
  return { lattice: lattice.secretKey, secret, x: pub, public: Buffer.concat([lattice.publicKey, pub]) };
};
const SUITE = Buffer.concat([ascii("HPKE"), hex("647a00010003")]);
const extract = (salt, label, raw) => hmac(salt, Buffer.concat([ascii("HPKE-v1"), SUITE, ascii(label), raw]));
const expand = (prk, label, info, size) => {
  const whole = Buffer.concat([uint(size, 2), ascii("HPKE-v1"), SUITE, ascii(label), info]);
  return hmac(prk, Buffer.concat([whole, Buffer.of(1)])).subarray(0, size); // one block: none is longer than 32
};
const NONE = Buffer.alloc(0);
const openHpke = (key, info, sealed) => {
  if (sealed.length < 1120 + 16) return null;
  const [lattice, x, rest] = [sealed.subarray(0, 1088), sealed.subarray(1088, 1120), sealed.subarray(1120)];
  const sharedX = dh(key.secret, x);
  if (sharedX === null) return null;
  const both = Buffer.concat([ml_kem768.decapsulate(lattice, key.lattice), sharedX, x, key.x, ascii("\\.//^\\")]);
  const context = Buffer.concat([Buffer.of(0), extract(NONE, "psk_id_hash", NONE), extract(NONE, "info_hash", info)]);
  const secret = extract(digest("sha3-256", both), "secret", NONE);
  return openAead(expand(secret, "key", context, 32), expand(secret, "base_nonce", context, 12), rest, NONE);
};
const properKey = (raw) => {
  need(raw.length === 1216 && dh(Buffer.from([...Array(32).keys()]), raw.subarray(1184)) !== null, "key");
  for (let at = 0; at < 1152; at += 3) {
    // FIPS 203, 7.2: every coefficient below 3329
    const three = raw[at] | (raw[at + 1] << 8) | (raw[at + 2] << 16);
    need((three & 4095) < 3329 && three >> 12 < 3329, "key");
  }
};

// --- sealing.md, 10: the writer is the judge of form

const sized = (length, small, steps) => {
  if (small && length < small[1]) return Buffer.of(small[0] | length);
  const [lead, bytes] = steps.find(([, size]) => length < 2 ** (8 * size));
  return Buffer.concat([Buffer.of(lead), uint(length, bytes)]);
};
const write = (value) => {
  if (typeof value === "bigint") {
    if (value < 128n) return uint(value, 1);
    const [lead, size] = [[0xcc, 1], [0xcd, 2], [0xce, 4], [0xcf, 8]].find(([, bytes]) => value < 2n ** BigInt(8 * bytes));
    return Buffer.concat([Buffer.of(lead), uint(value, size)]);
  }
  if (Buffer.isBuffer(value)) return Buffer.concat([sized(value.length, null, [[0xc4, 1], [0xc5, 2], [0xc6, 4]]), value]);
  if (typeof value === "string") return Buffer.concat([sized(ascii(value).length, [0xa0, 32], [[0xd9, 1], [0xda, 2], [0xdb, 4]]), ascii(value)]);
  if (Array.isArray(value)) return Buffer.concat([sized(value.length, [0x90, 16], [[0xdc, 2], [0xdd, 4]]), ...value.map(write)]);
  const pairs = Object.entries(value);
  return Buffer.concat([sized(pairs.length, [0x80, 16], [[0xde, 2], [0xdf, 4]]), ...pairs.flat().map(write)]);
};
const parse = (raw) => {
  let at = 0;
  const take = (size) => {
    need(at + size <= raw.length, "encoding");
    at += size;
    return raw.subarray(at - size, at);
  };
  const number = (size) => BigInt(`0x${take(size).toString("hex")}`);
  const many = (size) => Array.from({ length: Number(size) }, item);
  const map = (size) => Object.fromEntries(Array.from({ length: Number(size) }, () => [item(), item()]));
  const leads = {
    0xcc: () => number(1), 0xcd: () => number(2), 0xce: () => number(4), 0xcf: () => number(8),
    0xc4: () => take(Number(number(1))), 0xc5: () => take(Number(number(2))), 0xc6: () => take(Number(number(4))),
    0xd9: () => take(Number(number(1))).toString(), 0xda: () => take(Number(number(2))).toString(),
    0xdc: () => many(number(2)),
  };
  const item = () => {
    const lead = take(1)[0];
    if (lead < 0x80) return BigInt(lead);
    if (lead < 0x90) return map(lead & 15);
    if (lead < 0xa0) return many(lead & 15);
    if (lead < 0xc0) return take(lead & 31).toString();
    return (leads[lead] ?? (() => refuse("encoding")))();
  };
  const value = item();
  need(at === raw.length, "encoding");
  return value;
};
const decode = (raw, shape) => {
  const value = parse(raw);
  const names = Object.keys(shape);
  need(!Buffer.isBuffer(value) && !Array.isArray(value) && typeof value === "object", "encoding");
  need(Object.keys(value).sort().join() === [...names].sort().join(), "encoding");
  for (const name of names) need(shape[name](value[name]), "encoding");
  need(write(Object.fromEntries(names.map((name) => [name, value[name]]))).equals(raw), "canonical");
  return value;
};
const bytes = (size) => (value) => Buffer.isBuffer(value) && (size === undefined || value.length === size);
const text = (value) => typeof value === "string";
const count = (value) => typeof value === "bigint";
const list = (ok) => (value) => Array.isArray(value) && value.every(ok);

// --- sealing.md, 3 and 12

const padme = (size) => {
  if (size <= 512) return 512;
  const e = Math.floor(Math.log2(size));
  const step = 2 ** (e - Math.floor(Math.log2(e)) - 1);
  return Math.ceil(size / step) * step;
};
const filled = (raw) => {
  let end = raw.length;
  while (end > 0 && raw[end - 1] === 0) end -= 1;
  return end > 0 && raw[end - 1] === 0x80 ? end : 0;
};
const openBox = (secret, label, channel, body) => {
  need(body.length >= 64 + 16 + 512, "short");
  const [tag, salt, com] = [body.subarray(0, 16), body.subarray(16, 32), body.subarray(32, 64)];
  const derived = kdf(secret, 76, label, channel, salt);
  need(derived.subarray(44).equals(com), "commitment");
  const padded = openAead(derived.subarray(0, 32), derived.subarray(32, 44), body.subarray(64), enc(label, channel, tag, salt, com));
  need(padded !== null, "altered");
  const end = filled(padded);
  need(end > 0 && padme(end) === padded.length, "padding");
  return padded.subarray(0, end - 1);
};
const ASIDE = { act: bytes(), to: list((pair) => bytes(16)(pair[0]) && count(pair[1])), slots: list(bytes()), sealed: bytes() };

const whole = (key) => need(key !== null && key.length === 32, "none") && key;
const slot = (c) =>
  whole(openHpke(xwing(hex(c.seed)), enc("bc1/aside-key", hex(c.channel), hex(c.seat), c.n), hex(c.slot)));
const copy = (c) =>
  whole(openHpke(xwing(hex(c.seed)), enc("bc1/aside-copy", hex(c.channel), hex(c.item), hex(c.seat)), hex(c.slot)));
const words = (c) => {
  const carries = decode(hex(c.body), ASIDE);
  need(carries.sealed.subarray(0, 16).equals(sha256(carries.act).subarray(0, 16)), "tag");
  const plain = openBox(hex(c.key), "bc1/aside", hex(c.channel), carries.sealed);
  const end = filled(plain);
  need(end > 0 && Math.ceil(end / 4096) * 4096 === plain.length, "padding");
  return plain.subarray(0, end - 1);
};
// both: the entry that brings the key, and one that carries words
const aside = (c) => {
  const brings = decode(hex(c.brings), ASIDE);
  const at = brings.to.findIndex(([seat]) => seat.equals(hex(c.seat)));
  need(at >= 0 && brings.to[at][1] === BigInt(c.n) && brings.slots[at].length === 1168, "slots");
  const key = slot({ ...c, slot: brings.slots[at].toString("hex") });
  need(H("bc1/aside-commit", hex(c.channel), key).equals(brings.sealed), "none");
  return words({ ...c, key: key.toString("hex"), body: c.carries });
};

// --- hat.md, 2

const OPEN = { seats: list(bytes(16)), size: count, ends_by: count };
const KEYS = { outer: bytes(1216), inner: bytes(1216) };
const SHOW = { outer: bytes(32), seen: bytes(32) };
const SLIPS = {
  idea: { nonce: bytes(16), title: text, text, counters: bytes(32) },
  reaction: { nonce: bytes(16), item: bytes(32), version: count, stance: text, text },
  question: { nonce: bytes(16), question: text, options: list(text) },
};
const says = (content) => {
  try {
    const kind = parse(content).slip;
    return decode(content, { slip: text, ...SLIPS[kind] }) && kind in SLIPS;
  } catch (error) {
    if (!("refused" in error)) throw error;
    return false;
  }
};

const round = (c) => {
  const act = decode(hex(c.act), OPEN);
  const sid = H("bc1/hat/open", hex(c.channel), hex(c.open), hex(c.act));
  const [n, size] = [act.seats.length, Number(act.size)];
  const names = act.seats.map((seat) => seat.toString("hex"));
  const heard = { key: {}, commit: {}, submit: {}, stage: {}, go: {}, nogo: {}, reveal: {}, show: {} };
  const full = (kind) => Object.keys(heard[kind]).length === n;
  const inOrder = (kind, order = names) => order.filter((name) => name in heard[kind]).map((name) => heard[kind][name]);
  const listOf = (words) => {
    const items = parse(words);
    need(list(bytes())(items) && write(items).equals(words), "encoding");
    return items;
  };
  const seen = () => {
    const ids = (kind) => enc(...inOrder(kind).map((message) => message.entry)); // stages: seat j is the j-th in order
    return H("bc1/hat/seen", sid, ids("key"), ids("commit"), ids("submit"), ids("stage"));
  };
  const keysOf = (name) => decode(heard.key[name].words, KEYS);
  const given = (seed, pub) => need(seed.length === 32 && xwing(seed).public.equals(pub), "key");

  const open = () => {
    const inner = names.map((name) => xwing(heard.reveal[name].words));
    const contents = [];
    let spoiled = 0;
    for (const core of listOf(inOrder("stage").at(-1).words)) {
      const shares = inner.map((key, j) => openHpke(key, enc("bc1/hat/inner", sid, j), core.subarray(1168 * j, 1168 * (j + 1))));
      const head = core.subarray(0, 1168 * n);
      const key = shares.includes(null) ? null : kdf(Buffer.concat(shares), 32, "bc1/hat/slip", sid, sha256(head));
      const slip = key && openAead(key, Buffer.alloc(12), core.subarray(1168 * n), enc("bc1/hat/slip", sid));
      const end = slip === null ? 0 : filled(slip);
      const content = end > 0 ? slip.subarray(0, end - 1) : null;
      if (content !== null && content.length > 0 && says(content)) contents.push(content);
      else if (content === null || content.length > 0) spoiled += 1;
    }
    return {
      state: "opened", spoiled, contents: contents.map((one) => one.toString("hex")),
      slips: contents.map((one) => H("bc1/hat/content", sid, one).toString("hex")),
    };
  };
  const blame = () => {
    const shown = names.map((name) => decode(heard.show[name].words, SHOW));
    if (shown.some((one) => !one.seen.equals(seen()))) return { state: "failed" };
    const named = (culprits) => ({ state: "blamed", culprits: culprits.sort() });
    let items = inOrder("submit").map((message) => message.words);
    for (const [j, one] of shown.entries()) {
      const key = xwing(one.outer);
      const opened = items.map((item) => openHpke(key, enc("bc1/hat/layer", sid, j), item));
      const broken = names.filter((_, k) => opened[k] === null);
      if (broken.length) return named(broken.map((name) => [name, "folded"]));
      items = opened;
      const twins = names.filter((_, k) => items.filter((item) => item.equals(items[k])).length > 1);
      if (twins.length) return named(twins.map((name) => [name, "twin"]));
      const stage = heard.stage[names[j]];
      if (stage === undefined) break;
      const posted = listOf(stage.words);
      const sorted = [...items].sort(Buffer.compare);
      if (!posted.every((item, k) => item.equals(sorted[k]))) return named([[names[j], "stage"]]);
    }
    const nogos = Object.keys(heard.nogo);
    const other = Object.keys(heard.go).filter((name) => !heard.go[name].words.equals(seen()));
    return named((nogos.length ? nogos : other).map((name) => [name, "alarm"]));
  };

  const check = {
    key: ({ words }) => Object.values(decode(words, KEYS)).forEach(properKey),
    commit: ({ words }) => need(words.length === 32, "commit"),
    submit: ({ seat, words }) => {
      need(H("bc1/hat/commit", sid, hex(seat), words).equals(heard.commit[seat].words), "commit");
      need(words.length === 2304 * n + size + 16, "length");
    },
    stage: ({ seat, words }) => {
      const j = Object.keys(heard.stage).length;
      need(names[j] === seat, "turn");
      const items = listOf(words);
      const length = 2304 * n + size + 16 - 1136 * (j + 1);
      need(items.length === n && items.every((item) => item.length === length), "list");
      need(items.every((item, k) => k === 0 || Buffer.compare(items[k - 1], item) < 0), "list");
    },
    go: ({ words }) => need(words.length === 32, "go"),
    nogo: () => true,
    reveal: ({ seat, words }) => given(words, keysOf(seat).inner),
    show: ({ seat, words }) => given(decode(words, SHOW).outer, keysOf(seat).outer),
  };
  // which message comes when
  const after = { key: () => true, commit: () => full("key"), submit: () => full("commit"), stage: () => full("submit") && !blamed() };
  const differ = () => new Set(Object.values(heard.go).map((message) => message.words.toString("hex"))).size > 1;
  const blamed = () => Object.keys(heard.nogo).length > 0 || (full("go") && differ());
  after.go = () => full("stage") || blamed();
  after.nogo = () => full("submit") && !(full("go") && !differ());
  after.reveal = () => full("go") && !blamed();
  after.show = () => blamed();

  for (const one of c.messages) {
    const message = { seat: one.seat, entry: hex(one.entry), words: hex(one.words) };
    need(after[one.kind](), "rule");
    need(!(one.seat in heard[one.kind]), "repeat");
    need(!["go", "nogo"].includes(one.kind) || !(one.seat in heard.go || one.seat in heard.nogo), "repeat");
    check[one.kind](message);
    heard[one.kind][one.seat] = message;
  }
  return full("reveal") ? open() : full("show") ? blame() : { state: "running" };
};

const RUN = { slot, copy, words, aside, round };
for (const c of JSON.parse(fs.readFileSync(file, "utf8"))) {
  let found;
  try {
    found = RUN[c.op](c);
  } catch (error) {
    if (!("refused" in error)) throw error;
    found = { refused: error.refused };
  }
  console.log(JSON.stringify(Buffer.isBuffer(found) ? { found: found.toString("hex") } : found));
}
