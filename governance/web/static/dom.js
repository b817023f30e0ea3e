// Elements out of text: whatever a person, a wallet or a contract has named can never become markup.

/** An element; `attributes` may hold `on: {event: function}`. Children are elements, texts, or nothing. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    } else if (value === true) {
      made.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(name, String(value));
    }
  }
  made.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export function mono(text) {
  return el("span", { class: "mono" }, text);
}

/** A label that somebody chose, kept apart from the text around it, and the whole address. */
export function party({ label, address }) {
  return label ? [el("bdi", {}, label), " ", mono(address)] : mono(address);
}

export function section(title, ...children) {
  return el("section", {}, el("h2", {}, title), ...children);
}

/** A button that is disabled while what it does is under way. */
export function button(text, act, attributes = {}) {
  const made = el("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", async () => {
    made.disabled = true;
    made.setAttribute("aria-busy", "true");
    try {
      await act();
    } finally {
      made.disabled = false;
      made.removeAttribute("aria-busy");
    }
  });
  return made;
}

/** A value to compare or copy, in full. */
export function copyable(text) {
  const copy = button("Copy", async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = "Copied";
  }, { class: "quiet", "aria-label": `Copy ${text.slice(0, 40)}` });
  return el("span", { class: "copyable" }, mono(text), copy);
}

export function facts(rows) {
  return el("dl", { class: "facts" }, rows.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}
