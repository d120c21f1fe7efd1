import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { whenSignedOut } from '@/api/client'
import App from '@/app/App.vue'
import { i18n } from '@/i18n'
import { router } from '@/router'
import { useSession } from '@/stores/session'
import { guardUnsaved } from '@/ui/unsaved'
import '@/ui/tokens.css'
import '@/ui/base.css'
import '@/ui/wall.css'
import '@/ui/element.css'

const app = createApp(App)
app.use(createPinia())
app.use(i18n)
app.use(router)

guardUnsaved(router)
whenSignedOut(() => {
  const session = useSession()
  if (session.asked && !session.session) return // whoever signed out here says where to go; late answers do not
  session.forget()
  const here = router.currentRoute.value
  if (here.name !== 'login') void router.replace({ name: 'login', query: { expired: '1', next: here.fullPath } })
})

app.mount('#app')
