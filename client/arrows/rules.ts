import type { IForbiddenRuleType } from 'dependency-cruiser'

/**
 * Who may import whom: shared ← player ← practice; console and portal only shared.
 * The build's own files and tests of the arrows are outside.
 */
export const RULES: IForbiddenRuleType[] = [
  {
    name: 'shared-imports-no-program',
    severity: 'error',
    from: { path: '(^|/)shared/' },
    to: { path: '(^|/)(player|console|practice|portal)/' },
  },
  {
    name: 'player-imports-only-shared',
    severity: 'error',
    from: { path: '(^|/)player/' },
    to: { path: '(^|/)(console|practice|portal)/' },
  },
  {
    name: 'console-imports-only-shared',
    severity: 'error',
    from: { path: '(^|/)console/' },
    to: { path: '(^|/)(player|practice|portal)/' },
  },
  {
    name: 'practice-imports-no-console',
    severity: 'error',
    from: { path: '(^|/)practice/' },
    to: { path: '(^|/)(console|portal)/' },
  },
  {
    name: 'portal-imports-only-shared',
    severity: 'error',
    from: { path: '(^|/)portal/' },
    to: { path: '(^|/)(player|console|practice)/' },
  },
  {
    name: 'only-the-console-uses-a-component-library',
    severity: 'error',
    from: { path: '(^|/)(shared|player|practice|portal)/' },
    to: { path: 'node_modules/(element-plus|@element-plus)' },
  },
  { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  {
    name: 'nothing-unresolved',
    severity: 'error',
    from: {},
    // Element Plus offers its styles by a pattern of its exports that the cruiser does not follow.
    to: { couldNotResolve: true, pathNot: '^element-plus/es/components/.+/style/css$' },
  },
]
