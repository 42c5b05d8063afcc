/** The five skill levels, 5 lowest. */
export function levels(t: (key: string) => string): { value: string; label: string }[] {
  return [5, 4, 3, 2, 1].map((level) => ({ value: String(level), label: t(`level.${level}`) }))
}
