import { createApp } from 'vue'
import '@/shared/theme.css'
import '@/player/player.css'
import '@/player/exam.css'
import playerEn from '@/player/locale/en.json'
import playerZh from '@/player/locale/zh.json'
import { restoreSize } from '@/player/parts/display'
import { createWords } from '@/shared/i18n'
import App from './App.vue'
import en from './locale/en.json'
import zh from './locale/zh.json'
import './practice.css'

restoreSize('small')
createApp(App)
  .use(createWords({ zh: { ...playerZh, ...zh }, en: { ...playerEn, ...en } }))
  .mount('#app')
