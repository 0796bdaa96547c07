// What the pages of campaigns and lists say. Words of the API that are not here are shown as they are.
import {bilingual} from '../../i18n/bilingual.svelte'

type Dict = Record<string, string>

const en = {
  all: {
    title: 'Campaigns', none: 'No campaign is defined. A campaign is a file in definitions/campaigns; `operadora init` writes a sample.', campaign: 'Campaign', state: 'State', mode: 'Mode', queue: 'Queue', lists: 'Lists',
    onWay: 'On their way', connected: 'Connected', agents: 'Agents free', answerRate: 'Answer rate', abandoned: 'Abandoned', back: 'All campaigns', since: (at: string, by: string) => `since ${at}, by ${by}`,
    elsewhere: 'not paced here', lists2: 'Lists of leads, do-not-call',
  },
  over: 'the last call is over',
  states: {ready: 'never started', running: 'running', paused: 'paused', draining: 'draining', stopped: 'stopped'} as Dict,
  modes: {
    progressive: 'progressive: a call for each free agent', power: 'power: so many calls for each free agent', predictive: 'predictive: as the limit of abandoned calls allows',
    wait: 'wait: so that agents wait no longer than they should', agentless: 'agentless: a flow speaks', preview: 'preview: the agent decides',
  } as Dict,
  purposes: {sales: 'sales', collection: 'collection', service: 'service', survey: 'survey'} as Dict,
  orders: {
    title: 'What you can do', why: 'Why (for the record)', no: 'not while it is', noRight: 'your role may not do this', oldData: 'the data are old', chosen: 'What happens then', done: (was: string, is: string) => `Done: ${was} → ${is}`,
    names: {start: 'Start', pause: 'Pause', resume: 'Resume', drain: 'Drain', stop: 'Stop'} as Dict,
    then: {
      start: 'Its leads are called from now on, in its hours.',
      resume: 'Its leads are called again, in its hours.',
      pause: 'Nobody is called for now. Calls that are up go on; phones that ring go on ringing.',
      drain: 'Nobody is called any more. Calls that are up go on, and the campaign is stopped once the last of them is over.',
      stop: 'Nobody is called any more. Phones that have rung as long as the law demands are given up; conversations go on.',
    } as Dict,
    up: (n: number) => `${n} of its calls are up now.`,
  },
  live: {
    title: 'Now', none: 'Nothing is live of it: it is not running, paused or draining.', by: (who: string) => `It is dialled by ${who}: what is live is known there. Below is what is on record.`,
    previewed: 'Agents look at', onWay: 'On their way', ringing: 'of them ring', waiting: 'Answered, wait for an agent', connected: 'Connected', machines: 'Machines', ready: 'Leads ready', answerRate: 'Answer rate', soon: 'Agents expected free',
    hold: 'What keeps it from dialling one more', agents: 'Agents of the queue', nobody: 'none logged in',
    stands: {free: 'free', offered: 'ringing', calling: 'calling a lead', talking: 'talking', inbound: 'with an inbound call', wrapping: 'in wrap-up', away: 'away'} as Dict,
    chart: 'The last minutes', chartText: (calls: number, connected: number, free: number) => `On their way: ${calls}; connected: ${connected}; agents free: ${free}.`, chartWait: 'The chart begins when the page is opened.',
    series: {onWay: 'on their way', connected: 'connected', free: 'agents free'} as Dict, ago: (m: number) => m === 0 ? 'now' : `${m} min ago`,
  },
  gauge: {
    title: 'Abandoned calls', formula: 'abandoned ÷ answered by people ≤ limit',
    figures: (lost: string, answered: string, share: string, limit: string) => `${lost} of ${answered} answered calls were abandoned: ${share} of at most ${limit}`,
    left: (n: string) => `${n} more may be abandoned`, over: (n: string) => `${n} too many were abandoned: nobody is called who has no free agent`,
    window: (kind: string, span: string) => `counted ${kind === 'fixed' ? 'in windows of' : 'over the last'} ${span}`,
    late: (t: string, from: string) => `abandoned is who has no agent ${t} after ${from === 'greeting_end' ? 'the end of the greeting' : 'the answer'}`,
    rule: (r: string, p: string) => `rule ${r} of profile ${p}`, noReset: 'The count is made of the records of calls. Nothing resets it.',
    none: 'Nothing is counted now: the campaign does not run, another process paces it, or the profile has no limit in force.', levels: {fine: 'within the limit', near: 'near the limit', over: 'over the limit'} as Dict,
    hours: (h: number) => (h % 24 === 0 && h > 24 ? `${h / 24} days` : `${h} hours`), seconds: (s: string) => `${s} s`,
  },
  evidence: {title: 'Evidence of the limit', from: 'From', to: 'To', format: 'Format', get: 'Download', how: 'Each call that a person answered, and how the limit stood, as a chain of lines that `operadora campaign evidence --verify` checks.', json: 'JSON, a line each', csv: 'CSV', bad: 'From: say a day.'},
  outcomes: {
    title: 'What came of attempts, in 24 hours', none: 'There was no attempt in 24 hours.', outcome: 'Outcome', attempts: 'Attempts', share: 'Share', of: (n: number) => `${n} attempts`,
    names: {served: 'served', left: 'hung up before the end', abandoned: 'abandoned', machine: 'machine', no_answer: 'no answer', busy: 'busy', unreachable: 'unreachable', invalid: 'no such number', refused: 'rejected', skipped: 'skipped', withdrawn: 'not called', failed: 'failed (of us)'} as Dict,
  },
  leads: {
    title: 'Leads that were looked at', none: 'No lead was looked at yet.', leads: 'Leads', state: 'State', because: 'Because of', next: 'Looked at again', states: {due: 'to be called', calling: 'being called', finished: 'done with'} as Dict,
    reasons: {
      '': 'nothing hinders', no_number: 'it has no number', finished: 'an outcome was the last', attempts_lead: 'as many attempts as a lead gets', retry_wait: 'waits after the last outcome', appointment: 'has an appointment',
      calendar: 'the campaign does not run at this time', do_not_call: 'must not be called', dropped: 'its numbers are none', attempts_number: 'as many attempts as a number gets', list_hours: 'outside the hours of its list', rule: 'a rule of the profile', attempts_day: 'as many attempts in a day as the campaign allows', attempts_week: 'as many attempts in a week as the campaign allows', filter: 'the filter does not choose it', calling: 'is being called',
    } as Dict,
  },
  dry: {title: 'Dry run', how: 'Each lead is judged as at the moment of dialling. Nothing rings.', run: 'Judge the leads now', now: (n: string, looked: string) => `${n} of ${looked} leads may be called now`, more: 'There are more leads than were looked at.', leads: 'Leads', why: 'Not now, because', later: 'Called later', first: 'The first at', never: 'none', busy: 'Judging…', of: (at: string) => `As of ${at}`},
  definition: {
    title: 'Definition', mode: 'Mode', purpose: 'Purpose', profile: 'Profile of rules', queue: 'Queue', flow: 'Flow', calendar: 'Calendar', hours: 'Hours on their clocks', hoursNone: 'those of the profile', lists: 'Lists', weight: (w: number) => `weight ${w}`, trunks: 'Trunks',
    trunk: (pbx: string, lines: number, cps: number) => `${pbx}: ${lines} lines, ${cps} calls a second`, caller: 'Numbers shown', message: 'Message to who has no agent', attempts: 'Attempts at most', attemptsOf: (l: number, n: number, d: number, w: number) => `${l} of a lead, ${n} of a number; ${d} a day, ${w} a week`, by: 'Dialled by', file: 'It is changed in its file, and comes into force by `operadora reload`.',
  },
  appointments: {title: 'Appointments', none: 'No appointment is open.', lead: 'Lead', at: 'At', number: 'Number', anyNumber: 'the next one', by: 'Made by', make: 'Make an appointment', leadId: 'Lead (its number)', when: 'When (your clock)', whichNumber: 'Number (may be left out)', done: 'It is made.', more: 'Show more', how: 'The lead is called then, before others. Hours, do-not-call and the caps of the law hold all the same.', bad: 'Lead: say its number, such as 17.', badAt: 'When: say a day and a time.', with: 'With', anyone: 'anyone', cancel: 'Give up', cancelOf: (lead: string) => `Give up the appointment with lead ${lead}`, cancelSure: 'Give it up', keep: 'Keep it', cancelled: 'It is given up.'},
  health: {title: 'Health of the lists, in 30 days', load: 'Count', list: 'List', leads: 'Leads', fresh: 'Fresh', left: 'To be called', done: 'Done with', invalid: 'No such number', attempts: 'Attempts', rate: 'Answer rate', said: 'What agents said', none: 'nothing', exhausted: 'Attempts used up', busy: 'Counting…'},
  lists: {
    title: 'Lists of leads', none: 'There is no list yet.', list: 'List', leads: 'Leads', region: 'Country', zone: 'Time zone', hours: 'Hours', made: 'Made', back: 'All lists', make: 'Make a list', id: 'Name for machines (a-z, 0-9, -, _)', name: 'Name for people', regionHow: 'Country of numbers without + (two letters, such as CO)', zoneHow: 'Time zone of numbers whose prefix tells none (such as America/Bogota)',
    hoursHow: 'Hours, one a line (mon-fri 08:00-19:00); none: always', done: (id: string) => `List ${id} is made.`, open: (id: string) => `List ${id}`, fields: 'Fields', noFields: 'none yet', always: 'always', filter: 'Filter', filterHow: 'An expression of the list’s fields: days_overdue > 30', show: 'Show', lead: 'Lead', external: 'Id elsewhere', who: 'Name', numbers: 'Numbers', more: 'Show more', leadsTitle: 'Leads', noLeads: 'No lead is as the filter wants.', next: 'Look on',
  },
  imports: {
    title: 'Imports', none: 'No file was brought in yet.', upload: 'Bring a file in', file: 'File (CSV or XLSX)', more: 'How the file is written (found out when left out)', encoding: 'Encoding', delimiter: 'Separator', heading: 'First row', sheet: 'Sheet of a workbook', auto: 'found out', headings: {yes: 'names the columns', no: 'is a row like the others'} as Dict, tab: 'tabulator',
    scope: 'A row is a duplicate when its number or id is in', scopes: {list: 'this list', all: 'any list', none: 'no list: duplicates are taken'} as Dict, action: 'Then', actions: {skip: 'it is left out', update: 'the lead is changed'} as Dict,
    send: 'Send', sending: (p: string) => `Sent: ${p}`, reading: 'The file is being read…', stop: 'Stop', again: 'Try again', broke: 'The connection broke. Nothing was brought in; try again.', noFile: 'File: choose one.', ready: (f: string) => `${f}: what the columns are`,
    read: (enc: string, del: string, format: string) => format === 'xlsx' ? 'Read as a workbook.' : `Read as ${enc}, separated by ${del === '\t' ? 'tabulators' : `“${del}”`}.`, column: 'Column', as: 'Is', example: 'For example', field: 'Field', fieldName: (h: string) => `Name of the field of ${h}`, kind: (h: string) => `Kind of the field of ${h}`, isOf: (h: string) => `What ${h} is`, kinds: {text: 'text', number: 'number', 'number:comma': 'number, 1.250.000,50', 'number:point': 'number, 1,250,000.50', date: 'date', 'date:dmy': 'date, 31/12/2026', 'date:mdy': 'date, 12/31/2026'} as Dict, unclear: (v: string) => `Nobody can tell how this column is written${v ? ` (“${v}”)` : ''}: choose how, or leave it text.`,
    words: {phone: 'telephone number', id: 'id elsewhere', name: 'name', first_name: 'first name', last_name: 'last name', language: 'language', time_zone: 'time zone', '-': 'left out', field: 'a field of its own'} as Dict,
    apply: 'Look again', preview: 'What the first rows become', previewNone: 'The file has no rows.', row: 'Row', becomes: 'Becomes', leftOut: 'left out', rejected: 'rejected', taken: 'taken',
    dry: 'Go through all rows, bring nothing in', start: 'Bring the rows in', giveUp: 'Give it up', unsaved: 'Columns were changed: look again first.', busy: 'Working…', result: 'What came of it', progress: (done: string, total: string) => `${done} of ${total} rows`,
    states: {receiving: 'waits for its file', ready: 'ready', tried: 'tried out, nothing brought in', checking: 'being gone through', running: 'being brought in', done: 'done', failed: 'failed', undoing: 'being taken back', undone: 'taken back'} as Dict,
    counts: {total: 'rows', added: 'added', updated: 'changed', duplicates: 'there already', do_not_call: 'must not be called', rejected: 'rejected', left_out: 'numbers left out'} as Dict,
    wouldBe: 'A dry run: so it would be.', rejects: 'Rejects as CSV', undo: 'Take it back', undoHow: 'What the import brought is removed, and what it changed is as it was before.', undoSure: 'Yes, take it back', keepIt: 'Keep it', open: (f: string) => `Open ${f}`, state: 'State', when: 'When', by: 'By', list: 'List', back: 'Imports',
    reasons: {no_number: 'no number', number: 'not a telephone number', rounded: 'rounded by a spreadsheet', do_not_call: 'must not be called', duplicate: 'there already', field: 'not of the field’s kind', language: 'not a language', time_zone: 'not a time zone', cells: 'too many cells', quotes: 'a quotation mark in a cell', hash: 'not of the list’s kind'} as Dict,
    targets: {list: 'list', do_not_call: 'do-not-call', hashes: 'external list'} as Dict,
  },
  dnc: {
    title: 'Do-not-call', ask: 'May a number be called?', number: 'Number', region: 'Country (without +)', explain: 'Explain', callable: 'It may be called now.', notCallable: 'It is not called now.', until: (at: string) => `until ${at}`, add: 'Add', campaign: 'For', everyone: 'all campaigns', why: 'Why (for the record)', remove: 'Remove', removed: (n: string) => `${n} may be called again.`, added: (n: string) => `${n} is not called any more.`,
    noRemove: 'supervisors remove numbers', list: 'Numbers that were added', none: 'No number was added.', at: 'Added', by: 'By', expires: 'Until', never: 'for good', more: 'Show more', load: 'Show the list', sure: (n: string) => `Remove ${n}`, expiresHow: 'Until (may be left out)',
  },
  failed: (why: string) => `Not done: ${why}`,
  bad: (field: string, why: string) => `${field}: ${why}`,
}

