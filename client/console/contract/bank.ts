/** The shapes of the item bank's and the papers' API that this program relies on. */
import type { RefusedRow } from '@/shared/api'

export interface ImportReport {
  accepted: number
  rejected: number
  written: boolean
  rows: RefusedRow[]
}

/** `items` counts live items. */
export interface Blueprint {
  blueprint_id: string
  occupation_code: string
  occupation_name: string
  level: number
  points: number
  items: number
}

export interface BlueprintTaken {
  blueprint_id: string
  points: number
  warnings: RefusedRow[]
}

/** `supply` is item type → live items. */
export interface Point {
  code: string
  name: string
  importance: string
  supply: Record<string, number>
}

/** A scope with the points right under it; `weight` is empty below level 2. */
export interface Scope {
  code: string
  parent: string
  level: number
  name: string
  weight: string
  points: Point[]
}

export interface BlueprintDetail {
  blueprint_id: string
  occupation_code: string
  occupation_name: string
  level: number
  scopes: Scope[]
}

export type Tier = 'national' | 'provincial' | 'institution'
export const TIERS: readonly Tier[] = ['national', 'provincial', 'institution']
export type ItemType = 'single' | 'multiple' | 'judge' | 'short'
export const ITEM_TYPES: readonly ItemType[] = ['single', 'multiple', 'judge', 'short']

/** An item without its key; `difficulty` is 1 to 5. */
export interface ItemLine {
  item_id: string
  type: ItemType
  tier: Tier
  state: string
  point_code: string
  difficulty: number
  stem: string
  score: string
}

export interface ItemPage {
  items: ItemLine[]
  total: number
  page: number
  page_size: number
}

/** One form in figures; `by_scope` is scope → marks, `by_tier` tier → items. */
export interface AssemblyForm {
  form_code: string
  items: number
  full_score: string
  by_scope: Record<string, string>
  by_tier: Record<string, number>
  mean_difficulty: string
}

/** `shared` is the most items two forms have in common. */
export interface Assembly {
  assembly_id: string
  title: string
  forms: AssemblyForm[]
  shared: number | null
}

export interface BankPackage {
  package_id: string
  assembly_id: string
  occupation_code: string
  occupation_name: string
  level: number
  title: string
  forms: string[]
  sha256: string
  size_bytes: number
  sealed_at_ms: number
}

export interface Holder {
  holder_id: string
  account_id: string
  name: string
  public_key: string
}

export interface Signer {
  public_key: string
  name: string
  added_at_ms: number
}

export interface Package {
  package_id: string
  title: string
  occupation_code: string
  occupation_name: string
  level: number
  pass_score: string
  forms: { form_code: string; item_count: number; full_score: string; form_hash: string }[]
  shares_needed: number
  holders: string[]
  signer_public: string
  signer_known: boolean
  sha256: string
  received_at_ms: number
  content_open: boolean
  scoring_open: boolean
}

export interface Release {
  part: 'content' | 'scoring'
  given: string[]
  needed: number
  open: boolean
}
