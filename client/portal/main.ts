import { createApp } from 'vue'
import '@/shared/theme.css'
import { createWords } from '@/shared/i18n'
import App from './App.vue'
import en from './locale/en.json'
import zh from './locale/zh.json'
import './portal.css'

createApp(App).use(createWords({ zh, en })).mount('#app')
