import { createApp } from 'vue'
import '@/shared/theme.css'
import { createWords } from '@/shared/i18n'
import App from './App.vue'
import en from './locale/en.json'
import zh from './locale/zh.json'
import { restoreSize } from './parts/display'
import './player.css'
import './exam.css'

restoreSize()
createApp(App).use(createWords({ zh, en })).mount('#app')
if ('serviceWorker' in navigator) {
  navigator.serviceWorker.register(`${import.meta.env.BASE_URL}shell.js`).catch(() => undefined)
}
