import {bilingual} from '../../../i18n/bilingual.svelte'

export const text = bilingual(
  {
    title: 'Flows', flow: 'Flow', show: 'Show', none: 'No flow is defined.',
    how: 'Calls that began in the span and have ended, by where they came. The boxes are those of the flow in force; calls may have gone through another revision of it.',
    calls: (n: string, of: number) => (of === 1 ? '1 call' : `${n} calls`), came: (n: string, of: number) => (of === 1 ? '1 call came into this flow.' : `${n} calls came into this flow.`),
    picture: (flow: string) => `The flow ${flow} as a picture; a table with the same is below`, hangUp: 'hang up',
    table: 'The same as a table', node: 'Node', kind: 'Kind', came_: 'Calls', times: 'Times', ended: 'Ended there', ways: 'Leads to', way: (outcomes: string, to: string, n: string) => `${outcomes} → ${to}: ${n}`,
    kinds: {} as Record<string, string>,
  },
  {
    title: 'Flujos', flow: 'Flujo', show: 'Mostrar', none: 'No hay flujos definidos.',
    how: 'Llamadas que empezaron en ese lapso y han terminado, según adónde llegaron. Las cajas son las del flujo en vigor; las llamadas pueden haber pasado por otra revisión suya.',
    calls: (n: string, of: number) => (of === 1 ? '1 llamada' : `${n} llamadas`), came: (n: string, of: number) => (of === 1 ? '1 llamada entró en este flujo.' : `${n} llamadas entraron en este flujo.`),
    picture: (flow: string) => `El flujo ${flow} como dibujo; debajo hay una tabla con lo mismo`, hangUp: 'colgar',
    table: 'Lo mismo en una tabla', node: 'Nodo', kind: 'Clase', came_: 'Llamadas', times: 'Veces', ended: 'Acabaron ahí', ways: 'Lleva a', way: (outcomes: string, to: string, n: string) => `${outcomes} → ${to}: ${n}`,
    kinds: {
      answer: 'contestar', play: 'locución', say: 'decir', menu: 'menú', gather: 'pedir cifras', switch: 'según', hours: 'horario', queue: 'cola', transfer: 'transferir', record: 'grabar',
      callback: 'devolver llamada', lookup: 'consultar', call: 'flujo', return: 'volver', hangup: 'colgar', continue: 'seguir', set: 'fijar', agent: 'agente',
    } as Record<string, string>,
  },
)
