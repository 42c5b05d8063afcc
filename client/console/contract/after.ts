/** What comes after the exam in short names: marking, results, reviews, archive. */
import type { components } from '@/shared/api-types'

type Shape = components['schemas']

export type MarkingRun = Shape['RunBody']
export type MarkingTask = Shape['TaskBody']
export type MarkingProgress = Shape['ProgressBody']
export type Result = Shape['ResultBody']
export type Publishing = Shape['PublishingBody']
export type Archive = Shape['ArchiveBody']
export type Review = Shape['ReviewBody']
