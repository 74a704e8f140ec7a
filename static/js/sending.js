// Wishes sent to the server, other than saves.

// Another tab may have logged in again since this page was made.
export function csrfToken() {
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

// Also on pages without https, where crypto.randomUUID is missing.
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The answer {status, text, headers}; of none, the status is 0, and of the login page 403. `why`
// tells people what went wrong, empty where nothing did.
export async function send(address, values) {
  const headers = { "hx-request": "true", "x-csrftoken": csrfToken() };
  const body = values instanceof FormData ? new URLSearchParams(values) : new URLSearchParams(values ?? {});
  const answer = await fetch(address, { method: "POST", headers, body }).catch(() => null);
  if (!answer) return { status: 0, text: "", why: "no connection" };
  if (answer.redirected || answer.status === 403) return { status: 403, text: "", why: "log in again" };
  const text = await answer.text();
  const plain = answer.headers.get("content-type")?.startsWith("text/plain");
  const why = answer.ok ? "" : plain ? text : WHY[answer.status] ?? `the server has trouble (${answer.status})`;
  return { status: answer.status, text, headers: answer.headers, why };
}

const WHY = { 404: "it is not there any more", 409: "it was changed meanwhile" };

// Whether the same may be sent again, as no word on it came back.
export function unanswered({ status }) {
  return status === 0 || status === 403 || status >= 500;
}
