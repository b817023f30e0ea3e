// A steward approves, vetoes, freezes or ends a freeze.

import { Trouble } from "./api.js";
import { button, el, facts, mono, section } from "./dom.js";
import { hashes, question } from "./proposal.js";
import { signText } from "./wallets.js";

const WORDS = { approve: ["Approve", "It is approved"], veto: ["Veto", "It is vetoed"] };

/** Lets the wallet sign the statement, which must name this deed, this wallet, and what it is about. */
export async function state(visit, deed, about, asked, shown) {
  const { text, who } = await visit.post("/api/offer", { wallet: visit.account, ...asked });
  const lines = text.split("\n");
  const right = lines[0] === `dao-bot: ${deed}` && lines[2] === `Wallet: ${visit.account}` && lines[3] === `About: ${about}`;
  if (!right) throw new Trouble("The statement is not what you chose; it was not signed");
  shown.replaceChildren(section("What your wallet signs", el("pre", { tabindex: "0" }, text)));
  visit.tell(`Your wallet asks you to sign as ${who}. Compare the message.`);
  const signature = await signText(visit.wallet, visit.account, text);
  return visit.post("/api/take", { signature });
}

/** A steward stops approvals. */
export function freezeView(visit) {
  const why = el("input", { type: "text", maxlength: "500", autocomplete: "off" });
  const message = el("div");
  const act = async () => {
    const held = await state(visit, "freeze", "approvals", { reason: why.value }, message);
    visit.finish("Approvals are frozen", facts([["by", el("bdi", {}, held.by)], ["why", el("bdi", {}, held.why || "nothing was said")]]));
  };
  return [
    section("What a freeze stops",
      el("p", {}, "Nothing is approved any more, and votes, approvals and delegations through chats are refused. It ends when enough stewards sign for it."),
      visit.facts.held && el("p", { class: "note" }, "Approvals are frozen already; that freeze stays as it is."),
      el("label", { class: "weigh wide" }, "Why (everybody reads it)", why),
      facts([["wallet", mono(visit.account)]]),
      el("div", { class: "actions" }, button("Freeze approvals", visit.guarded(act), { class: "primary" }))),
    message,
  ];
}

/** Stewards let approvals go on. */
export function unfreezeView(visit) {
  const { number, since, by, why, signed } = visit.facts;
  const message = el("div");
  const act = async () => {
    const done = await state(visit, "unfreeze", String(number), {}, message);
    visit.finish(done.ended ? "The freeze has ended" : "Your signature counts",
      el("p", {}, done.ended ? "Approvals go on." : `It ends once enough stewards have signed; so far: ${done.signed.join(", ")}.`));
  };
  return [
    section("What is frozen",
      el("p", {}, "No approval counts that comes through a chat. Votes and approvals that wallets sign still do."),
      facts([
        ["since", since],
        ["by", el("bdi", {}, by)],
        ["why", el("bdi", {}, why || "nothing was said")],
        ["signed to end it", signed.length > 0 ? signed.join(", ") : "nobody yet"],
        ["wallet", mono(visit.account)],
      ]),
      el("p", { class: "note" }, "End it only when you know why it began, and that whoever speaks as a steward is one."),
      el("div", { class: "actions" }, button("End the freeze", visit.guarded(act), { class: "primary" }))),
    message,
  ];
}

export function standView(visit, deed) {
  const { stands, hash } = visit.facts;
  const [verb, done] = WORDS[deed];
  const [before, after] = question(visit.facts);
  const why = el("input", { type: "text", maxlength: "500", autocomplete: "off" });
  const message = el("div");
  const act = async () => {
    const said = await state(visit, deed, hash, { reason: why.value }, message);
    visit.finish(`${done}, by ${said.steward}`, facts([["wallet", mono(said.wallet)], ["said", said.stand], ["hash", mono(hash)]]));
  };
  return [
    before,
    section("Your word as a steward",
      el("p", { class: "muted" }, "It holds until you say something else; then your last word counts."),
      stands.length > 0 && facts(stands.map((each) => [el("bdi", {}, each.steward), each.stand])),
      el("label", { class: "weigh wide" }, "Why (public, if you want)", why),
      facts([["wallet", mono(visit.account)], ["rule", visit.facts.rule]]),
      el("div", { class: "actions" }, button(verb, visit.guarded(act), { class: "primary" }))),
    message,
    after,
    section("What your word is bound to", hashes([[visit.facts.card ? "batch hash" : "its hash", hash]])),
  ];
}
