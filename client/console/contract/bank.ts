/** The shapes of the item bank's and the papers' API that this program relies on. */
import type { RefusedRow } from '@/shared/api'

export interface ImportReport {
  accepted: number
  rejected: number
  rows: RefusedRow[]
}

export interface Blueprint {
  blueprint_id: string
  occupation_code: string
  occupation_name: string
  level: number
  points: number
  warnings?: string[]
}

/** A node of the scope tree; `supply` counts usable items per type. */
export interface ScopeNode {
  code: string
  name: string
  weight: number | string | null
  supply?: Record<string, number>
  children?: ScopeNode[]
}

export interface BlueprintDetail extends Blueprint {
  tree: ScopeNode[]
}

export type Tier = 'national' | 'provincial' | 'institution'
export const TIERS: readonly Tier[] = ['national', 'provincial', 'institution']
export type ItemType = 'single' | 'multiple' | 'judge' | 'short'
export const ITEM_TYPES: readonly ItemType[] = ['single', 'multiple', 'judge', 'short']

export interface ItemLine {
  item_id: string
  type: string
  tier: string
  point_code: string
  point_name?: string
  stem: string
  state: string
  difficulty?: number | null
}

export interface ItemPage {
  items: ItemLine[]
  total: number
  page: number
  page_size: number
}

export interface AssemblyForm {
  form_code: string
  items: number | unknown[]
  full_score: string | number
  by_scope: {
    code: string
    name: string
    wanted?: number
    count: number
    score?: string | number
  }[]
  mean_difficulty: number | null
}

export interface Assembly {
  assembly_id: string
  title?: string
  forms: AssemblyForm[]
  shortages: RefusedRow[]
}

export interface BankPackage {
  package_id: string
  title: string
  sha256: string
  sealed_at_ms?: number
  size_bytes?: number
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
