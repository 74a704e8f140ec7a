// localStorage, which may be full or forbidden: that must never stop the work.

const KEEP_MS = 30 * 24 * 3600 * 1000;

export function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

export function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // as above
  }
}

// What was left behind for good, of a recording that was deleted, say, must not lie here for ever.
export function forgetOld() {
  for (const key of keysUnder("verbatim:")) {
    if (read(key)?.at < Date.now() - KEEP_MS) write(key, null);
  }
}

export function keysUnder(prefix) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}
