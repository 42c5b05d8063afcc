import { describe, expect, it } from 'vitest'
import { blankGrid, numbersOf, resized, seatsOf, turned } from './grid'

describe('the seat grid', () => {
  it('numbers seats in reading order and leaves out aisles', () => {
    const grid = turned(turned(blankGrid(2, 2), 0, 1), 0, 1)
    expect(numbersOf(grid)).toEqual([
      ['01', null],
      ['02', '03'],
    ])
    expect(seatsOf(grid, 'A-').map((seat) => [seat.seat_no, seat.row, seat.col])).toEqual([
      ['01', 1, 1],
      ['02', 2, 1],
      ['03', 2, 2],
    ])
  })

  it('turns a cell from seat to spare to aisle and back', () => {
    let grid = blankGrid(1, 1)
    const kinds = []
    for (let n = 0; n < 3; n += 1) {
      grid = turned(grid, 0, 0)
      kinds.push(grid[0]![0])
    }
    expect(kinds).toEqual(['spare', 'aisle', 'seat'])
  })

  it('marks spare seats in the plan', () => {
    expect(seatsOf(turned(blankGrid(1, 2), 0, 1), 'P')[1]).toEqual({
      seat_no: '02',
      row: 1,
      col: 2,
      machine_code: 'P02',
      spare: true,
    })
  })

  it('keeps what fits when the size changes', () => {
    const grid = turned(blankGrid(2, 2), 0, 0)
    expect(resized(grid, 1, 3)).toEqual([['spare', 'seat', 'seat']])
  })
})
