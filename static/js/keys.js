// Keys by the names under which they are stored (feedback/keys.py): Ctrl+, Alt+, Shift+, Meta+ and
// KeyboardEvent.key, letters as capitals and the blank as Space.

const NAME = /^[A-Z][A-Za-z0-9]+$/;
const NONE = /^(Control|Alt|AltGraph|Shift|Meta|CapsLock|Fn|NumLock|Dead|Process|Unidentified|Compose)$/;

// What was pressed; "" while it is only a modifier, or belongs to the input method or to AltGr.
export function nameOf(event) {
  const key = keyOf(event);
  if (!key) return "";
  const held = [event.ctrlKey && "Ctrl+", event.altKey && "Alt+", event.shiftKey && "Shift+", event.metaKey && "Meta+"];
  return held.filter(Boolean).join("") + key;
}

function keyOf(event) {
  const { key, code } = event;
  if (!key || event.isComposing || event.keyCode === 229 || NONE.test(key)) return "";
  if (code === "Space") return "Space";
  if (NAME.test(key)) return key;
  if (event.getModifierState?.("AltGraph")) return "";
  const held = event.ctrlKey || event.altKey || event.metaKey;
  // Ctrl+H on a Cyrillic or an Arabic keyboard too, and whatever Alt makes of letters on a Mac
  if (held && key > "\x7f" && /^(Key|Digit)/.test(code)) return code.at(-1);
  return key.toUpperCase().length === 1 ? key.toUpperCase() : key;
}
