// A wallet signs a vote.

import { Trouble } from "./api.js";
import { button, copyable, el, facts, mono, section } from "./dom.js";
import { hashes, question } from "./proposal.js";
import { hashTypedData } from "./typed_data.js";
import { signTyped } from "./wallets.js";

const SEVERAL = { approval: true };
const WEIGHED = { weighted: true, quadratic: true };
const RANKED = { "ranked-choice": true, copeland: true };

/** Fields for a choice, and what they say: a number, a list, weights by option, or nothing. */
function choiceFields({ kind, options }) {
  const number = (index) => index + 1;
  if (WEIGHED[kind]) {
    const inputs = options.map(() => el("input", { type: "number", min: "0", max: "1000000", step: "1", inputmode: "numeric", value: "0" }));
    return [
      options.map((option, index) => el("label", { class: "weigh" }, el("bdi", {}, option), inputs[index])),
      () => {
        const weights = inputs.map((input, index) => [number(index), Number(input.value)]).filter(([, weight]) => weight > 0);
        return weights.length > 0 ? Object.fromEntries(weights) : null;
      },
    ];
  }
  if (RANKED[kind]) {
    const inputs = options.map((_, index) => el("select", { "aria-label": `Place ${number(index)}` },
      el("option", { value: "" }, "no option"), options.map((option, at) => el("option", { value: String(number(at)) }, option))));
    return [
      inputs.map((input, index) => el("label", { class: "weigh" }, `Place ${number(index)}`, input)),
      () => {
        const ranked = inputs.map((input) => input.value).filter(Boolean).map(Number);
        return ranked.length > 0 ? ranked : null;
      },
    ];
  }
  const type = SEVERAL[kind] ? "checkbox" : "radio";
  const inputs = options.map((_, index) => el("input", { type, name: "choice", value: String(number(index)) }));
  return [
    [
      options.map((option, index) => el("label", { class: "choice" }, inputs[index], el("bdi", {}, option))),
      SEVERAL[kind] && el("p", { class: "small muted" }, "As many as you like; none is a vote too, against all of them."),
    ],
    () => {
      const chosen = inputs.filter((input) => input.checked).map((input) => Number(input.value));
      return SEVERAL[kind] ? chosen : chosen[0] ?? null;
    },
  ];
}

/** The message must say what was chosen, for this account and this ballot, and hash to what the server says. */
function check(typed, digest, choice, visit) {
  const { message } = typed;
  const { ballot } = visit.facts;
  const said = typeof message.choice === "string" ? JSON.parse(message.choice) : message.choice;
  const same = JSON.stringify(said) === JSON.stringify(choice)
    && message.from === visit.account
    && message.space === ballot.space && message.proposal === ballot.proposal
    && typed.primaryType === "Vote" && typed.domain.name === "snapshot";
  const made = hashTypedData(typed);
  if (!same || made.signed !== digest) throw new Trouble("The message is not what you chose; it was not signed");
  return made;
}

export function voteView(visit) {
  const { ballot } = visit.facts;
  const [before, after] = question(visit.facts);
  const [fields, chosen] = choiceFields(ballot);
  const why = el("input", { type: "text", maxlength: "500", autocomplete: "off" });
  const message = el("div");
  const act = async () => {
    const choice = chosen();
    if (choice === null) throw new Trouble("Nothing is chosen", { nextStep: "Choose, then sign" });
    const { typed, digest } = await visit.post("/api/offer", { wallet: visit.account, choice, reason: why.value });
    const made = check(typed, digest, choice, visit);
    message.replaceChildren(section("What your wallet signs",
      hashes([["domain hash", made.domain], ["message hash", made.message], ["signed hash", made.signed]]),
      el("p", { class: "small muted" }, "Computed in this browser from the message that your wallet gets.")));
    visit.tell("Your wallet asks you to sign. Compare the message.");
    const signature = await signTyped(visit.wallet, visit.account, typed);
    const done = await visit.post("/api/take", { signature });
    visit.finish(done.again ? "This vote was recorded before" : "Your vote is recorded", [
      facts([
        ["wallet", mono(done.wallet)],
        ["voting power", done.power],
        ["receipt", copyable(done.receipt)],
        ["recount", copyable(done.tally)],
      ]),
      done.changed && el("p", {}, "It replaces the vote that this wallet cast before."),
    ]);
  };
  return [
    before,
    section("Your vote",
      el("p", { class: "muted" }, ballot.ends ? `Open until ${ballot.ends}; until then you can change it.` : "Open until its veto window has passed."),
      el("fieldset", {}, el("legend", {}, "Choose"), fields),
      el("label", { class: "weigh wide" }, "Why (public, if you want)", why),
      facts([["wallet", mono(visit.account)]]),
      el("div", { class: "actions" }, button("Sign this vote", visit.guarded(act), { class: "primary" }))),
    message,
    after,
    section("What the vote is bound to", hashes([[visit.facts.card ? "batch hash" : "its hash", ballot.proposal], ["space", ballot.space]])),
  ];
}
