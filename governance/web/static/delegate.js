// A wallet hands its voting power on, or takes it back.

import { Trouble } from "./api.js";
import { button, el, facts, mono, section } from "./dom.js";
import { state } from "./stand.js";
import { checksummed } from "./typed_data.js";

export function delegateView(visit) {
  const to = el("input", { type: "text", maxlength: "42", autocomplete: "off", spellcheck: "false", placeholder: "0x…" });
  const message = el("div");
  const current = visit.facts.delegates[visit.account.toLowerCase()];
  const order = (named) => async () => {
    const written = to.value.trim();
    if (named && !/^0x[0-9a-fA-F]{40}$/.test(written)) throw new Trouble("This is no address", { value: written, limit: "0x and 40 hex digits" });
    const done = await state(visit, "delegate", named ? checksummed(written) : "nobody", { to: named ? written : "" }, message);
    visit.finish(done.to ? "Your power is handed on" : "Your wallet speaks for itself", [
      facts([["wallet", mono(done.wallet)], ["delegate", mono(done.to ?? "nobody")]]),
      el("p", {}, "It holds for votes that open from now on."),
    ]);
  };
  return [
    section("Who votes for your wallet",
      el("p", {}, "Your delegate votes with your power wherever you do not vote yourself: your own vote always comes first. You can take it back at any time."),
      facts([["wallet", mono(visit.account)], ["delegates to", current ? mono(current) : "nobody"]]),
      el("label", { class: "weigh wide" }, "The delegate's address", to),
      el("div", { class: "actions" },
        button("Delegate", visit.guarded(order(true)), { class: "primary" }),
        button("Take it back", visit.guarded(order(false))))),
    message,
  ];
}