const es: typeof en = {
  all: {
    title: 'Campañas', none: 'No hay campañas definidas. Una campaña es un archivo en definitions/campaigns; `operadora init` escribe una de muestra.', campaign: 'Campaña', state: 'Estado', mode: 'Modo', queue: 'Cola', lists: 'Listas',
    onWay: 'En camino', connected: 'Conectadas', agents: 'Agentes libres', answerRate: 'Tasa de respuesta', abandoned: 'Abandonadas', back: 'Todas las campañas', since: (at, by) => `desde ${at}, por ${by}`,
    elsewhere: 'no se marca aquí', lists2: 'Listas de contactos, no llamar',
  },
  over: 'terminó la última llamada',
  states: {ready: 'nunca iniciada', running: 'en marcha', paused: 'en pausa', draining: 'vaciándose', stopped: 'detenida'},
  modes: {
    progressive: 'progresivo: una llamada por agente libre', power: 'por razón: tantas llamadas por agente libre', predictive: 'predictivo: lo que permita el límite de abandono',
    wait: 'por espera: que los agentes no esperen más de lo debido', agentless: 'sin agentes: habla un flujo', preview: 'vista previa: decide el agente',
  },
  purposes: {sales: 'ventas', collection: 'cobranza', service: 'servicio', survey: 'encuesta'},
  orders: {
    title: 'Qué puede hacer', why: 'Por qué (queda registrado)', no: 'no mientras está', noRight: 'su rol no puede hacerlo', oldData: 'los datos son viejos', chosen: 'Qué pasará', done: (was, is) => `Hecho: ${was} → ${is}`,
    names: {start: 'Iniciar', pause: 'Pausar', resume: 'Reanudar', drain: 'Vaciar', stop: 'Detener'},
    then: {
      start: 'Desde ahora se llama a sus contactos, en su horario.',
      resume: 'Se vuelve a llamar a sus contactos, en su horario.',
      pause: 'Por ahora no se llama a nadie. Las llamadas en curso siguen; los teléfonos que timbran siguen timbrando.',
      drain: 'No se llama a nadie más. Las llamadas en curso siguen, y la campaña se detiene al terminar la última.',
      stop: 'No se llama a nadie más. Se dejan los teléfonos que ya timbraron lo que exige la ley; las conversaciones siguen.',
    },
    up: (n) => `Tiene ahora ${n} llamadas en curso.`,
  },
  live: {
    title: 'Ahora', none: 'No hay nada en vivo: no está en marcha, en pausa ni vaciándose.', by: (who) => `La marca ${who}: lo que está en vivo se sabe allí. Abajo está lo registrado.`,
    previewed: 'En vista previa', onWay: 'En camino', ringing: 'de ellas timbran', waiting: 'Contestaron y esperan agente', connected: 'Conectadas', machines: 'Contestadores', ready: 'Contactos listos', answerRate: 'Tasa de respuesta', soon: 'Agentes que quedarán libres',
    hold: 'Qué impide marcar una más', agents: 'Agentes de la cola', nobody: 'ninguno conectado',
    stands: {free: 'libres', offered: 'timbrando', calling: 'llamando a un contacto', talking: 'hablando', inbound: 'con una llamada entrante', wrapping: 'en cierre', away: 'ausentes'},
    chart: 'Los últimos minutos', chartText: (calls, connected, free) => `En camino: ${calls}; conectadas: ${connected}; agentes libres: ${free}.`, chartWait: 'La gráfica empieza al abrir la página.',
    series: {onWay: 'en camino', connected: 'conectadas', free: 'agentes libres'}, ago: (m) => m === 0 ? 'ahora' : `hace ${m} min`,
  },
  gauge: {
    title: 'Llamadas abandonadas', formula: 'abandonadas ÷ contestadas por personas ≤ límite',
    figures: (lost, answered, share, limit) => `Se abandonaron ${lost} de ${answered} llamadas contestadas: ${share} de ${limit} como máximo`,
    left: (n) => `aún pueden abandonarse ${n}`, over: (n) => `se abandonaron ${n} de más: no se llama a nadie sin un agente libre`,
    window: (kind, span) => `contadas en ${kind === 'fixed' ? 'ventanas' : 'un período móvil'} de ${span}`,
    late: (t, from) => `se abandona a quien no tiene agente ${t} después de ${from === 'greeting_end' ? 'terminar su saludo' : 'contestar'}`,
    rule: (r, p) => `regla ${r} del perfil ${p}`, noReset: 'La cuenta se hace con el registro de las llamadas. Nada la pone a cero.',
    none: 'Ahora no se lleva la cuenta: la campaña no está en marcha, la marca otro proceso, o el perfil no tiene un límite vigente.', levels: {fine: 'dentro del límite', near: 'cerca del límite', over: 'sobre el límite'},
    hours: (h) => (h % 24 === 0 && h > 24 ? `${h / 24} días` : `${h} horas`), seconds: (s) => `${s} s`,
  },
  evidence: {title: 'Evidencia del límite', from: 'Desde', to: 'Hasta', format: 'Formato', get: 'Descargar', how: 'Cada llamada que contestó una persona, y cómo estaba el límite, como cadena de líneas que comprueba `operadora campaign evidence --verify`.', json: 'JSON, una línea cada una', csv: 'CSV', bad: 'Desde: diga un día.'},
  outcomes: {
    title: 'Qué fue de los intentos, en 24 horas', none: 'No hubo intentos en 24 horas.', outcome: 'Resultado', attempts: 'Intentos', share: 'Parte', of: (n) => `${n} intentos`,
    names: {served: 'atendidas', left: 'colgaron antes del final', abandoned: 'abandonadas', machine: 'contestador', no_answer: 'sin respuesta', busy: 'ocupado', unreachable: 'inalcanzable', invalid: 'número inexistente', refused: 'rechazadas', skipped: 'omitidas', withdrawn: 'no llamadas', failed: 'fallidas (nuestras)'},
  },
  leads: {
    title: 'Contactos examinados', none: 'Aún no se examinó ningún contacto.', leads: 'Contactos', state: 'Estado', because: 'Por', next: 'Se examinan de nuevo', states: {due: 'por llamar', calling: 'llamando', finished: 'terminados'},
    reasons: {
      '': 'nada lo impide', no_number: 'no tiene número', finished: 'un resultado fue el último', attempts_lead: 'tantos intentos como admite un contacto', retry_wait: 'espera tras el último resultado', appointment: 'tiene una cita',
      calendar: 'la campaña no marcha a esta hora', do_not_call: 'no debe llamarse', dropped: 'sus números no existen', attempts_number: 'tantos intentos como admite un número', list_hours: 'fuera del horario de su lista', rule: 'una regla del perfil', attempts_day: 'tantos intentos en un día como admite la campaña', attempts_week: 'tantos intentos en una semana como admite la campaña', filter: 'el filtro no lo elige', calling: 'se le está llamando',
    },
  },
  dry: {title: 'Ensayo', how: 'Cada contacto se juzga como al momento de marcar. Nada timbra.', run: 'Juzgar ahora los contactos', now: (n, looked) => `${n} de ${looked} contactos pueden llamarse ahora`, more: 'Hay más contactos de los examinados.', leads: 'Contactos', why: 'Ahora no, porque', later: 'Se llaman después', first: 'El primero', never: 'ninguno', busy: 'Juzgando…', of: (at) => `A las ${at}`},
  definition: {
    title: 'Definición', mode: 'Modo', purpose: 'Propósito', profile: 'Perfil de reglas', queue: 'Cola', flow: 'Flujo', calendar: 'Calendario', hours: 'Horario en su reloj', hoursNone: 'el del perfil', lists: 'Listas', weight: (w) => `peso ${w}`, trunks: 'Troncales',
    trunk: (pbx, lines, cps) => `${pbx}: ${lines} líneas, ${cps} llamadas por segundo`, caller: 'Números que se muestran', message: 'Mensaje a quien no tiene agente', attempts: 'Intentos como máximo', attemptsOf: (l, n, d, w) => `${l} por contacto, ${n} por número; ${d} al día, ${w} a la semana`, by: 'La marca', file: 'Se cambia en su archivo, y entra en vigor con `operadora reload`.',
  },
  appointments: {title: 'Citas', none: 'No hay citas pendientes.', lead: 'Contacto', at: 'Cuándo', number: 'Número', anyNumber: 'el que siga', by: 'Hecha por', make: 'Hacer una cita', leadId: 'Contacto (su número)', when: 'Cuándo (en su reloj)', whichNumber: 'Número de teléfono (puede omitirse)', done: 'Está hecha.', more: 'Mostrar más', how: 'Se llama al contacto entonces, antes que a otros. Horarios, no llamar y topes de la ley valen igual.', bad: 'Contacto: diga su número, como 17.', badAt: 'Cuándo: diga día y hora.', with: 'Con', anyone: 'cualquiera', cancel: 'Cancelar', cancelOf: (lead) => `Cancelar la cita con el contacto ${lead}`, cancelSure: 'Sí, cancelarla', keep: 'Conservarla', cancelled: 'Está cancelada.'},
  health: {title: 'Salud de las listas, en 30 días', load: 'Contar', list: 'Lista', leads: 'Contactos', fresh: 'Nuevos', left: 'Por llamar', done: 'Terminados', invalid: 'Número inexistente', attempts: 'Intentos', rate: 'Tasa de respuesta', said: 'Qué dijeron los agentes', none: 'nada', exhausted: 'Intentos agotados', busy: 'Contando…'},
  lists: {
    title: 'Listas de contactos', none: 'Aún no hay listas.', list: 'Lista', leads: 'Contactos', region: 'País', zone: 'Zona horaria', hours: 'Horario', made: 'Creada', back: 'Todas las listas', make: 'Crear una lista', id: 'Nombre para máquinas (a-z, 0-9, -, _)', name: 'Nombre para personas', regionHow: 'País de los números sin + (dos letras, como CO)', zoneHow: 'Zona horaria de números cuyo prefijo no la dice (como America/Bogota)',
    hoursHow: 'Horario, uno por línea (mon-fri 08:00-19:00); nada: siempre', done: (id) => `La lista ${id} está creada.`, open: (id) => `Lista ${id}`, fields: 'Campos', noFields: 'aún ninguno', always: 'siempre', filter: 'Filtro', filterHow: 'Una expresión con los campos de la lista: days_overdue > 30', show: 'Mostrar', lead: 'Contacto', external: 'Id en otra parte', who: 'Nombre', numbers: 'Números', more: 'Mostrar más', leadsTitle: 'Contactos', noLeads: 'Ningún contacto es como quiere el filtro.', next: 'Seguir buscando',
  },
  imports: {
    title: 'Importaciones', none: 'Aún no se importó ningún archivo.', upload: 'Importar un archivo', file: 'Archivo (CSV o XLSX)', more: 'Cómo está escrito el archivo (se averigua si se omite)', encoding: 'Codificación', delimiter: 'Separador', heading: 'Primera fila', sheet: 'Hoja de un libro', auto: 'se averigua', headings: {yes: 'nombra las columnas', no: 'es una fila como las demás'}, tab: 'tabulador',
    scope: 'Una fila está duplicada si su número o id está en', scopes: {list: 'esta lista', all: 'cualquier lista', none: 'ninguna: se aceptan duplicados'}, action: 'Entonces', actions: {skip: 'se omite', update: 'se cambia el contacto'},
    send: 'Enviar', sending: (p) => `Enviado: ${p}`, reading: 'Se está leyendo el archivo…', stop: 'Detener', again: 'Reintentar', broke: 'Se cortó la conexión. No se importó nada; reintente.', noFile: 'Archivo: elija uno.', ready: (f) => `${f}: qué son las columnas`,
    read: (enc, del, format) => format === 'xlsx' ? 'Leído como libro de cálculo.' : `Leído como ${enc}, separado por ${del === '\t' ? 'tabuladores' : `«${del}»`}.`, column: 'Columna', as: 'Es', example: 'Por ejemplo', field: 'Campo', fieldName: (h) => `Nombre del campo de ${h}`, kind: (h) => `Tipo del campo de ${h}`, isOf: (h) => `Qué es ${h}`, kinds: {text: 'texto', number: 'número', 'number:comma': 'número, 1.250.000,50', 'number:point': 'número, 1,250,000.50', date: 'fecha', 'date:dmy': 'fecha, 31/12/2026', 'date:mdy': 'fecha, 12/31/2026'}, unclear: (v) => `No se puede saber cómo está escrita esta columna${v ? ` («${v}»)` : ''}: elija cómo, o déjela como texto.`,
    words: {phone: 'número de teléfono', id: 'id en otra parte', name: 'nombre completo', first_name: 'nombres', last_name: 'apellidos', language: 'idioma', time_zone: 'zona horaria', '-': 'se omite', field: 'un campo propio'},
    apply: 'Mirar de nuevo', preview: 'En qué se convierten las primeras filas', previewNone: 'El archivo no tiene filas.', row: 'Fila', becomes: 'Se convierte en', leftOut: 'omitido', rejected: 'rechazada', taken: 'aceptada',
    dry: 'Recorrer todas las filas sin importar nada', start: 'Importar las filas', giveUp: 'Abandonar', unsaved: 'Cambiaron las columnas: mire de nuevo primero.', busy: 'Trabajando…', result: 'Qué resultó', progress: (done, total) => `${done} de ${total} filas`,
    states: {receiving: 'espera su archivo', ready: 'por importar', tried: 'ensayada, nada se incorporó', checking: 'se está recorriendo', running: 'se está importando', done: 'hecha', failed: 'falló', undoing: 'se está deshaciendo', undone: 'deshecha'},
    counts: {total: 'filas', added: 'añadidas', updated: 'cambiadas', duplicates: 'ya estaban', do_not_call: 'no deben llamarse', rejected: 'rechazadas', left_out: 'números omitidos'},
    wouldBe: 'Un ensayo: así sería.', rejects: 'Rechazos en CSV', undo: 'Deshacer', undoHow: 'Lo que trajo la importación se quita, y lo que cambió queda como antes.', undoSure: 'Sí, deshacer', keepIt: 'Conservar', open: (f) => `Abrir ${f}`, state: 'Estado', when: 'Cuándo', by: 'Por', list: 'Lista', back: 'Importaciones',
    reasons: {no_number: 'sin número', number: 'no es un número de teléfono', rounded: 'redondeado por una hoja de cálculo', do_not_call: 'no debe llamarse', duplicate: 'ya estaba', field: 'no es del tipo del campo', language: 'no es un idioma', time_zone: 'no es una zona horaria', cells: 'demasiadas celdas', quotes: 'una comilla dentro de una celda', hash: 'no es del tipo de la lista'},
    targets: {list: 'lista', do_not_call: 'no llamar', hashes: 'lista externa'},
  },
  dnc: {
    title: 'No llamar', ask: '¿Puede llamarse a un número?', number: 'Número', region: 'País (sin +)', explain: 'Explicar', callable: 'Puede llamarse ahora.', notCallable: 'No se llama ahora.', until: (at) => `hasta ${at}`, add: 'Añadir', campaign: 'Para', everyone: 'todas las campañas', why: 'Por qué (queda registrado)', remove: 'Quitar', removed: (n) => `${n} puede llamarse de nuevo.`, added: (n) => `A ${n} no se le llama más.`,
    noRemove: 'quitan números los supervisores', list: 'Números añadidos', none: 'No se añadió ningún número.', at: 'Añadido', by: 'Por', expires: 'Hasta', never: 'para siempre', more: 'Mostrar más', load: 'Mostrar la lista', sure: (n) => `Quitar ${n}`, expiresHow: 'Hasta (puede omitirse)',
  },
  failed: (why) => `No se hizo: ${why}`,
  bad: (field, why) => `${field}: ${why}`,
}

export const text = bilingual(en, es)
