// Verifies the record of an understanding from spec/understanding.md and RFC 7515, 7517, 8037, 9901 alone.
//
//     node understanding.test.mjs FOLDER record.json..      FOLDER holds node_modules
//
// Prints one line a file: its name, and `ok` or the class of what is wrong with it. What is `ok` it checks a second time
// with the SD-JWT library of the OpenWallet Foundation, which knows nothing of us, and prints what that one has seen.

import crypto from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [folder, ...files] = process.argv.slice(2);
const modules = path.resolve(folder, "node_modules");
const { ml_dsa65 } = await import(pathToFileURL(path.join(modules, "@noble", "post-quantum", "ml-dsa.js")));
const { GeneralJSON, SDJwtGeneralJSONInstance } = createRequire(path.join(modules, "x.js"))("@sd-jwt/core");

class Refused extends Error {}
const need = (fact, kind) => {
  if (!fact) throw new Refused(kind);
};

const sha256 = (data) => crypto.createHash("sha256").update(data).digest();
const b64 = (raw) => Buffer.from(raw).toString("base64url");
const unb64 = (text) => {
  need(typeof text === "string", "record");
  const raw = Buffer.from(text, "base64url");
  need(raw.toString("base64url") === text, "record");
  return raw;
};

// --- 2.1: one form of JSON

const json = (raw, indent) => {
  let value, same;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
    value = JSON.parse(text, (_, one) => {
      need(typeof one !== "string" || one.isWellFormed(), "record"); // half a character
      return one;
    });
    same = JSON.stringify(value, null, indent) === text;
  } catch {
    throw new Refused("record"); // no JSON, or deeper than this program goes
  }
  need(same, "record");
  return value;
};
const shaped = (value, keys) => {
  need(value !== null && typeof value === "object" && !Array.isArray(value), "record");
  need(Object.keys(value).join() === keys, "record");
  return value;
};
const list = (value, most) => {
  need(Array.isArray(value) && value.length <= most, "record");
  return value;
};
const sized = (text, size) => {
  need(unb64(text).length === size, "record");
  return text;
};
const word = (text) => {
  need(typeof text === "string", "record");
  return text;
};

// --- 2.1: the payload

const payload = (raw) => {
  const found = shaped(json(raw), "_sd_alg,typ,channel,understanding,_sd,clauses,annexes,parties");
  need(found._sd_alg === "sha-256" && found.typ === "backchannel understanding 2", "record");
  sized(found.channel, 32);
  sized(found.understanding, 32);
  need(list(found._sd, 1).length === 1 && sized(found._sd[0], 32), "record");
  need(list(found.clauses, 2000).length > 0, "record");
  for (const one of found.clauses) sized(shaped(one, "...")["..."], 32);
  for (const one of list(found.annexes, 64)) word(shaped(one, "name,sha256").name) && sized(one.sha256, 32);
  for (const one of list(found.parties, 64)) {
    sized(shaped(one, "seat,ed25519,mldsa65,_sd").seat, 16);
    sized(one.ed25519, 32) && sized(one.mldsa65, 32);
    need(list(one._sd, 1).length === 1 && sized(one._sd[0], 32), "record");
  }
  return found;
};

// --- 2.3, 2.4, 4: signatures and keys

const ALGS = ["EdDSA", "ML-DSA-65"];
const pairs = (signed) => signed.parties.flatMap(({ seat }) => ALGS.map((alg) => ({ alg, seat })));

const holds = (jwk, message, signature) => {
  if (jwk.kty === "AKP") {
    const key = unb64(jwk.pub);
    return key.length === 1952 && signature.length === 3309 && ml_dsa65.verify(signature, message, key);
  }
  const key = crypto.createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: jwk.x }, format: "jwk" });
  return signature.length === 64 && crypto.verify(null, message, key, signature);
};

const signatures = (file, signed, raw) => {
  const due = pairs(signed);
  const given = file.signatures.map((one) => one.protected);
  const expected = due.map(({ alg, seat }) => b64(JSON.stringify({ alg, kid: seat, typ: "sd-jwt" })));
  need(given.join("|") === expected.join("|"), "parties");
  const sigs = file.signatures.map((one) => unb64(one.signature));
  need("header" in file.signatures[0] && !file.signatures.slice(1).some((one) => "header" in one), "record");
  need(file.keys.length === due.length, "keys");
  due.forEach(({ alg, seat }, k) => {
    const jwk = file.keys[k];
    need(jwk.alg === alg && jwk.kid === seat, "keys");
    const party = signed.parties.find((one) => one.seat === seat);
    const thumbprint = b64(sha256(unb64(jwk.x ?? jwk.pub)));
    need(thumbprint === (alg === "EdDSA" ? party.ed25519 : party.mldsa65), "keys");
  });
  due.forEach((_, k) => {
    const message = Buffer.from(`${given[k]}.${b64(raw)}`, "ascii");
    need(holds(file.keys[k], message, sigs[k]), "signature");
  });
};

