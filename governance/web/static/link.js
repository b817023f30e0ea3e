// A wallet is linked to a person, or taken away.

import { Trouble } from "./api.js";
import { button, el, facts, mono, section } from "./dom.js";
import { signText } from "./wallets.js";

/** What this page can see for itself of a message, before a wallet is asked to sign it. */
function check(text, account) {
  const [greeting, address] = text.split("\n");
  const right = greeting === `${location.host} wants you to sign in with your Ethereum account:`
    && address === account
    && text.includes(`\nURI: ${location.origin}/\n`);
  if (!right) throw new Trouble("The message is not for this page and this account; it was not signed");
}

export function linkView(visit, wanted) {
  const { person, treasury } = visit;
  const verb = wanted.unlink ? "Take away" : "Link";
  const act = async () => {
    const { text } = await visit.post("/api/offer", { wallet: visit.account });
    check(text, visit.account);
    message.replaceChildren(section("What your wallet signs", el("pre", { tabindex: "0" }, text)));
    visit.tell("Your wallet asks you to sign. Compare the message.");
    const signature = await signText(visit.wallet, visit.account, text);
    const done = await visit.post("/api/take", { signature });
    visit.finish(done.linked ? "Your wallet is linked" : "The wallet is taken away",
      [mono(done.wallet), done.linked ? " now belongs to you here." : " belongs to nobody here any more."]);
  };
  const message = el("div");
  return [
    section(wanted.unlink ? "Which wallet, and who asks" : "Whose wallet it will be",
      el("p", {}, wanted.unlink
        ? "The wallet below will belong to nobody here, whoever had it before. To do that it signs a message."
        : "The wallet below will speak for this person, in every vote of this treasury:"),
      facts([
        ["person", person.name ? [el("bdi", { class: "big" }, person.name)] : "without a name"],
        ["user id", mono(person.user)],
        ["of guild", mono(person.guild)],
        ["wallet", mono(visit.account)],
        ["for", [el("bdi", {}, treasury.name), `, on ${treasury.chain}`]],
        visit.facts.wallets.length > 0 && ["linked already", visit.facts.wallets.map((each) => el("div", {}, mono(each)))],
      ].filter(Boolean)),
      el("p", { class: "note" }, "If you are not this person, somebody wants to vote with your tokens: close this page."),
      el("div", { class: "actions" }, button(`${verb} this wallet`, visit.guarded(act), { class: "primary" }))),
    message,
  ];
}
