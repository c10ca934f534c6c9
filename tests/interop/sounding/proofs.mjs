// The proofs of spec/sounding.md, 5. Each says whether it holds; what is no point or no scalar is refused before.

import { H, enc, once } from "./encoding.mjs";
import { B, Hs, L, bytesOf, mul, point, scalar, sum } from "./group.mjs";

const cut = (raw) => Array.from({ length: raw.length / 32 }, (_, k) => raw.subarray(32 * k, 32 * k + 32));
const numbers = (proof) => cut(proof).map(scalar);
const minus = (s, p, c, q) => bytesOf(mul(s, p).subtract(mul(c, q)));

// 5.1
const pok = (ctx, h, proof) => {
  const [c, s] = numbers(proof);
  return c === Hs("bc1/sounding/pok", ...ctx, h, minus(s, B, c, point(h)));
};

// 5.2: pairs are A, C, A, C, ..
const mpok = (ctx, h, pairs, proof) => {
  const [c, sr, sa, sb] = numbers(proof);
  const weighted = [[], []];
  let power = 1n;
  pairs.forEach((raw, k) => {
    if (k % 2 === 0) power = (power * c) % L;
    weighted[k % 2].push(mul(power, point(raw)));
  });
  const first = mul(sr, B).subtract(sum(weighted[0]));
  const second = mul(sa, B).add(mul(sb, point(h))).subtract(sum(weighted[1]));
  return c === Hs("bc1/sounding/mpok", ...ctx, h, pairs.length / 2, ...pairs, bytesOf(first), bytesOf(second));
};

// 5.3: over decoded points, so that it can serve 5.5 too
const equal = (ctx, a, x, c, y, proof) => {
  const [e, s] = numbers(proof);
  return e === Hs("bc1/sounding/dleq", ...ctx, ...[a, x, c, y].map(bytesOf), minus(s, a, e, x), minus(s, c, e, y));
};
const dleq = (ctx, a, x, c, y, proof) => equal(ctx, point(a), point(x), point(c), point(y), proof);

// 5.4
const either = (ctx, h, a, c, proof) => {
  const [c0, c1, s0, s1] = numbers(proof);
  const [key, first, second] = [point(h), point(a), point(c)];
  const commitment = (ci, si, claimed) => Buffer.concat([minus(si, B, ci, first), minus(si, key, ci, claimed)]);
  const [t0, t1] = [commitment(c0, s0, second), commitment(c1, s1, second.subtract(B))];
  return (c0 + c1) % L === Hs("bc1/sounding/or", ...ctx, h, a, c, t0, t1);
};

// 5.5
const bdleq = (ctx, h, m, d, proof) => {
  const seed = H("bc1/sounding/batch", ...ctx, h, enc(...m), enc(...d));
  const weights = m.map((_, z) => Hs("bc1/sounding/weight", seed, z));
  const weighted = (points) => sum(points.map((raw, z) => mul(weights[z], point(raw))));
  return equal(ctx, B, point(h), weighted(m), weighted(d), proof);
};

export const PROOFS = Object.fromEntries(Object.entries({ pok, mpok, dleq, either, bdleq }).map(([name, holds]) => [name, once(holds)]));
