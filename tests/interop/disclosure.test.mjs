// Verifies the bundle of a disclosure from spec/disclosure.md, 6: who signed, and that a log held it.
//
//     node disclosure.test.mjs FOLDER bundle.json..      FOLDER holds node_modules
//
// Prints one line a file: its name, and `ok` with what it shows, or the class of what is wrong with it; and below it each
// clause that is shown, with its number, as JSON. The record in it
// goes to understanding.test.mjs beside this file. What the relay signed of its log, and that the entry stands in it, is
// judged by sigstore's own verifier, which knows nothing of us.

import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const [given, ...files] = process.argv.slice(2);
const folder = path.resolve(given);
const sigstore = path.join(folder, "node_modules", "@sigstore", "verify", "dist", "tlog");
const require = createRequire(path.join(sigstore, "x.js"));
const { verifyCheckpoint } = require("./checkpoint.js");
const { verifyMerkleInclusion } = require("./merkle.js");
const RECORDS = fileURLToPath(new URL("understanding.test.mjs", import.meta.url));

class Refused extends Error {}
const need = (fact, kind) => {
  if (!fact) throw new Refused(kind);
};
const attempt = (work, kind) => {
  try {
    return work();
  } catch {
    throw new Refused(kind);
  }
};

const sha256 = (data) => crypto.createHash("sha256").update(data).digest();
const hex = (text) => Buffer.from(text, "hex");
const uint = (value, size) => hex(BigInt(value).toString(16).padStart(size * 2, "0"));
const enc = (...parts) => Buffer.concat(parts.flatMap((one) => [uint(Buffer.from(one).length, 4), Buffer.from(one)]));
const unb64 = (text, kind, size) => {
  const raw = Buffer.from(text, "base64url");
  need(raw.toString("base64url") === text && (size === undefined || raw.length === size), kind);
  return raw;
};

// --- 5: the form

const json = (raw) => {
  need(raw.length <= 16_000_000 && raw.at(-1) === 10, "record");
  const text = attempt(() => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw), "record");
  const whole = (_, one) => {
    need(typeof one !== "string" || one.isWellFormed(), "record");
    return one;
  };
  const value = attempt(() => JSON.parse(text, whole), "record");
  need(`${JSON.stringify(value, null, 2)}\n` === text, "record");
  return value;
};
const shaped = (value, keys) => {
  need(value !== null && typeof value === "object" && Object.keys(value).join() === keys, "record");
  return value;
};
const words = (...given) => need(given.every((one) => typeof one === "string"), "record");

const read = (raw) => {
  const file = shaped(json(raw), "backchannel,record,log,to,summary,lines,replaces,attested");
  need(file.backchannel === "disclosure 1", "record");
  const log = shaped(file.log, "channel,box,key,leaf,index,proof,checkpoint,relay");
  words(log.channel, log.box, log.key, log.leaf, log.checkpoint, log.relay, file.to, file.summary, file.lines, file.replaces);
  need(Number.isSafeInteger(log.index) && log.index >= 0, "record");
  need(Array.isArray(log.proof) && Array.isArray(file.attested), "record");
  words(...log.proof);
  for (const one of [log.key, log.relay, ...log.proof]) unb64(one, "record", 32);
  if (file.replaces !== "") unb64(file.replaces, "record", 32);
  for (const one of file.attested) {
    words(shaped(one, "seat,attestation").seat, one.attestation);
    unb64(one.seat, "record", 16);
  }
  return file;
};

// --- the record, by the verifier of records

const record = (file) => {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), "record-"));
  try {
    const name = path.join(place, "record.json");
    fs.writeFileSync(name, `${JSON.stringify(file.record, null, 2)}\n`);
    const said = execFileSync(process.execPath, [RECORDS, folder, name], { encoding: "utf8" }).trim();
    const [, found, ...seen] = said.split(" ");
    need(found === "ok", found);
    return seen.join(" ");
  } finally {
    fs.rmSync(place, { recursive: true });
  }
};

// --- the entry of the log: spec/sealing.md, 3 and 4, 10

const unpack = (raw) => {
  let at = 0;
  const take = (size) => {
    need(at + size <= raw.length, "anchor");
    at += size;
    return raw.subarray(at - size, at);
  };
  const number = (size) => Number(`0x${take(size).toString("hex")}`);
  const map = (size) => Object.fromEntries(Array.from({ length: size }, () => [item(), item()]));
  const sized = { 0xc4: 1, 0xc5: 2, 0xc6: 4, 0xcc: 1, 0xcd: 2, 0xce: 4, 0xcf: 8, 0xd9: 1, 0xda: 2 };
  const item = () => {
    const lead = take(1)[0];
    if (lead < 0x80) return lead;
    if (lead < 0x90) return map(lead & 15);
    if (lead >= 0xa0 && lead < 0xc0) return take(lead & 31).toString();
    need(lead in sized, "anchor");
    const size = number(sized[lead]);
    return lead < 0xcc ? take(size) : lead < 0xd0 ? size : take(size).toString();
  };
  const value = item();
  need(at === raw.length, "anchor");
  return value;
};

