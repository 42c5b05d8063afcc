declare module '*.css'

declare module '*.vue' {
  import type { DefineComponent } from 'vue'

  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- as Vue's own guide has it
  const component: DefineComponent<{}, {}, unknown>
  export default component
}
