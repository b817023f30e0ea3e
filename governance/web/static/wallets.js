// Wallets in this browser: EIP-6963 announces them, EIP-1193 speaks with them. What they say of themselves is text.

import { Trouble } from "./api.js";
import { checksummed } from "./typed_data.js";

const ANNOUNCED_WITHIN = 400;
const LONGEST_NAME = 40;
const REJECTED = 4001;

/** All wallets that announce themselves, or the one that older wallets leave in the window. */
export async function findWallets() {
  const found = new Map();
  const take = ({ detail }) => {
    if (typeof detail?.provider?.request !== "function") return;
    found.set(String(detail.info?.uuid), { name: nameOf(detail.info?.name), provider: detail.provider });
  };
  window.addEventListener("eip6963:announceProvider", take);
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  await new Promise((resolve) => { setTimeout(resolve, ANNOUNCED_WITHIN); });
  window.removeEventListener("eip6963:announceProvider", take);
  if (!found.size && typeof window.ethereum?.request === "function") {
    found.set("window", { name: "your wallet", provider: window.ethereum });
  }
  return [...found.values()];
}

function nameOf(name) {
  const text = typeof name === "string" ? name.replace(/[\p{C}\s]+/gu, " ").trim() : "";
  return text.slice(0, LONGEST_NAME) || "a wallet without a name";
}

async function ask(wallet, method, params) {
  try {
    return await wallet.provider.request({ method, params });
  } catch (error) {
    if (error?.code === REJECTED) {
      throw new Trouble("You refused in your wallet; nothing was signed", { nextStep: "Try again when you are ready" });
    }
    throw new Trouble(`Your wallet could not do that (${method})`, { value: String(error?.message ?? error).slice(0, 200) });
  }
}

/** The account that the person lets this page see. */
export async function connect(wallet) {
  const accounts = await ask(wallet, "eth_requestAccounts", []);
  const account = Array.isArray(accounts) ? accounts[0] : undefined;
  if (!/^0x[0-9a-fA-F]{40}$/.test(account ?? "")) throw new Trouble("Your wallet names no account");
  return checksummed(account);
}

/** Wallets sign typed data only for the chain that they are on. */
export async function useChain(wallet, chainId, name) {
  if (BigInt(await ask(wallet, "eth_chainId", [])) === BigInt(chainId)) return;
  await ask(wallet, "wallet_switchEthereumChain", [{ chainId: `0x${chainId.toString(16)}` }]).catch(() => undefined);
  if (BigInt(await ask(wallet, "eth_chainId", [])) !== BigInt(chainId)) {
    throw new Trouble("Your wallet is on another chain", {
      limit: `${name}, chain id ${chainId}`,
      nextStep: "Switch your wallet to that chain, then try again",
    });
  }
}

export async function signText(wallet, account, text) {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0"));
  return signature(await ask(wallet, "personal_sign", [`0x${bytes.join("")}`, account]));
}

export async function signTyped(wallet, account, typed) {
  return signature(await ask(wallet, "eth_signTypedData_v4", [account, JSON.stringify(typed)]));
}

function signature(answer) {
  if (typeof answer !== "string" || !/^0x([0-9a-f]{2})+$/i.test(answer)) {
    throw new Trouble("Your wallet gave something that is no signature; nothing was sent");
  }
  return answer;
}
