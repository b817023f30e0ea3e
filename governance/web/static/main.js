// From the link to the errand: find wallets, let one be chosen, spend the link, show what it is about.

import { post, Trouble } from "./api.js";
import { delegateView } from "./delegate.js";
import { button, el, mono, section } from "./dom.js";
import { linkView } from "./link.js";
import { signView } from "./sign.js";
import { freezeView, standView, unfreezeView } from "./stand.js";
import { voteView } from "./vote.js";
import { connect, findWallets } from "./wallets.js";

const TOKEN = /^[A-Za-z0-9_-]{43}$/;
const VIEWS = {
  link: (visit) => linkView(visit, { unlink: false }),
  unlink: (visit) => linkView(visit, { unlink: true }),
  vote: voteView,
  approve: (visit) => standView(visit, "approve"),
  veto: (visit) => standView(visit, "veto"),
  delegate: delegateView,
  freeze: freezeView,
  unfreeze: unfreezeView,
  sign: signView,
};
const TITLES = {
  link: "Link a wallet",
  unlink: "Take a wallet away",
  vote: "Vote",
  approve: "Approve as a steward",
  veto: "Veto as a steward",
  delegate: "Delegate",
  freeze: "Freeze approvals",
  unfreeze: "End a freeze",
  sign: "Sign a Safe transaction",
};

const [title, where, trouble, progress, content] = ["title", "where", "trouble", "progress", "content"]
  .map((id) => document.getElementById(id));

function show(heading, ...children) {
  title.textContent = heading;
  document.title = heading;
  trouble.replaceChildren();
  progress.textContent = "";
  content.replaceChildren(...children.flat(3).filter(Boolean));
  title.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function tell(text) {
  trouble.replaceChildren();
  progress.textContent = text;
}

function complain(error) {
  progress.textContent = "";
  const known = error instanceof Trouble ? error : new Trouble("Something went wrong in this page", { value: String(error) });
  trouble.replaceChildren(el("div", { class: "trouble" },
    el("p", {}, el("b", {}, sentence(known.message))),
    known.value && el("p", {}, "Got: ", el("bdi", {}, known.value)),
    known.limit && el("p", {}, "Allowed: ", el("bdi", {}, known.limit)),
    known.nextStep && el("p", {}, sentence(known.nextStep))));
  trouble.scrollIntoView({ block: "nearest" });
}

function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;
}

/** `act`, with whatever goes wrong shown to the person. */
function guarded(act) {
  return async () => {
    tell("One moment…");
    try {
      await act();
    } catch (error) {
      complain(error);
    }
  };
}

async function enter(wallet, token) {
  const account = await connect(wallet);
  tell("Reading, decoding and simulating…");
  const opened = await post("/api/open", { token });
  used = true;
  const visit = {
    ...opened,
    wallet,
    account,
    guarded,
    tell,
    post: (path, body) => post(path, body, opened.session),
    finish: (heading, children) => show(heading, el("section", { class: "done" }, el("p", { class: "pill good" }, "Done"), children,
      el("p", { class: "muted" }, "You can close this page."))),
  };
  visit.facts = await visit.post("/api/look", {});
  const about = visit.facts.title;
  show(about ?? TITLES[visit.errand], VIEWS[visit.errand](visit));
  where.replaceChildren(about ? `${TITLES[visit.errand]} · ` : "", el("bdi", {}, visit.treasury.name), ` · ${visit.treasury.chain}`);
  watch(wallet);
}

/** Another account is another signer: nothing that was shown for the first one is used for it. */
function watch(wallet) {
  wallet.provider.on?.("accountsChanged", () => {
    show("The account has changed", section("Nothing was signed", el("p", {}, "Your wallet changed to another account. Ask for a new link, and choose that account.")));
  });
}

let used = false;

async function choose(token) {
  tell("Looking for wallets…");
  const wallets = await findWallets();
  if (wallets.length === 0) {
    show("No wallet in this browser", section("The link is not used yet",
      el("p", {}, "Open it in the browser that has your wallet; on a phone, in the browser inside your wallet's app."),
      el("div", { class: "actions" },
        button("Copy the link", () => navigator.clipboard.writeText(`${location.origin}/#${token}`)),
        button("Look again", () => choose(token)))));
    return;
  }
  const start = (wallet) => async () => {
    tell("Your wallet asks you whether this page may see your account.");
    try {
      await enter(wallet, token);
    } catch (error) {
      if (used) show("This link is used up", section("What now", el("p", {}, "Ask for a new link where you got this one.")));
      complain(error);
    }
  };
  show("Choose your wallet", section("Wallets in this browser",
    el("p", {}, "Choosing one shows this page your address, and uses up the link. Nothing is signed yet."),
    el("div", { class: "wallets" }, wallets.map((wallet) =>
      button(["Continue with ", el("bdi", {}, wallet.name)], start(wallet), { class: "primary" })))));
}

async function begin() {
  where.replaceChildren("on ", mono(location.host));
  const token = location.hash.slice(1);
  // The token leaves the address bar, the history and every screenshot of them.
  history.replaceState(null, "", "/");
  if (TOKEN.test(token)) {
    await choose(token);
    return;
  }
  show("Wallet page", section(token ? "This is no link to this page" : "This page is opened with a link",
    el("p", {}, "You get one where your community meets, or with "), mono("dao-bot invite"),
    el("p", {}, "Each link is for one person and one purpose, works once, and is valid for ten minutes.")));
}

// Another link in the same tab changes nothing but the fragment.
window.addEventListener("hashchange", () => location.reload());
begin().catch(complain);
