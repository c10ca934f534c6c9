// A foreign reader of sealed entries, written from spec/sealing.md alone. Plain Node, no packages.
//
//     node tests/interop/seal.test.mjs vectors/seal
//
// Runs every vector it has the mathematics for (Node has no X-Wing and no ML-DSA): each must open with the
// results that stand in it, or fail with its class. Prints how many; anything that does not hold throws.

import assert from "node:assert/strict";
import * as node from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const hex = (text) => Buffer.from(text, "hex");
const uint = (value, bytes) => hex(BigInt(value).toString(16).padStart(bytes * 2, "0"));
const ascii = (text) => Buffer.from(text);
const refuse = (code) => {
  throw Object.assign(new Error(code), { code });
};

// 1. Conventions
const enc = (...parts) =>
  Buffer.concat(
    parts.flatMap((part) => {
      const raw = typeof part === "number" ? uint(part, 8) : Buffer.from(part);
      return [uint(raw.length, 4), raw];
    }),
  );
const sha256 = (raw) => node.createHash("sha256").update(raw).digest();
const hash = (...parts) => sha256(enc(...parts));
const hmac = (key, raw) => node.createHmac("sha256", key).update(raw).digest();
const kdf = (ikm, size, ...parts) => Buffer.from(node.hkdfSync("sha256", ikm, "", enc(...parts), size));

const key = (kind, raw, isPrivate) => {
  const oid = { ed25519: "70", x25519: "6e" }[kind];
  const der = isPrivate ? `302e020100300506032b65${oid}04220420` : `302a300506032b65${oid}032100`;
  const make = isPrivate ? node.createPrivateKey : node.createPublicKey;
  return make({ key: Buffer.concat([hex(der), raw]), format: "der", type: isPrivate ? "pkcs8" : "spki" });
};
const verify = (pub, message, sig) => node.verify(null, message, key("ed25519", pub), sig);
const publicOf = (seed) =>
  node.createPublicKey(key("ed25519", seed, true)).export({ format: "der", type: "spki" }).subarray(-32);
const dh = (secret, pub) => {
  try {
    return node.diffieHellman({ privateKey: key("x25519", secret, true), publicKey: key("x25519", pub) });
  } catch {
    return refuse("key"); // OpenSSL refuses a shared secret of zero
  }
};

