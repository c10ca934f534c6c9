// Verifies the record of an understanding from spec/instruments.md (2), spec/sealing.md (1, 2, 10) and spec/ledger.md alone.
//
//     node understanding.test.mjs FOLDER record.json..      FOLDER holds node_modules
//
// Prints one line a file: its name, and `ok` or the class of what is wrong with it.

import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [folder, ...files] = process.argv.slice(2);
const library = path.join(folder, "node_modules", "@noble", "post-quantum", "ml-dsa.js");
const { ml_dsa65 } = await import(pathToFileURL(library));

class Refused extends Error {}
const need = (fact, kind) => {
  if (!fact) throw new Refused(kind);
};

// --- ledger.md, conventions

const bytes = (part) => (typeof part === "string" ? Buffer.from(part, "utf8") : part);
const enc = (...parts) =>
  Buffer.concat(
    parts.flatMap((part) => {
      const raw = bytes(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(raw.length);
      return [length, raw];
    }),
  );
const H = (...parts) => crypto.createHash("sha256").update(enc(...parts)).digest();

// --- sealing.md, 10: canonical MessagePack

const head = (length, fix, codes) => {
  if (fix && length < fix.below) return Buffer.from([fix.code | length]);
  const [code, size] = codes.find(([, size]) => length < 2 ** (8 * size));
  const out = Buffer.alloc(1 + size);
  out[0] = code;
  out.writeUIntBE(length, 1, size);
  return out;
};
const pack = (value) => {
  if (Buffer.isBuffer(value)) return Buffer.concat([head(value.length, null, [[0xc4, 1], [0xc5, 2], [0xc6, 4]]), value]);
  if (typeof value === "string") {
    const raw = Buffer.from(value, "utf8");
    return Buffer.concat([head(raw.length, { below: 32, code: 0xa0 }, [[0xd9, 1], [0xda, 2], [0xdb, 4]]), raw]);
  }
  if (Array.isArray(value))
    return Buffer.concat([head(value.length, { below: 16, code: 0x90 }, [[0xdc, 2], [0xdd, 4]]), ...value.map(pack)]);
  const pairs = Object.entries(value);
  const start = head(pairs.length, { below: 16, code: 0x80 }, [[0xde, 2], [0xdf, 4]]);
  return Buffer.concat([start, ...pairs.flatMap(([key, one]) => [pack(key), pack(one)])]);
};

// --- instruments.md, 2.5: the file

const raw64 = (text, size) => {
  need(typeof text === "string", "record");
  const raw = Buffer.from(text, "base64");
  need(raw.toString("base64") === text && raw.length === size, "record");
  return raw;
};
const shaped = (value, keys) => {
  need(value !== null && typeof value === "object" && Object.keys(value).join() === keys, "record");
  return value;
};
const words = (value) => {
  need(typeof value === "string" && value.isWellFormed() && value.normalize("NFC") === value, "record");
  return value;
};

const read = (text) => {
  let file;
  try {
    file = JSON.parse(text);
  } catch {
    throw new Refused("record");
  }
  shaped(file, "backchannel,channel,terms,signatures");
  need(file.backchannel === "understanding 1" && JSON.stringify(file, null, 2) + "\n" === text, "record");
  const terms = shaped(file.terms, "title,text,nonce,parties");
  return {
    channel: raw64(file.channel, 32),
    terms: {
      title: words(terms.title),
      text: words(terms.text),
      nonce: raw64(terms.nonce, 16),
      parties: terms.parties.map((party) => {
        shaped(party, "seat,name,party,role,keys");
        const keys = shaped(party.keys, "ed25519,mldsa,x25519");
        return {
          seat: raw64(party.seat, 16),
          name: words(party.name),
          party: words(party.party),
          role: words(party.role),
          keys: { ed25519: raw64(keys.ed25519, 32), mldsa: raw64(keys.mldsa, 1952), x25519: raw64(keys.x25519, 32) },
        };
      }),
    },
    signatures: file.signatures.map((signature) => {
      shaped(signature, "seat,ed,mldsa");
      return { seat: raw64(signature.seat, 16), ed: raw64(signature.ed, 64), mldsa: raw64(signature.mldsa, 3309) };
    }),
  };
};

// --- and what it proves

const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]/u;
const line = (text) => need(text.trim() !== "" && [...text].length <= 80 && !HIDDEN.test(text), "name");
const prose = (text) => need(text.trim() !== "" && !HIDDEN.test(text.replace(/[\n\t]/g, "")), "prose");

const ED25519 = Buffer.from("302a300506032b6570032100", "hex");
const ed25519 = (key, message, signature) => {
  const spki = Buffer.concat([ED25519, key]);
  return crypto.verify(null, message, crypto.createPublicKey({ key: spki, format: "der", type: "spki" }), signature);
};

const verify = ({ channel, terms, signatures }) => {
  line(terms.title);
  prose(terms.text);
  for (const party of terms.parties) for (const text of [party.name, party.party, party.role]) line(text);
  const seats = terms.parties.map((party) => party.seat.toString("hex"));
  const ordered = seats.every((seat, k) => k === 0 || seats[k - 1] < seat);
  const signed = signatures.map((signature) => signature.seat.toString("hex"));
  need(seats.length >= 2 && ordered && signed.join() === seats.join(), "parties");
  const message = enc("bc1/understanding-sig", H("bc1/understanding", channel, pack(terms)));
  terms.parties.forEach(({ seat, keys }, k) => {
    const fingerprint = H("bc1/fingerprint", channel, keys.ed25519, keys.mldsa, keys.x25519);
    need(fingerprint.subarray(0, 16).equals(seat), "keys");
    need(ed25519(keys.ed25519, message, signatures[k].ed), "signature");
    need(ml_dsa65.verify(signatures[k].mldsa, message, keys.mldsa), "signature");
  });
};

for (const file of files) {
  let found = "ok";
  try {
    verify(read(fs.readFileSync(file, "utf8")));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    found = error.message;
  }
  console.log(`${path.basename(file)} ${found}`);
}
