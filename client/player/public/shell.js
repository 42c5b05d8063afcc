// Keeps the player's own files, so that a reload without network still shows the player.
// Nothing of the API, no paper and no answer ever enters this cache.
const CACHE = 'gongyuan-shell-1'
const SHELL = new URL('./', self.registration.scope).pathname

self.addEventListener('install', (event) => {
  event.waitUntil(takeShell().then(() => self.skipWaiting()))
})

// The page and the built files that it names.
async function takeShell() {
  const cache = await caches.open(CACHE)
  const page = await fetch(SHELL, { cache: 'no-cache' })
  await cache.put(SHELL, page.clone())
  const named = (await page.text()).matchAll(/(?:src|href)="([^"]+\/assets\/[^"]+)"/g)
  await cache.addAll(Array.from(named, ([, path]) => path))
}

self.addEventListener('activate', (event) => {
  event.waitUntil(self.clients.claim())
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  const isShell = origin === self.location.origin && pathname.startsWith(SHELL)
  if (request.method === 'GET' && isShell) event.respondWith(answer(request, pathname))
})

async function answer(request, pathname) {
  const cache = await caches.open(CACHE)
  const isPage = request.mode === 'navigate'
  const name = isPage ? SHELL : request
  // Built files carry their hash in their name and never change; the page itself may.
  const held = await cache.match(name)
  if (held !== undefined && pathname.includes('/assets/')) return held
  try {
    const fresh = await fetch(request)
    if (fresh.ok) await cache.put(name, fresh.clone())
    return fresh
  } catch (error) {
    if (held !== undefined) return held
    throw error
  }
}