// 10. Encoding: a decoder of maps, arrays, bytes, text and unsigned integers; the writer is the judge of form
const write = (value) => {
  if (typeof value === "number" || typeof value === "bigint") {
    const n = BigInt(value);
    for (const [limit, lead, bytes] of [[128n, null, 1], [256n, "cc", 1], [65536n, "cd", 2], [2n ** 32n, "ce", 4], [2n ** 63n, "cf", 8]])
      if (n < limit) return Buffer.concat([hex(lead ?? ""), uint(n, bytes)]);
    refuse("encoding");
  }
  const sized = (length, [small, smallLimit], steps) => {
    if (length < smallLimit) return Buffer.of(small | length);
    for (const [lead, bytes] of steps) if (length < 2 ** (8 * bytes)) return Buffer.concat([Buffer.of(lead), uint(length, bytes)]);
    return refuse("encoding");
  };
  if (Buffer.isBuffer(value)) return Buffer.concat([sized(value.length, [0, 0], [[0xc4, 1], [0xc5, 2], [0xc6, 4]]), value]);
  if (typeof value === "string") {
    const raw = ascii(value);
    return Buffer.concat([sized(raw.length, [0xa0, 32], [[0xd9, 1], [0xda, 2], [0xdb, 4]]), raw]);
  }
  if (Array.isArray(value))
    return Buffer.concat([sized(value.length, [0x90, 16], [[0xdc, 2], [0xdd, 4]]), ...value.map(write)]);
  const pairs = Object.entries(value);
  return Buffer.concat([sized(pairs.length, [0x80, 16], [[0xde, 2], [0xdf, 4]]), ...pairs.flat().map(write)]);
};
const parse = (raw) => {
  let at = 0;
  const take = (size) => {
    if (at + size > raw.length) refuse("encoding");
    at += size;
    return raw.subarray(at - size, at);
  };
  const number = (bytes) => BigInt(`0x${take(bytes).toString("hex")}`);
  const many = (size) => Array.from({ length: Number(size) }, item);
  const map = (size) => Object.fromEntries(Array.from({ length: Number(size) }, () => [item(), item()]));
  const leads = {
    0xcc: () => number(1), 0xcd: () => number(2), 0xce: () => number(4), 0xcf: () => number(8),
    0xc4: () => take(Number(number(1))), 0xc5: () => take(Number(number(2))), 0xc6: () => take(Number(number(4))),
    0xd9: () => take(Number(number(1))).toString(), 0xda: () => take(Number(number(2))).toString(),
    0xdc: () => many(number(2)), 0xde: () => map(number(2)),
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
  if (at !== raw.length) refuse("encoding");
  return value;
};
const decode = (raw, shape) => {
  const value = parse(raw);
  const names = Object.keys(shape);
  if (typeof value !== "object" || Buffer.isBuffer(value) || Object.keys(value).sort().join() !== [...names].sort().join())
    refuse("encoding");
  for (const [name, ok] of Object.entries(shape)) if (!ok(value[name])) refuse("encoding");
  const inOrder = Object.fromEntries(names.map((name) => [name, value[name]]));
  if (!write(inOrder).equals(raw)) refuse("canonical");
  return value;
};
const bytes = (size) => (value) => Buffer.isBuffer(value) && (size === undefined || value.length === size);
const count = (value) => typeof value === "bigint" && value < 2n ** 63n;
const text = (value) => typeof value === "string";
const HEADER = { cid: bytes(32), i: count, prev: bytes(32), kind: text, epoch: count, size: count, root: bytes(32) };
const LINE = { header: bytes(), body: bytes(), sig: bytes(64) };

// 3. Box
const padme = (size) => {
  if (size <= 512) return 512;
  const e = Math.floor(Math.log2(size));
  const step = 2 ** (e - Math.floor(Math.log2(e)) - 1);
  return Math.ceil(size / step) * step;
};
const unpad = (padded) => {
  let end = padded.length;
  while (end > 0 && padded[end - 1] === 0) end -= 1;
  if (end === 0 || padded[end - 1] !== 0x80 || padme(end) !== padded.length) refuse("padding");
  return padded.subarray(0, end - 1);
};
const openBox = (secret, label, channel, body) => {
  if (body.length < 64 + 16 + 512) refuse("short");
  const [tag, salt, com, ct] = [body.subarray(0, 16), body.subarray(16, 32), body.subarray(32, 64), body.subarray(64)];
  const derived = kdf(secret, 76, label, channel, salt);
  if (!node.timingSafeEqual(derived.subarray(44), com)) refuse("commitment");
  const cipher = node.createDecipheriv("chacha20-poly1305", derived.subarray(0, 32), derived.subarray(32, 44), { authTagLength: 16 });
  cipher.setAAD(enc(label, channel, tag, salt, com), { plaintextLength: ct.length - 16 });
  cipher.setAuthTag(ct.subarray(-16));
  const padded = cipher.update(ct.subarray(0, -16));
  try {
    cipher.final();
  } catch {
    refuse("altered");
  }
  return unpad(padded);
};

// 4 and 7. Chain
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const signedBy = (pub, message, sig) => {
  const s = BigInt(`0x${Buffer.from(sig.subarray(32)).reverse().toString("hex")}`);
  return s < L && verify(pub, message, sig);
};
const openEntry = (c) => {
  const audience = c.audience.map(([seat, seq]) => [hex(seat), seq]);
  const channel = hex(c.channel);
  const cid = hash("bc1/cid", channel, c.epoch, c.cls, hex(c.sender), write(audience), hex(c.verify), hex(c.ck0));
  const derived = (label) => kdf(hex(c.ck0), 32, label, cid);
  const body = hex(c.body);
  if (c.number < c.at.i || c.number >= 1000) refuse("chain");
  const place = uint(c.number, 8);
  const tag = hmac(derived("bc1/tag"), place).subarray(0, 16);
  if (!tag.equals(body.subarray(0, 16))) refuse("tag");
  let ck = hex(c.at.ck);
  for (let i = c.at.i; i < c.number; i += 1) ck = hmac(ck, Buffer.of(2));
  const line = decode(openBox(hmac(ck, Buffer.of(1)), "bc1/entry", channel, body), LINE);
  const header = decode(line.header, HEADER);
  if (!header.cid.equals(cid) || header.i !== BigInt(c.number)) refuse("chain");
  const salt = body.subarray(16, 32);
  if (!signedBy(hex(c.verify), enc("bc1/entry-sig", channel, salt, line.header, sha256(line.body)), line.sig)) refuse("signature");
  return {
    cid, tag, words: line.body, prev: header.prev, id: sha256(body),
    erase: sha256(hmac(derived("bc1/erase"), place)), keep: hmac(derived("bc1/keep"), place),
  };
};

// 8 and 11. Boxes that several seats share
const openShared = (secret, label, c) => {
  const [channel, body] = [hex(c.channel), hex(c.body)];
  const plaintext = openBox(secret, label, channel, body);
  const salt = body.subarray(16, 32);
  if (!hmac(kdf(secret, 32, "bc1/tag", channel), salt).subarray(0, 16).equals(body.subarray(0, 16))) refuse("tag");
  if (!hmac(kdf(secret, 32, "bc1/keep", channel), salt).equals(hex(c.erase))) refuse("erase");
  return { plaintext };
};

const RUN = {
  padme: (c) => ({ sizes: c.sizes.map(([size]) => [size, padme(size)]) }),
  box: (c) => ({ plaintext: openBox(hex(c.secret), c.label, hex(c.channel), hex(c.body)) }),
  roster: (c) => openShared(hex(c.secret), "bc1/roster", c),
  welcome: (c) => openShared(kdf(hex(c.secret), 32, "bc1/welcome", hex(c.channel)), "bc1/welcome", c),
  invite: (c) => ({ public: publicOf(kdf(hex(c.secret), 32, "bc1/invite-key", hex(c.channel))) }),
  entry: openEntry,
  x25519: (c) => ({ shared: dh(hex(c.secret), hex(c.public)) }),
  fingerprint: (c) => {
    const fingerprint = hash("bc1/fingerprint", hex(c.channel), hex(c.ed25519), hex(c.mldsa), hex(c.x25519));
    const bits = [...fingerprint].map((byte) => byte.toString(2).padStart(8, "0")).join("");
    return { fingerprint, words: Array.from({ length: 12 }, (_, k) => parseInt(bits.slice(10 * k, 10 * k + 10), 2)) };
  },
  mac: (c) => {
    const [s, r, secret] = [hex(c.sender), hex(c.recipient), hex(c.sender_secret)];
    const shared = Buffer.concat([dh(secret, hex(c.recipient_key)), dh(secret, hex(c.prekey))]);
    const macKey = kdf(shared, 32, "bc1/dist-key", hex(c.channel), s, r, c.seq);
    return { mac: hmac(macKey, enc("bc1/dist-mac", hex(c.cid), r, c.seq)) };
  },
};

const plain = (value) => (Buffer.isBuffer(value) ? value.toString("hex") : value);
const folder = process.argv[2];
const seen = {};
for (const name of readdirSync(folder).filter((file) => file.endsWith(".json")).sort()) {
  const c = JSON.parse(readFileSync(join(folder, name), "utf8"));
  if (!(c.op in RUN)) continue;
  let outcome = "ok";
  try {
    for (const [field, value] of Object.entries(RUN[c.op](c))) assert.deepEqual(plain(value), c[field], `${name}: ${field}`);
  } catch (error) {
    if (!("code" in error) || error instanceof assert.AssertionError) throw error;
    outcome = error.code;
  }
  assert.equal(outcome, c.class, name);
  seen[c.op] = (seen[c.op] ?? 0) + 1;
}
assert.deepEqual(Object.keys(seen).sort(), Object.keys(RUN).sort());
console.log(`${Object.values(seen).reduce((a, b) => a + b)} vectors, ${seen.entry} of entries`);
