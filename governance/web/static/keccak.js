// Keccak-256 as Ethereum uses it (the original padding, not that of SHA-3).

const RATE = 136;
const LANES = RATE / 8;
const MASK = (1n << 64n) - 1n;

// Rotation of lane x + 5y, and the constant of each round: FIPS 202, 3.2.2 and 3.2.5.
const ROTATION = [0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14].map(BigInt);
const ROUND = roundConstants();

function roundConstants() {
  const constants = [];
  let register = 1;
  for (let round = 0; round < 24; round += 1) {
    let constant = 0n;
    for (let bit = 0; bit < 7; bit += 1) {
      if (register & 1) constant |= 1n << BigInt(2 ** bit - 1);
      register = register & 0x80 ? (register << 1) ^ 0x171 : register << 1;
    }
    constants.push(constant);
  }
  return constants;
}

function rotate(lane, by) {
  return ((lane << by) | (lane >> (64n - by))) & MASK;
}

function permute(state) {
  const moved = new Array(25);
  for (const constant of ROUND) {
    const column = [0, 1, 2, 3, 4].map((x) => state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20]);
    for (let x = 0; x < 5; x += 1) {
      const parity = column[(x + 4) % 5] ^ rotate(column[(x + 1) % 5], 1n);
      for (let y = 0; y < 5; y += 1) {
        const lane = x + 5 * y;
        moved[y + 5 * ((2 * x + 3 * y) % 5)] = rotate(state[lane] ^ parity, ROTATION[lane]);
      }
    }
    for (let y = 0; y < 25; y += 5) {
      for (let x = 0; x < 5; x += 1) {
        state[y + x] = moved[y + x] ^ (~moved[y + ((x + 1) % 5)] & MASK & moved[y + ((x + 2) % 5)]);
      }
    }
    state[0] ^= constant;
  }
}

/** The 32 bytes of the hash of `bytes` (a Uint8Array). */
export function keccak256(bytes) {
  const padded = new Uint8Array((Math.floor(bytes.length / RATE) + 1) * RATE);
  padded.set(bytes);
  padded[bytes.length] = 0x01;
  padded[padded.length - 1] |= 0x80;
  const words = new DataView(padded.buffer);
  const state = new Array(25).fill(0n);
  for (let block = 0; block < padded.length; block += RATE) {
    for (let lane = 0; lane < LANES; lane += 1) state[lane] ^= words.getBigUint64(block + 8 * lane, true);
    permute(state);
  }
  const digest = new DataView(new ArrayBuffer(32));
  for (let lane = 0; lane < 4; lane += 1) digest.setBigUint64(8 * lane, state[lane], true);
  return new Uint8Array(digest.buffer);
}
