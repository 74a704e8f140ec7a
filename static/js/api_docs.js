// The API's description, in which calls can be tried: with this session, or with a key.
const place = document.querySelector("#calls");
const dark = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;

function paint() {
  const chosen = root.dataset.theme;
  root.classList.toggle("dark-mode", chosen ? chosen === "dark" : dark.matches);
}

dark.addEventListener("change", paint);
paint();
SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  docExpansion: "list",
  requestInterceptor: (request) => {
    const ours = new URL(request.url, location.href).origin === location.origin;
    if (ours && !request.loadSpec) request.headers["X-CSRFToken"] = place.dataset.csrf;
    return request;
  },
});
