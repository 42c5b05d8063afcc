/** A room's seats as a grid that is edited cell by cell: seat, spare seat, aisle. */
import type { SeatPlan } from '../contract/people'

export type Cell = 'seat' | 'spare' | 'aisle'
const NEXT: Record<Cell, Cell> = { seat: 'spare', spare: 'aisle', aisle: 'seat' }

export function blankGrid(rows: number, cols: number): Cell[][] {
  return Array.from({ length: rows }, () => Array.from({ length: cols }, () => 'seat' as const))
}

/** The grid with one cell turned to its next kind. */
export function turned(grid: Cell[][], row: number, col: number): Cell[][] {
  return grid.map((line, r) => line.map((cell, c) => (r === row && c === col ? NEXT[cell] : cell)))
}

/** The grid in a new size; what fits stays as it was. */
export function resized(grid: Cell[][], rows: number, cols: number): Cell[][] {
  return blankGrid(rows, cols).map((line, r) => line.map((cell, c) => grid[r]?.[c] ?? cell))
}

/** The seats, numbered in reading order "01", "02" …; rows and columns count from 1. */
export function seatsOf(grid: Cell[][], machinePrefix: string): SeatPlan[] {
  const seats: SeatPlan[] = []
  for (const [r, line] of grid.entries()) {
    for (const [c, cell] of line.entries()) {
      if (cell === 'aisle') continue
      const seat_no = String(seats.length + 1).padStart(2, '0')
      const machine_code = `${machinePrefix}${seat_no}`
      seats.push({ seat_no, row: r + 1, col: c + 1, machine_code, spare: cell === 'spare' })
    }
  }
  return seats
}

/** The number of the seat at each cell, null for an aisle. */
export function numbersOf(grid: Cell[][]): (string | null)[][] {
  let count = 0
  return grid.map((line) =>
    line.map((cell) => {
      if (cell === 'aisle') return null
      count += 1
      return String(count).padStart(2, '0')
    }),
  )
}