// --- 2.2: disclosures, each in its place

const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]/u;
const proper = (text) => text.normalize("NFC") === text && text.trim() !== "";
const line = (text) =>
  need(proper(text) && text.trim() === text && [...text].length <= 80 && !HIDDEN.test(text), "name");
const prose = (text) =>
  need(proper(text) && [...text].length <= 20000 && !HIDDEN.test(text.replace(/[\n\t]/g, "")), "prose");

const opened = (file, signed) => {
  const shown = list(shaped(file.signatures[0].header, "disclosures").disclosures, 10000);
  const contents = new Map(shown.map((one) => [b64(sha256(one)), json(unb64(one))]));
  for (const one of contents.values()) need(Array.isArray(one), "record");
  need(contents.size === shown.length, "disclosure");
  const take = (digest, parts) => {
    const content = contents.get(digest);
    contents.delete(digest);
    need(content === undefined || (content.length === parts && typeof content[0] === "string"), "disclosure");
    return content?.slice(1);
  };
  const places = [...signed._sd, ...signed.clauses.map((one) => one["..."]), ...signed.parties.map((one) => one._sd[0])];
  need(new Set(places).size === places.length, "disclosure");
  const title = take(signed._sd[0], 3);
  const clauses = signed.clauses.map((one) => take(one["..."], 2)?.[0]);
  const whos = signed.parties.map((one) => take(one._sd[0], 3));
  need(contents.size === 0, "disclosure");
  if (title) need(title[0] === "title" && typeof title[1] === "string", "record");
  for (const one of clauses.filter(Boolean)) {
    word(shaped(one, "clause,text").text);
    need(Number.isInteger(one.clause) && one.clause >= 1 && one.clause <= 2000, "record");
  }
  for (const one of whos.filter(Boolean)) {
    need(one[0] === "who", "record");
    Object.values(shaped(one[1], "name,party,role")).forEach(word);
  }
  clauses.forEach((one, k) => need(!one || one.clause === k + 1, "disclosure"));
  if (title) line(title[1]);
  for (const one of clauses.filter(Boolean)) prose(one.text);
  for (const one of signed.annexes) line(one.name);
  for (const one of whos.filter(Boolean)) Object.values(one[1]).forEach(line);
};

const verify = (raw) => {
  need(raw.at(-1) === 10, "record");
  const file = shaped(json(raw.subarray(0, -1), 2), "backchannel,payload,signatures,keys");
  need(file.backchannel === "understanding 2", "record");
  for (const one of list(file.signatures, 128)) {
    shaped(one, "header" in one ? "protected,signature,header" : "protected,signature");
    word(one.protected) && word(one.signature);
  }
  for (const one of list(file.keys, 128)) {
    if (one.kty === "OKP") need(shaped(one, "kty,crv,alg,kid,x").crv === "Ed25519", "record");
    else need(shaped(one, "kty,alg,kid,pub").kty === "AKP", "record");
  }
  const inside = unb64(file.payload);
  const signed = payload(inside);
  const seats = signed.parties.map((one) => unb64(one.seat).toString("hex"));
  need(seats.length >= 2 && seats.every((seat, k) => k === 0 || seats[k - 1] < seat), "parties");
  signatures(file, signed, inside);
  opened(file, signed);
  return file;
};

// --- the same by unrelated software: RFC 9901's general JSON form and a JWK Set

const library = async (file) => {
  const sd = new SDJwtGeneralJSONInstance({
    hasher: (data) => new Uint8Array(sha256(data)),
    verifier: (message, signature) => {
      const { alg, kid } = JSON.parse(unb64(message.split(".")[0]));
      const jwk = file.keys.find((one) => one.alg === alg && one.kid === kid);
      return holds(jwk, Buffer.from(message, "ascii"), unb64(signature));
    },
  });
  const { payload: claims } = await sd.verify(GeneralJSON.fromSerialized(file));
  return `${claims.clauses.length} ${claims.parties.filter((one) => one.who).length} ${claims.title ?? "-"}`;
};

for (const name of files) {
  let found = "ok";
  try {
    found = `ok ${await library(verify(fs.readFileSync(name)))}`;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    found = error.message;
  }
  console.log(`${path.basename(name)} ${found}`);
}
