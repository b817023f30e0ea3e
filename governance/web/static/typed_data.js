// EIP-712, as far as this page needs it: one struct of plain fields. Anything else is refused, never guessed.

import { keccak256 } from "./keccak.js";

const encoder = new TextEncoder();

export function toHex(bytes) {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

export function fromHex(text) {
  if (!/^0x([0-9a-f]{2})*$/i.test(text)) throw new Error("not hexadecimal bytes");
  return Uint8Array.from(text.slice(2).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function word(number, bits) {
  if (typeof number !== "bigint" && !Number.isSafeInteger(number) && typeof number !== "string") {
    throw new Error("a number that JavaScript cannot hold");
  }
  const value = BigInt(number);
  if (value < 0n || value >= 1n << BigInt(bits)) throw new Error(`a number that does not fit in ${bits} bits`);
  return fromHex(`0x${value.toString(16).padStart(64, "0")}`);
}

function padded(text, size) {
  const bytes = fromHex(text);
  if (bytes.length !== size) throw new Error(`not ${size} bytes`);
  return bytes;
}

function encoded(type, value) {
  if (type === "string") return keccak256(encoder.encode(value));
  if (type === "bytes") return keccak256(fromHex(value));
  if (type === "bytes32") return padded(value, 32);
  if (type === "address") return joined([new Uint8Array(12), padded(value, 20)]);
  const list = /^(uint(8|32|64|256))\[\]$/.exec(type);
  if (list) return keccak256(joined(value.map((each) => encoded(list[1], each))));
  const number = /^uint(8|32|64|256)$/.exec(type);
  if (number) return word(value, Number(number[1]));
  throw new Error(`a type that this page does not know: ${type}`);
}

function structHash(name, fields, values) {
  if (Object.keys(values).length !== fields.length) throw new Error(`${name} does not have its fields`);
  const type = `${name}(${fields.map((field) => `${field.type} ${field.name}`).join(",")})`;
  const parts = fields.map((field) => encoded(field.type, values[field.name]));
  return keccak256(joined([keccak256(encoder.encode(type)), ...parts]));
}

/** An address with its checksum (EIP-55). */
export function checksummed(address) {
  const digits = address.slice(2).toLowerCase();
  const digest = toHex(keccak256(encoder.encode(digits))).slice(2);
  return `0x${Array.from(digits, (digit, at) => (Number.parseInt(digest[at], 16) >= 8 ? digit.toUpperCase() : digit)).join("")}`;
}

/** Domain hash, message hash and the hash that is signed, each as 0x-hex. */
export function hashTypedData(typed) {
  const domain = structHash("EIP712Domain", typed.types.EIP712Domain, typed.domain);
  const message = structHash(typed.primaryType, typed.types[typed.primaryType], typed.message);
  const signed = keccak256(joined([Uint8Array.of(0x19, 0x01), domain, message]));
  return { domain: toHex(domain), message: toHex(message), signed: toHex(signed) };
}
