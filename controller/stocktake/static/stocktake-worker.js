// This file lets a stocktake's page open without a network. Browsers allow it on https and localhost only.
const CACHE = "lophoc-stocktake-1";
const PATIENCE_MS = 4000;
const PARTS = ["/static/style.css", "/static/stocktake.js", "/static/live.js", "/static/icon.svg"];

addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(PARTS))
      .then(() => skipWaiting()),
  );
});
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin) return;
  const page = pathname.match(/^\/stocktake\/\d+(?=$|\/rooms\/)/u);
  if (page && event.request.mode === "navigate") event.respondWith(fresh(event.request, page[0]));
  else if (PARTS.includes(pathname)) event.respondWith(fresh(event.request, pathname));
});

// The server's, else what was kept of it: any room's page holds the whole stocktake.
async function fresh(request, key) {
  const cache = await caches.open(CACHE);
  const cached = await cache.match(key);
  try {
    const answer = await fetch(request, cached ? { signal: AbortSignal.timeout(PATIENCE_MS) } : {});
    if (answer.ok && !answer.redirected) await cache.put(key, answer.clone());
    return answer;
  } catch (error) {
    if (cached) return cached;
    throw error;
  }
}
