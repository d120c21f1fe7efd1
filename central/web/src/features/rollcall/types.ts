import type { components } from '@/api/schema'

export type Call = components['schemas']['RollcallCall']
export type Post = components['schemas']['RollcallPost']
export type Plan = components['schemas']['RollcallPlan']
export type Score = components['schemas']['RollcallScore']
export type PhoneView = components['schemas']['RollcallPhonePage']
