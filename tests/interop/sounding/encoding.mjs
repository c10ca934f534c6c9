// What is written how: enc and H (spec/ledger.md, conventions), canonical MessagePack (spec/sealing.md, 10). Plain Node.

import { createHash } from "node:crypto";

export class Refused extends Error {
  constructor(check, text) {
    super(text);
    this.check = check;
  }
}
export const refuse = (check, text) => {
  throw new Refused(check, text);
};
export const must = (holds, check, text) => holds || refuse(check, text);

export const hex = (text) => Buffer.from(text, "hex");
const uint = (value, size) => hex(BigInt(value).toString(16).padStart(size * 2, "0"));

export const enc = (...parts) =>
  Buffer.concat(
    parts.flatMap((part) => {
      const raw = typeof part === "number" ? uint(part, 8) : Buffer.from(part);
      return [uint(raw.length, 4), raw];
    }),
  );
export const H = (...parts) => createHash("sha256").update(enc(...parts)).digest();
// A pure function is worked out once: a thousand altered copies of a transcript share nearly everything.
export const once = (work) => {
  const known = new Map();
  return (...parts) => {
    const key = enc(...parts.map((part) => (Array.isArray(part) ? enc(...part) : part))).toString("latin1");
    if (!known.has(key)) known.set(key, work(...parts));
    return known.get(key);
  };
};
export const sha512 = (raw) => createHash("sha512").update(raw).digest();

const sized = (length, small, most, steps) => {
  if (length < most) return Buffer.of(small | length);
  const [lead, size] = steps.find(([, bytes]) => length < 2 ** (8 * bytes));
  return Buffer.concat([Buffer.of(lead), uint(length, size)]);
};

// An integer is a BigInt; the writer is the judge of form.
const write = (value) => {
  if (typeof value === "bigint") {
    if (value < 128n) return uint(value, 1);
    const [lead, size] = [[0xcc, 1], [0xcd, 2], [0xce, 4], [0xcf, 8]].find(([, bytes]) => value < 2n ** BigInt(8 * bytes));
    return Buffer.concat([Buffer.of(lead), uint(value, size)]);
  }
  if (Buffer.isBuffer(value)) return Buffer.concat([sized(value.length, 0, 0, [[0xc4, 1], [0xc5, 2], [0xc6, 4]]), value]);
  if (typeof value === "string") {
    const raw = Buffer.from(value);
    return Buffer.concat([sized(raw.length, 0xa0, 32, [[0xd9, 1], [0xda, 2], [0xdb, 4]]), raw]);
  }
  if (Array.isArray(value)) return Buffer.concat([sized(value.length, 0x90, 16, [[0xdc, 2], [0xdd, 4]]), ...value.map(write)]);
  const pairs = Object.entries(value);
  return Buffer.concat([sized(pairs.length, 0x80, 16, [[0xde, 2], [0xdf, 4]]), ...pairs.flat().map(write)]);
};

const read = (raw) => {
  let at = 0;
  const take = (size) => {
    must(at + size <= raw.length, "encoding", "the bytes end too early");
    at += size;
    return raw.subarray(at - size, at);
  };
  const number = (size) => BigInt(`0x${take(size).toString("hex")}`);
  const length = (size) => Number(number(size));
  const text = (size) => {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(take(size));
    } catch (problem) {
      throw problem instanceof Refused ? problem : new Refused("encoding", "text that is not UTF-8");
    }
  };
  const list = (size) => {
    const found = [];
    while (found.length < size) found.push(item());
    return found;
  };
  const map = (size) => {
    const found = Object.create(null);
    for (let k = 0; k < size; k += 1) {
      const name = item();
      must(typeof name === "string" && !(name in found), "encoding", "a key that is none, or comes twice");
      found[name] = item();
    }
    return found;
  };
  const item = () => {
    const lead = take(1)[0];
    if (lead < 0x80) return BigInt(lead);
    if (lead < 0x90) return map(lead & 15);
    if (lead < 0xa0) return list(lead & 15);
    if (lead < 0xc0) return text(lead & 31);
    const power = (first) => 1 << (lead - first);
    if (lead >= 0xc4 && lead <= 0xc6) return take(length(power(0xc4)));
    if (lead >= 0xcc && lead <= 0xcf) return number(power(0xcc));
    if (lead >= 0xd9 && lead <= 0xdb) return text(length(power(0xd9)));
    if (lead === 0xdc || lead === 0xdd) return list(length(2 * power(0xdc)));
    if (lead === 0xde || lead === 0xdf) return map(length(2 * power(0xde)));
    return refuse("encoding", "a form that is not used");
  };
  const value = item();
  must(at === raw.length, "encoding", "bytes after the end");
  return value;
};

// Text: UTF-8, NFC, without control, format, private, unassigned and invisible characters. Node's own Unicode stands in for
// the list of the spec's Unicode 14.
const HIDDEN = /(?![\u200c\u200d\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const standard = (text) => /^[\0-\x7f]*$/.test(text) || (text.normalize("NFC") === text && !HIDDEN.test(text.replace(/[\0-\x1f\x7f]/g, "")));
export const prose = (text, most) =>
  [...text].length <= most && /[^\s\u200c\u200d\ufe0e\ufe0f]/u.test(text) && !HIDDEN.test(text.replace(/[\n\t]/g, "")) && text.normalize("NFC") === text;

export const bytes = (size) => (value) => Buffer.isBuffer(value) && (size === undefined || value.length === size);
export const count = (value) => typeof value === "bigint" && value < 2n ** 63n;
export const words = (value) => typeof value === "string" && standard(value);
export const many = (each) => (value) => Array.isArray(value) && value.every(each);

// A body: exactly these keys in this order, each as its shape wants it. Integers come out as numbers.
export const decode = (raw, shape) => {
  const value = read(raw);
  const isMap = typeof value === "object" && !Buffer.isBuffer(value) && !Array.isArray(value);
  must(isMap && Object.keys(value).join() === Object.keys(shape).join(), "encoding", "not the keys that this kind has");
  for (const [name, fits] of Object.entries(shape)) must(fits(value[name]), "encoding", `${name} is not what it must be`);
  must(write(value).equals(raw), "encoding", "not the one form that is allowed");
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, typeof held === "bigint" ? Number(held) : held]));
};
