/** Every screen with its address. `dark` fills the whole window. */
import { defineAsyncComponent, type Component } from 'vue'
import { match, type Params } from './router'

export interface Screen {
  name: string
  pattern: string
  view: Component
  dark?: boolean
}

const later = (load: () => Promise<Component>): Component => defineAsyncComponent(load)

export const SCREENS: readonly Screen[] = [
  { name: 'home', pattern: '/', view: later(() => import('./home/Home.vue')) },
  { name: 'accounts', pattern: '/accounts', view: later(() => import('./home/Accounts.vue')) },
  {
    name: 'blueprints',
    pattern: '/bank/blueprints',
    view: later(() => import('./bank/Blueprints.vue')),
  },
  { name: 'items', pattern: '/bank/items', view: later(() => import('./bank/Items.vue')) },
  { name: 'assemble', pattern: '/bank/assemble', view: later(() => import('./bank/Assemble.vue')) },
  { name: 'packages', pattern: '/bank/packages', view: later(() => import('./bank/Packages.vue')) },
  { name: 'sites', pattern: '/sites', view: later(() => import('./organise/Sites.vue')) },
  { name: 'sessions', pattern: '/sessions', view: later(() => import('./organise/Sessions.vue')) },
  {
    name: 'session',
    pattern: '/sessions/:session_id',
    view: later(() => import('./organise/Overview.vue')),
  },
  {
    name: 'staffing',
    pattern: '/sessions/:session_id/staff',
    view: later(() => import('./organise/Staffing.vue')),
  },
  {
    name: 'candidates',
    pattern: '/sessions/:session_id/candidates',
    view: later(() => import('./organise/Candidates.vue')),
  },
  {
    name: 'package',
    pattern: '/sessions/:session_id/package',
    view: later(() => import('./organise/PackageIn.vue')),
  },
  {
    name: 'draw',
    pattern: '/sessions/:session_id/draw',
    view: later(() => import('./organise/Draw.vue')),
  },
  { name: 'holder', pattern: '/holder', view: later(() => import('./keys/Holder.vue')) },
  {
    name: 'keys',
    pattern: '/sessions/:session_id/keys',
    view: later(() => import('./keys/Release.vue')),
  },
  {
    name: 'desk',
    pattern: '/sessions/:session_id/desk',
    view: later(() => import('./desk/Desk.vue')),
  },
  {
    name: 'wall',
    pattern: '/sessions/:session_id/rooms/:room_id/wall',
    view: later(() => import('./wall/Wall.vue')),
    dark: true,
  },
  {
    name: 'close',
    pattern: '/sessions/:session_id/close',
    view: later(() => import('./after/Close.vue')),
  },
  {
    name: 'late',
    pattern: '/sessions/:session_id/late',
    view: later(() => import('./after/Late.vue')),
  },
  {
    name: 'replay',
    pattern: '/sessions/:session_id/replay',
    view: later(() => import('./replay/Replays.vue')),
  },
  {
    name: 'marking',
    pattern: '/sessions/:session_id/marking',
    view: later(() => import('./after/Marking.vue')),
  },
  {
    name: 'results',
    pattern: '/sessions/:session_id/results',
    view: later(() => import('./after/Results.vue')),
  },
  {
    name: 'reviews',
    pattern: '/sessions/:session_id/reviews',
    view: later(() => import('./after/Reviews.vue')),
  },
  {
    name: 'archive',
    pattern: '/sessions/:session_id/archive',
    view: later(() => import('./after/Archive.vue')),
  },
  {
    name: 'erasure',
    pattern: '/sessions/:session_id/erasure',
    view: later(() => import('./erasure/Erasure.vue')),
  },
]

export function find(path: string): { screen: Screen; params: Params } | null {
  for (const screen of SCREENS) {
    const params = match(screen.pattern, path)
    if (params !== null) return { screen, params }
  }
  return null
}
