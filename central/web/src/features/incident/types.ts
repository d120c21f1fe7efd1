// The words of incidents, from the centre's document.
import type { components } from '@/api/schema'

export type Incident = components['schemas']['Incident']
export type Room = components['schemas']['IncidentRoom']
export type Step = components['schemas']['IncidentStep']
export type Figure = components['schemas']['IncidentFigure']
export type Similar = components['schemas']['IncidentSimilar']
export type Category = components['schemas']['IncidentCategory']

// figureKinds are what is counted, in the order in which people say it.
export const figureKinds = ['dead', 'missing', 'trapped', 'serious', 'injured', 'evacuated', 'affected', 'loss'] as const
export type FigureKind = (typeof figureKinds)[number]
export type Sent = components['schemas']['FieldEntry']
