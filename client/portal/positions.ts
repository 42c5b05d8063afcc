/** Numbers as people type them: `3, 12、15` and full-width digits; what is no number stays 0. */
export function positionsOf(text: string): number[] {
  return text
    .normalize('NFKC')
    .split(/[\s,、;]+/)
    .filter((part) => part !== '')
    .map((part) => (/^\d{1,4}$/.test(part) ? Number(part) : 0))
}
