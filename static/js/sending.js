// Wishes sent to the server, other than saves.

// Another tab may have logged in again since this page was made.
export function csrfToken() {
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

// Also on pages without https, where crypto.randomUUID is missing.
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const LONGEST_WAIT_MS = 20_000;

// The answer {status, text, headers}; of none, the status is 0, and of the login page 403. `why`
// tells people what went wrong, empty where nothing did. `keepalive`: even if the page is closed.
export async function send(address, values, { keepalive = false } = {}) {
  const headers = { "hx-request": "true", "x-csrftoken": csrfToken() };
  const body = new URLSearchParams(values ?? {});
  const signal = AbortSignal.timeout(LONGEST_WAIT_MS);
  const answer = await fetch(address, { method: "POST", headers, body, signal, keepalive }).catch(() => null);
  if (answer?.redirected || answer?.status === 403) return { status: 403, text: "", why: "log in again" };
  const text = await answer?.text().catch(() => null); // it may break off in the middle
  if (typeof text !== "string") return { status: 0, text: "", why: "no connection" };
  const plain = answer.headers.get("content-type")?.startsWith("text/plain");
  const why = answer.ok ? "" : plain ? text : WHY[answer.status] ?? `the server has trouble (${answer.status})`;
  return { status: answer.status, text, headers: answer.headers, why };
}

const WHY = { 404: "it is not there any more", 409: "it was changed meanwhile" };

// Whether the same may be sent again, as no word on it came back.
export function unanswered({ status }) {
  return status === 0 || status === 403 || status >= 500;
}
