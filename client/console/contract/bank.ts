/** The item bank's and the papers' API in short names. */
import type { components } from '@/shared/api-types'

type Shape = components['schemas']

export type ImportReport = Shape['ItemImportBody']
export type Blueprint = Shape['BlueprintLine']
export type BlueprintTaken = Shape['BlueprintTaken']
export type Point = Shape['PointBody']
export type Scope = Shape['ScopeBody']
export type BlueprintDetail = Shape['BlueprintBody']

export type Tier = Shape['Tier']
export const TIERS: readonly Tier[] = ['national', 'provincial', 'institution']
export type ItemType = Shape['ItemType']
export const ITEM_TYPES: readonly ItemType[] = ['single', 'multiple', 'judge', 'short']

export type ItemLine = Shape['ItemBody']
export type ItemPage = Shape['ItemsBody']
export type AssemblyForm = Shape['FormFigures']
export type Assembly = Shape['AssemblyBody']
export type BankPackage = Shape['SealedPackageBody']
export type Holder = Shape['HolderBody']
export type Signer = Shape['Signer']
export type Package = Shape['PackageBody']
export type Release = Shape['ReleaseBody']