const opened = (channel, key, box) => {
  need(box.length >= 64 + 16 + 512, "anchor");
  const [tag, salt, com, text] = [box.subarray(0, 16), box.subarray(16, 32), box.subarray(32, 64), box.subarray(64)];
  const keys = Buffer.from(crypto.hkdfSync("sha256", key, "", enc("bc1/entry", channel, salt), 76));
  need(keys.subarray(44).equals(com), "anchor");
  const cipher = crypto.createDecipheriv("chacha20-poly1305", keys.subarray(0, 32), keys.subarray(32, 44), { authTagLength: 16 });
  cipher.setAAD(enc("bc1/entry", channel, tag, salt, com), { plaintextLength: text.length - 16 });
  cipher.setAuthTag(text.subarray(-16));
  const padded = cipher.update(text.subarray(0, -16));
  attempt(() => cipher.final(), "anchor");
  const line = unpack(padded.subarray(0, padded.lastIndexOf(0x80)));
  return { kind: unpack(line.header).kind, body: unpack(line.body) };
};

const anchored = (file, channel) => {
  const { payload, signatures } = file.record;
  const found = opened(channel, unb64(file.log.key, "anchor"), unb64(file.log.box, "anchor"));
  need(found.kind === "understanding.anchor", "anchor");
  const signed = signatures.map((one) => ({ protected: one.protected, signature: one.signature }));
  need(found.body.jws.toString() === JSON.stringify({ payload, signatures: signed }), "anchor");
  need(found.body.item.toString("base64url") === JSON.parse(unb64(payload, "record")).understanding, "anchor");
};

// --- its place, by sigstore

const placed = (file, channel) => {
  const { log } = file;
  const leaf = unb64(log.leaf, "checkpoint");
  need(leaf.length === 76, "checkpoint");
  const origin = `bc1/${sha256(enc("bc1/origin", channel)).toString("hex")}`;
  const relay = unb64(log.relay, "checkpoint");
  const key = Buffer.concat([hex("302a300506032b6570032100"), relay]);
  const publicKey = crypto.createPublicKey({ key, format: "der", type: "spki" });
  const logID = sha256(Buffer.concat([Buffer.from(origin), Buffer.of(0x0a, 0x01), relay]));
  const hashes = log.proof.map((one) => unb64(one, "record"));
  const entry = {
    inclusionProof: { logIndex: String(log.index), hashes, checkpoint: { envelope: log.checkpoint } },
    canonicalizedBody: leaf,
  };
  const checkpoint = attempt(() => verifyCheckpoint(entry, [{ logID, baseURL: origin, publicKey }]), "checkpoint");
  need(checkpoint.origin === origin, "checkpoint");
  attempt(() => verifyMerkleInclusion(entry, checkpoint), "place");
  need(leaf.subarray(0, 32).equals(sha256(unb64(log.box, "anchor"))), "place");
  need(leaf.readBigUInt64BE(32) * 300n < 253402300800n, "place");
  return checkpoint.logSize;
};

// --- what stands beside: nobody has signed it

const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]/u;
const proper = (text, most) => text.normalize("NFC") === text && text.trim() !== "" && [...text].length <= most;
const line = (text) => proper(text, 80) && text.trim() === text && !HIDDEN.test(text);
const prose = (text) => proper(text, 5000) && !HIDDEN.test(text.replace(/[\n\t]/g, ""));

const beside = (file) => {
  need(line(file.to), "name");
  need(prose(file.summary) && (file.lines === "" || prose(file.lines)), "prose");
  const seats = file.attested.map((one) => unb64(one.seat, "attestation").toString("hex"));
  need(seats.every((seat, k) => k === 0 || seats[k - 1] < seat), "attestation");
  for (const { seat, attestation } of file.attested) {
    need(file.record.keys.some((key) => key.kid === seat), "attestation");
    const raw = unb64(attestation, "attestation");
    const came = attempt(() => unpack(raw), "attestation");
    need(raw.length <= 65536 && ["x509", "published"].includes(came?.form), "attestation");
    if (came.form === "published") need(line(came.where), "attestation");
  }
};

const clauses = (file) =>
  file.record.signatures[0].header.disclosures
    .map((one) => JSON.parse(unb64(one, "record"))[1])
    .filter((one) => one.clause !== undefined)
    .map((one) => JSON.stringify(one));

const verify = (raw) => {
  const file = read(raw);
  const seen = record(file);
  const channel = unb64(file.log.channel, "record");
  const inside = JSON.parse(unb64(file.record.payload, "record"));
  need(sha256(channel).toString("base64url") === inside.channel, "channel");
  anchored(file, channel);
  const size = placed(file, channel);
  beside(file);
  return [`${seen}, entry ${file.log.index} of ${size}`, ...clauses(file)].join("\n  ");
};

for (const name of files) {
  let found;
  try {
    found = `ok ${verify(fs.readFileSync(name))}`;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    found = error.message;
  }
  console.log(`${path.basename(name)} ${found}`);
}
