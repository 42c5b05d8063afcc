/** The public program's API: released papers, and results with explanations. No account, no token. */
import { createApi, need } from '@/shared/api'
import type { AnswerResponse, ItemKind } from '@/shared/contract'

export interface PaperSummary {
  paper_id: string
  title: string
  occupation_code: string
  occupation_name: string
  level: number
  duration_s: number
  item_count: number
  pass_score: string
}

export interface ReleasedItem {
  item_id: string
  type: ItemKind
  stem: string
  options: { id: string; text: string }[]
  score: string
  point_code: string
}

export interface Point {
  code: string
  name: string
  scope_code: string
  scope_name: string
  weight_band: string
}

export interface ReleasedPaper extends PaperSummary {
  items: ReleasedItem[]
  outline: Point[]
}

export interface Marked {
  item_id: string
  mark: string | null
  full: string
  right: boolean
  key: string[]
  model_answer: string
  explanation: string
}

export interface Outcome {
  mark: string
  full: string
  items: Marked[]
  scopes: { scope_code: string; scope_name: string; mark: string; full: string }[]
}

export type Answers = Readonly<Record<string, AnswerResponse>>

interface Ok<Body> {
  responses: { 200: { content: { 'application/json': Body } } }
}
interface OfPaper {
  parameters: { path: { paper_id: string } }
}
interface PracticePaths {
  '/api/practice/papers': { get: Ok<PaperSummary[]> }
  '/api/practice/papers/{paper_id}': { get: OfPaper & Ok<ReleasedPaper> }
  '/api/practice/papers/{paper_id}/check': {
    post: OfPaper & {
      requestBody: { content: { 'application/json': { answers: Answers } } }
    } & Ok<Outcome>
  }
}

const api = createApi<PracticePaths>(() => null)

export function readPapers(): Promise<PaperSummary[]> {
  return need(api.GET('/api/practice/papers'))
}

export function readPaper(paper_id: string): Promise<ReleasedPaper> {
  return need(api.GET('/api/practice/papers/{paper_id}', { params: { path: { paper_id } } }))
}

export function checkAnswers(paper_id: string, answers: Answers): Promise<Outcome> {
  return need(
    api.POST('/api/practice/papers/{paper_id}/check', {
      params: { path: { paper_id } },
      body: { answers },
    }),
  )
}
