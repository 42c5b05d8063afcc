import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dealt, shuffled, type Wording } from './deal'
import type { ReleasedItem, ReleasedPaper } from './public-api'
import { addressOf, routeOf } from './route'

const wording: Wording = { type: (kind) => kind, judge: (id) => id }
const item = (id: number, type: ReleasedItem['type']): ReleasedItem => ({
  item_id: `i${id}`,
  type,
  stem: '',
  options: ['a', 'b', 'c', 'd'].map((one) => ({ id: one, text: one })),
  score: '1',
  point_code: '',
})

function paperOf(items: ReleasedItem[]): ReleasedPaper {
  return {
    paper_id: 'p',
    title: 't',
    occupation_code: '',
    occupation_name: '',
    level: 3,
    duration_s: 60,
    item_count: items.length,
    pass_score: '60',
    items,
    outline: [],
  }
}

const kinds = fc.array(
  fc.constantFrom<ReleasedItem['type']>('single', 'multiple', 'judge', 'short'),
)

describe('a dealt practice paper', () => {
  it('holds every item once, types together, numbers and sections without holes', () => {
    fc.assert(
      fc.property(
        kinds,
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (types, chances) => {
          const source = types.map((type, at) => item(at, type))
          const paper = dealt(
            paperOf(source),
            wording,
            () => (chances.next().value as number | undefined) ?? 0,
          )
          expect(paper.items.map((one) => one.item_id).sort()).toEqual(
            source.map((one) => one.item_id).sort(),
          )
          expect(paper.items.map((one) => one.number)).toEqual(source.map((_, at) => at + 1))
          const covered = paper.sections.flatMap(({ from, to, type }) =>
            paper.items.slice(from - 1, to).map((one) => one.type === type),
          )
          expect(covered).toHaveLength(source.length)
          expect(covered.every(Boolean)).toBe(true)
          expect(new Set(paper.sections.map((one) => one.type)).size).toBe(paper.sections.length)
        },
      ),
    )
  })

  it('gives letters in order and leaves a judgement as it is', () => {
    const paper = dealt(paperOf([item(1, 'single'), item(2, 'judge')]), wording, () => 0)
    expect(paper.items[0]?.options.map((one) => one.letter)).toEqual(['A', 'B', 'C', 'D'])
    expect(paper.items[1]?.options.map((one) => one.id)).toEqual(['true', 'false'])
  })
})

describe('shuffling', () => {
  it('keeps every value', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat()),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (values, one) => {
          expect(shuffled(values, () => one).sort()).toEqual([...values].sort())
        },
      ),
    )
  })
})

describe('an address', () => {
  it('leads back to its page, whatever the id holds', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (paper_id) => {
        expect(routeOf(addressOf({ page: 'paper', paper_id }))).toEqual({ page: 'paper', paper_id })
      }),
    )
  })

  it('that is unknown leads to the list', () => {
    expect(routeOf('#/nothing/here')).toEqual({ page: 'papers' })
    expect(routeOf('#/paper/%')).toEqual({ page: 'papers' })
    expect(routeOf('')).toEqual({ page: 'papers' })
  })
})
