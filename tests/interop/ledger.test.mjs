// A foreign verifier of a log, written from spec/ledger.md alone. Plain Node, no packages.
//
//     node tests/interop/ledger.test.mjs log.json
//
// Exits 0 and prints what it verified; anything that does not hold throws.

import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const sha256 = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const hex = (text) => Buffer.from(text, "hex");
const uint = (value, bytes) => hex(BigInt(value).toString(16).padStart(bytes * 2, "0"));
const enc = (...parts) =>
  Buffer.concat(parts.flatMap((part) => [uint(Buffer.from(part).length, 4), Buffer.from(part)]));

// 1. Origin
const originLine = (channel) => `bc1/${sha256(enc("bc1/origin", channel)).toString("hex")}`;

// 2. Leaf
const leafData = ({ id, arrival, length, erase }) =>
  Buffer.concat([hex(id), uint(arrival, 8), uint(length, 4), hex(erase)]);
const leafHash = (data) => sha256(Buffer.of(0), data);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

// RFC 6962, 2.1
const root = (leaves) => {
  if (leaves.length === 0) return sha256("");
  if (leaves.length === 1) return leaves[0];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(root(leaves.slice(0, k)), root(leaves.slice(k)));
};

// 5. Checkpoint
const openCheckpoint = (raw, origin, publicKey) => {
  const note = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
  const cut = note.lastIndexOf("\n\n");
  const text = note.slice(0, cut + 1);
  const [name, size, encoded, rest, ...more] = text.split("\n");
  assert.deepEqual([name, rest, more.length], [origin, "", 0]);
  assert.match(size, /^(0|[1-9][0-9]*)$/);
  assert.equal(Buffer.from(encoded, "base64").toString("base64"), encoded);

  const keyId = sha256(origin, Buffer.of(0x0a, 0x01), publicKey).subarray(0, 4);
  const ours = note
    .slice(cut + 2, -1)
    .split("\n")
    .map((line) => line.match(/^— (\S+) (\S+)$/))
    .map(([, signer, blob]) => [signer, Buffer.from(blob, "base64")])
    .filter(([signer, blob]) => signer === origin && blob.subarray(0, 4).equals(keyId));
  assert.equal(ours.length, 1, "one signature by the relay's key");
  const spki = Buffer.concat([hex("302a300506032b6570032100"), publicKey]);
  const key = createPublicKey({ key: spki, format: "der", type: "spki" });
  assert.ok(verify(null, Buffer.from(text), key, ours[0][1].subarray(4)), "the signature holds");
  return { size: Number(size), root: Buffer.from(encoded, "base64") };
};

// RFC 9162, 2.1.3.2
const included = (leaf, index, size, proof, wanted) => {
  let [fn, sn, node] = [index, size - 1, leaf];
  for (const step of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      node = nodeHash(step, node);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else node = nodeHash(node, step);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  return sn === 0 && node.equals(wanted);
};

// 4. Erasure
const readEraseRecord = (body) => {
  const prefix = enc("bc1/erase-record");
  assert.equal(body.length, prefix.length + 40);
  assert.ok(body.subarray(0, prefix.length).equals(prefix));
  const index = Number(body.readBigUInt64BE(prefix.length));
  return { index, token: body.subarray(prefix.length + 8) };
};

const log = JSON.parse(readFileSync(process.argv[2], "utf8"));
const origin = originLine(hex(log.channel));
const head = openCheckpoint(hex(log.checkpoint), origin, hex(log.public_key));
assert.equal(head.size, log.entries.length);

const hashes = log.entries.map((entry) => leafHash(leafData(entry)));
assert.ok(root(hashes).equals(head.root), "the entries are the ones that were signed");

const erased = new Set();
log.entries.forEach((entry, index) => {
  if (index > 0) assert.ok(BigInt(entry.arrival) >= BigInt(log.entries[index - 1].arrival));
  const nobodys = hex(entry.erase).equals(Buffer.alloc(32));
  if (entry.body === null) {
    assert.ok(!nobodys);
    return;
  }
  const body = hex(entry.body);
  assert.ok(sha256(body).equals(hex(entry.id)));
  assert.equal(body.length, entry.length);
  if (!nobodys) return;
  const record = readEraseRecord(body);
  assert.ok(record.index < index && !erased.has(record.index));
  assert.ok(sha256(record.token).equals(hex(log.entries[record.index].erase)), "the token fits");
  erased.add(record.index);
});
log.entries.forEach((entry, index) => assert.ok(entry.body !== null || erased.has(index), "erased with leave"));

log.inclusion.forEach((proof, index) => {
  const steps = proof.map(hex);
  assert.ok(included(hashes[index], index, head.size, steps, head.root));
  assert.ok(!included(hashes[(index + 1) % head.size], index, head.size, steps, head.root));
});

console.log(`${head.size} entries, ${erased.size} erased, ${log.inclusion.length} proofs`);
