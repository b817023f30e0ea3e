// A steward approves or vetoes.

import { Trouble } from "./api.js";
import { button, el, facts, mono, section } from "./dom.js";
import { hashes, question } from "./proposal.js";
import { signText } from "./wallets.js";

const WORDS = { approve: ["Approve", "It is approved"], veto: ["Veto", "It is vetoed"] };

/** Lets the wallet sign the statement, which must name this deed, this wallet, and what it is about. */
async function state(visit, deed, about, reason, shown) {
  const { text, steward } = await visit.post("/api/offer", { wallet: visit.account, reason });
  const lines = text.split("\n");
  const right = lines[0] === `dao-bot: ${deed}` && lines[2] === `Wallet: ${visit.account}` && lines[3] === `About: ${about}`;
  if (!right) throw new Trouble("The statement is not what you chose; it was not signed");
  shown.replaceChildren(section("What your wallet signs", el("pre", { tabindex: "0" }, text)));
  visit.tell(`Your wallet asks you to sign as ${steward}. Compare the message.`);
  const signature = await signText(visit.wallet, visit.account, text);
  return visit.post("/api/take", { signature });
}

/** Stewards let approvals go on. */
export function unfreezeView(visit) {
  const { number, since, by, why, signed } = visit.facts;
  const message = el("div");
  const act = async () => {
    const done = await state(visit, "unfreeze", String(number), "", message);
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
    const said = await state(visit, deed, hash, why.value, message);
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
