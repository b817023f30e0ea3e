// A steward approves or vetoes.

import { Trouble } from "./api.js";
import { button, el, facts, mono, section } from "./dom.js";
import { hashes, question } from "./proposal.js";
import { signText } from "./wallets.js";

const WORDS = { approve: ["Approve", "It is approved"], veto: ["Veto", "It is vetoed"] };

/** The statement must name this deed, this wallet and this batch. */
function check(text, deed, visit) {
  const lines = text.split("\n");
  const right = lines[0] === `dao-bot: ${deed}` && lines[2] === `Wallet: ${visit.account}` && lines[3] === `About: ${visit.facts.hash}`;
  if (!right) throw new Trouble("The statement is not what you chose; it was not signed");
}

export function standView(visit, deed) {
  const { stands, hash } = visit.facts;
  const [verb, done] = WORDS[deed];
  const [before, after] = question(visit.facts);
  const why = el("input", { type: "text", maxlength: "500", autocomplete: "off" });
  const message = el("div");
  const act = async () => {
    const { text, steward } = await visit.post("/api/offer", { wallet: visit.account, reason: why.value });
    check(text, deed, visit);
    message.replaceChildren(section("What your wallet signs", el("pre", { tabindex: "0" }, text)));
    visit.tell(`Your wallet asks you to sign as ${steward}. Compare the message.`);
    const signature = await signText(visit.wallet, visit.account, text);
    const said = await visit.post("/api/take", { signature });
    visit.finish(`${done}, by ${said.steward}`, facts([["wallet", mono(said.wallet)], ["said", said.stand], ["hash", mono(hash)]]));
  };
  return [
    before,
    section("Your word as a steward",
      el("p", { class: "muted" }, "It holds until you say something else; then your last word counts."),
      stands.length > 0 && facts(stands.map((each) => [el("bdi", {}, each.steward), each.stand])),
      el("label", { class: "weigh" }, "Why (public, if you want)", why),
      facts([["wallet", mono(visit.account)], ["rule", visit.facts.rule]]),
      el("div", { class: "actions" }, button(verb, visit.guarded(act), { class: "primary" }))),
    message,
    after,
    section("What your word is bound to", hashes([[visit.facts.card ? "batch hash" : "mandate", hash]])),
  ];
}
