// Changing the page in place. Where a node is taken out while someone types, Chromium undoes from
// there letter by letter, as it takes the typing to be over.

export function setText(element, text) {
  const node = element.firstChild;
  if (element.childNodes.length !== 1 || node.nodeType !== Node.TEXT_NODE) element.textContent = text;
  else if (node.data !== String(text)) node.data = text;
}

// The children of one element become those of the other, by their text alone where that is enough.
export function patch(element, wanted) {
  const [now, next] = [[...element.childNodes], [...wanted.childNodes]];
  if (now.length !== next.length || !now.every((node, n) => isAlike(node, next[n]))) {
    element.replaceChildren(...next);
    return;
  }
  now.forEach((node, n) => {
    if (node.nodeType !== Node.TEXT_NODE) patch(node, next[n]);
    else if (node.data !== next[n].data) node.data = next[n].data;
  });
}

function isAlike(one, other) {
  if (one.nodeType !== other.nodeType) return false;
  return one.nodeType === Node.TEXT_NODE || one.cloneNode().isEqualNode(other.cloneNode());
}
