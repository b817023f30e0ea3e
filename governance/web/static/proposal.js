// A proposal as people read it; every text comes from the server, which made it from the bytes just now.

import { copyable, el, facts, mono, party, section } from "./dom.js";

const TONES = { danger: "Danger", caution: "Caution", neutral: "Note", active: "Note", good: "Note" };

/** What comes before the decision, and what is there to look up after it; of a batch, a mandate or a poll. */
export function question({ card, mandate, reasons, calls: list }) {
  if (!card && !mandate) return [[section("A question to the community", el("p", {}, "What comes of it binds nothing by itself."))], []];
  if (!card) {
    return [[warnings(reasons), section("What is allowed, without another vote", facts(mandate.map(({ name, value }) => [name, value])))], []];
  }
  return [[warnings(reasons, "Reasons against it"), story(card)], [changes(card), calls(list), says(card)]];
}

export function story(card) {
  const rows = [["What changes", card.story.changes], ["What it costs", card.story.costs], ["How it can fail", card.story.fails]];
  return el("section", {},
    el("dl", { class: "story" }, rows.map(([name, text]) => [el("dt", {}, name), el("dd", {}, text)])),
    card.concerns.length > 0 && el("ul", { class: "concerns" }, card.concerns.map((concern) =>
      el("li", { class: concern.tone }, el("b", {}, TONES[concern.tone]), concern.text))));
}

/** Reasons against it, before anything else. */
export function warnings(reasons, title = "Do not sign this") {
  return reasons.length > 0 && el("section", { class: "warning" },
    el("h2", {}, title), el("ul", {}, reasons.map((reason) => el("li", {}, reason))));
}

export function changes(card) {
  const { success, witnesses, reason } = card.simulation;
  const said = success
    ? `Simulated a moment ago (${card.told_at}) by ${witnesses} independent witnesses, which agree.`
    : `Simulated a moment ago (${card.told_at}): it fails. ${reason ?? ""}`;
  const cell = (label, text, style) => el("td", { "data-label": label, class: `r ${style ?? ""}` }, text ?? "");
  const rows = card.changes.map((row) => el("tr", {},
    el("th", { scope: "row" }, el("bdi", {}, row.asset)),
    cell("change", row.change, row.gains ? "in" : "out"),
    cell("before", row.before),
    cell("after", row.after),
    cell("worth", row.worth)));
  const heads = ["asset", "change", "before", "after", "worth"].map((name, at) => el("th", { scope: "col", class: at ? "r" : "" }, name));
  return section("What the treasury gains and loses",
    rows.length > 0
      ? el("table", {}, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows))
      : el("p", {}, success ? "Nothing." : "Nothing, because it fails."),
    el("p", { class: "small muted" }, said));
}

export function calls(list) {
  const argument = ({ name, type, value }) => el("tr", {},
    el("th", { scope: "row" }, name),
    el("td", { "data-label": "type", class: "mono" }, type),
    el("td", { "data-label": "value", class: "mono wide" }, value));
  const item = (call) => el("li", { class: call.function ? "" : "danger" },
    el("span", { class: "n" }, String(call.number)),
    el("div", {},
      el("div", {}, call.summary),
      el("div", { class: "small muted" }, party(call.to)),
      el("details", {},
        el("summary", {}, mono(call.function ?? "an unknown function"), `, ${call.size} bytes`),
        call.arguments.length > 0 && el("table", {}, el("tbody", {}, call.arguments.map(argument))))));
  return section(`${list.length} ${list.length === 1 ? "call" : "calls"}, in this order, all or none`,
    el("ol", { class: "calls" }, list.map(item)));
}

export function says(card) {
  return card.says && section(["In the words of the strategy ", el("bdi", {}, card.strategy)],
    el("blockquote", {}, el("p", { dir: "auto" }, card.says)));
}

export function owners(card) {
  if (!card.owners) return null;
  const signed = card.owners.all.filter((owner) => owner.signed).length;
  return section("Signatures", el("p", {}, `${signed} of ${card.owners.threshold} that are needed.`),
    facts(card.owners.all.map((owner) => [owner.signed ? "has signed" : "has not signed", party(owner)])));
}

export function hashes(rows) {
  return facts(rows.map(([name, value]) => [name, copyable(value)]));
}
