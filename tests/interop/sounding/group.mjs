// The group of spec/sounding.md, 1: the prime-order subgroup of edwards25519. The only importer of the curve.

import { ed25519 } from "@noble/curves/ed25519.js";
import { enc, must, once, sha512 } from "./encoding.mjs";

const { Point } = ed25519;
export const L = Point.Fn.ORDER;
export const B = Point.BASE;
export const IDENTITY = Buffer.from(Point.ZERO.toBytes());
const little = (raw) => BigInt(`0x${Buffer.from(raw).reverse().toString("hex")}`);

const decoded = once((raw) => {
  try {
    const found = Point.fromBytes(raw, false);
    return !found.is0() && found.isTorsionFree() ? found : null;
  } catch {
    return null;
  }
});

export const point = (raw) => {
  const found = decoded(raw);
  must(found, "point", `no point of the group: ${raw.toString("hex")}`);
  return found;
};
export const scalar = (raw) => {
  const found = little(raw);
  must(found < L, "scalar", "a number that is not below L");
  return found;
};
export const bytesOf = (p) => Buffer.from(p.toBytes());
export const Hs = (...parts) => little(sha512(enc(...parts))) % L;

// In verifying, no factor is zero and no point multiplied is the identity (5).
export const mul = (s, p) => {
  must(s !== 0n && !p.is0(), "zero", "a proof multiplies with zero, or the identity");
  return p === B ? B.multiply(s) : p.multiplyUnsafe(s);
};
export const sum = (points) => points.reduce((a, b) => a.add(b));

// Over encodings: factor times P; P + Q + ..
export const times = once((factor, raw) => bytesOf(mul(BigInt(factor), point(raw))));
export const added = once((raws) => bytesOf(sum(raws.map(point))));
