// An owner of the Safe signs its transaction.

import { Trouble } from "./api.js";
import { button, copyable, el, facts, mono, party, section } from "./dom.js";
import { calls, changes, hashes, owners, says, story, warnings } from "./proposal.js";
import { hashTypedData } from "./typed_data.js";
import { signTyped, useChain } from "./wallets.js";

/** The typed data must be a SafeTx of this Safe on this chain, and hash to what the server computed. */
function check(typed, told, treasury) {
  const made = hashTypedData(typed);
  const same = made.domain === told.domain && made.message === told.message && made.signed === told.safe_tx;
  const here = typed.domain.verifyingContract === treasury.safe && Number(typed.domain.chainId) === treasury.chain_id
    && typed.primaryType === "SafeTx";
  if (!same || !here) {
    throw new Trouble("This browser computes other hashes than the server says; nothing was signed", {
      nextStep: "Do not sign this anywhere. Tell the other owners",
    });
  }
  return made;
}

export function signView(visit) {
  const { treasury } = visit;
  const { card, reasons, rejection, nonce, typed, notes } = visit.facts;
  const made = check(typed, visit.facts.hashes, treasury);
  const act = async () => {
    await useChain(visit.wallet, treasury.chain_id, treasury.chain);
    const offered = await visit.post("/api/offer", { wallet: visit.account });
    const again = check(offered.typed, offered.hashes, treasury);
    if (again.signed !== made.signed) {
      throw new Trouble("The transaction has changed since it was shown; nothing was signed", { nextStep: "Load this page again" });
    }
    visit.tell("Your wallet asks you to sign. Compare the hashes with those on this page.");
    const signature = await signTyped(visit.wallet, visit.account, offered.typed);
    const done = await visit.post("/api/take", { signature });
    visit.finish("Your signature is in the queue", [
      facts([["owner", mono(done.owner)], ["signatures", `${done.signed} of ${done.threshold}`], ["safeTxHash", copyable(made.signed)]]),
      el("p", {}, done.signed >= done.threshold
        ? "Enough owners have signed: the keeper executes it at its next tick."
        : "The keeper executes it once enough owners have signed."),
    ]);
  };
  const usable = reasons.length === 0;
  return [
    warnings(reasons),
    rejection
      ? section("This is the rejection of a proposal",
        el("p", {}, "An empty transaction at the proposal's nonce: once it is executed, what was proposed never can be. The proposal was:"),
        el("blockquote", {}, el("p", {}, card.title)))
      : story(card),
    !rejection && changes(card),
    calls(visit.facts.calls),
    section("Compare before you sign",
      el("p", {}, "Your wallet shows these hashes, or the fields that they are made of. They were computed in this browser from what your wallet gets, and are what the server computed."),
      hashes([["domain hash", made.domain], ["message hash", made.message], ["safeTxHash", made.signed]]),
      facts([["Safe", party(card.safe)], ["nonce", String(nonce)], ["chain", `${treasury.chain}, id ${treasury.chain_id}`]]),
      el("p", {}, "This page could lie to you. Compare on a machine of your own, with your own node:"),
      facts([
        ["with this record", copyable(visit.facts.verify)],
        ["elsewhere", [copyable(visit.facts.export), copyable("dao-bot verify transaction.json")]],
      ]),
      notes.length > 0 && el("ul", { class: "concerns" }, notes.map((note) => el("li", { class: "neutral" }, note))),
      facts([["you sign as", mono(visit.account)]]),
      el("div", { class: "actions" }, usable
        ? button(rejection ? "Sign the rejection" : "Sign this transaction", visit.guarded(act), { class: "primary" })
        : el("p", { class: "note" }, "It cannot be signed here. `dao-bot sign` and your Safe's own interface are not bound by this page."))),
    owners(card),
    !rejection && says(card),
  ];
}
