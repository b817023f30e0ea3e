// The server of this page, and nobody else.

/** What the server, or this page, has to say when something went wrong. */
export class Trouble extends Error {
  constructor(what, { value, limit, nextStep, kind } = {}) {
    super(what);
    this.value = value;
    this.limit = limit;
    this.nextStep = nextStep;
    this.kind = kind;
  }
}

const WITHIN = 90_000;

/** Posts `body`; `session` is the secret that the page got for its link. */
export async function post(path, body, session) {
  const headers = { "Content-Type": "application/json" };
  if (session) headers.Authorization = `Bearer ${session}`;
  let answer;
  let facts;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(WITHIN),
    });
    facts = await answer.json();
  } catch {
    throw new Trouble("The server does not answer", { nextStep: "Check your connection, then try again" });
  }
  if (answer.ok) return facts;
  const { kind, what, value, limit, next_step: nextStep } = facts.error ?? {};
  throw new Trouble(what ?? "The server refuses this", { kind, value, limit, nextStep });
}
