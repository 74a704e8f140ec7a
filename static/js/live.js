// Parts that ask for news (hx-trigger="every …"): what they do when the answer is none.

document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const asked = new URL(detail.requestConfig.path, window.location).pathname;
  const answered = new URL(detail.xhr.responseURL).pathname;
  const gone = detail.xhr.status === 404;
  if (asked === answered && !gone) return;
  detail.shouldSwap = false;
  if (gone && detail.requestConfig.verb === "get" && detail.target.matches("tr")) detail.target.remove();
  else window.location.reload(); // to the login page, or to the page that says it is gone
});
