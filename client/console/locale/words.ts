/** The console's words, one file per part of the day. */
import enAfter from './en/after.json'
import enBank from './en/bank.json'
import enDesk from './en/desk.json'
import enErasure from './en/erasure.json'
import enFrame from './en/frame.json'
import enKeys from './en/keys.json'
import enOrganise from './en/organise.json'
import enReplay from './en/replay.json'
import enWall from './en/wall.json'
import zhAfter from './zh/after.json'
import zhBank from './zh/bank.json'
import zhDesk from './zh/desk.json'
import zhErasure from './zh/erasure.json'
import zhFrame from './zh/frame.json'
import zhKeys from './zh/keys.json'
import zhOrganise from './zh/organise.json'
import zhReplay from './zh/replay.json'
import zhWall from './zh/wall.json'

export const zh = {
  ...zhFrame,
  ...zhBank,
  ...zhOrganise,
  ...zhKeys,
  ...zhDesk,
  ...zhWall,
  ...zhAfter,
  ...zhErasure,
  ...zhReplay,
}

export const en = {
  ...enFrame,
  ...enBank,
  ...enOrganise,
  ...enKeys,
  ...enDesk,
  ...enWall,
  ...enAfter,
  ...enErasure,
  ...enReplay,
}
