// Keeps the application on the device, so that it opens without a network. It holds only the files of the build, whose names
// carry their sum and never change, and the pictures of the tasks in hand; all else the city says (/api, /tiles, /rt) always comes
// from the city. Pages ask the network
// first and fall back to the kept shell. What waits to be sent is the page's own affair (web/src/sources/outbox.ts).
const SHELF = "chengyun-files-1";
/** Pictures of the tasks in hand, put here by the page (web/src/tasks/kept-tasks.ts) and given up by it at sign-out. */
const PICTURES = "chengyun-pictures";
/** A page that has not come by then is opened from the shelf: a line that hangs is worse than none. */
const PATIENCE_MS = 4000;
const SHELL = "/index.html";

self.addEventListener("install", (event) => {
  event.waitUntil(keepAll().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((n) => n.startsWith("chengyun-") && n !== SHELF && n !== PICTURES).map((n) => caches.delete(n))))
      .then(() => self.clients.claim()),
  );
});

/** Every file of the build, by its list; one that cannot be had now is kept when it is first used. */
async function keepAll() {
  const shelf = await caches.open(SHELF);
  await shelf.add(new Request(SHELL, { cache: "reload" }));
  const answer = await fetch("/files.json", { cache: "no-store" });
  if (!answer.ok) return;
  const files = new Set();
  for (const entry of Object.values(await answer.json())) {
    files.add(entry.file);
    for (const more of [...(entry.css || []), ...(entry.assets || [])]) files.add(more);
  }
  const kept = await shelf.keys();
  const wanted = new Set([...files].map((f) => new URL(`/${f}`, self.location).href));
  await Promise.all(kept.filter((r) => new URL(r.url).pathname.startsWith("/assets/") && !wanted.has(r.url)).map((r) => shelf.delete(r)));
  await Promise.allSettled([...wanted].map((url) => shelf.match(url, { ignoreVary: true }).then((have) => have || shelf.add(url))));
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/assets/") || url.pathname === "/mark.svg") event.respondWith(keptFirst(request));
  else if (/^\/api\/v1\/attachments\/\d+\/thumb$/.test(url.pathname)) event.respondWith(fetch(request).catch((lost) => keptPicture(request, lost)));
  else if (request.mode === "navigate" && !/^\/(api|admin|tiles|rt|open311|ogc|sta|intake|metrics|healthz|readyz)\b/.test(url.pathname)) event.respondWith(networkFirst(request));
});

async function keptFirst(request) {
  const shelf = await caches.open(SHELF);
  const have = await shelf.match(request, { ignoreVary: true });
  if (have) return have;
  const answer = await fetch(request);
  if (answer.ok) await shelf.put(request, answer.clone());
  return answer;
}

async function keptPicture(request, lost) {
  const have = await (await caches.open(PICTURES)).match(request, { ignoreVary: true });
  if (have) return have;
  throw lost;
}

async function networkFirst(request) {
  const shelf = await caches.open(SHELF);
  try {
    const shell = await shelf.match(SHELL, { ignoreVary: true });
    if (shell && self.navigator.onLine === false) return shell;
    const answer = await (shell ? fetch(request, { signal: AbortSignal.timeout ? AbortSignal.timeout(PATIENCE_MS) : undefined }) : fetch(request));
    if (answer.ok && (answer.headers.get("Content-Type") || "").startsWith("text/html")) {
      await shelf.put(SHELL, answer.clone());
      // A new build has new files: fetch them while there is a network.
      keepAll().catch(() => undefined);
    }
    return answer;
  } catch (lost) {
    const shell = await shelf.match(SHELL, { ignoreVary: true });
    if (shell) return shell;
    throw lost;
  }
}
