// What draws lines and bars. It is a chunk of its own, and loaded when there is something to draw.
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export interface Drawn {
  labels: string[]
  bars: boolean
  lines: {name: string; values: (number | null)[]}[]
}

// dashes tell lines apart without their colours, which are variables of base.css.
export const dashes: number[][] = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 4], [1, 4]]
export const colours = ['--link', '--good', '--warn', '--bad', '--text', '--soft']

const height = 260

// draw draws into a box until the returned function is called.
export function draw(box: HTMLElement, d: Drawn, tell: (v: number) => string): () => void {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => {
    const probe = document.createElement('span') // light-dark() is not known to a canvas
    probe.style.color = style.getPropertyValue(name)
    box.append(probe)
    const c = getComputedStyle(probe).color
    probe.remove()
    return c
  }
  const text = colour('--soft')
  const grid = {stroke: colour('--line'), width: 1}
  const axis: uPlot.Axis = {stroke: text, grid, ticks: grid}
  const chart = new uPlot(
    {
      width: box.clientWidth, height, legend: {show: false}, cursor: {show: false},
      scales: {x: {time: false, range: () => [-0.5, d.labels.length - 0.5]}, y: {range: (_, min, max) => [Math.min(0, min ?? 0), max == null || max <= 0 ? 1 : max * 1.05]}},
      axes: [
        {...axis, incrs: [1, 2, 3, 4, 6, 12, 24, 48, 96, 192, 384], values: (_, at) => at.map((i) => (Number.isInteger(i) ? (d.labels[i] ?? '') : '')), space: 90},
        {...axis, values: (_, at) => at.map(tell), size: 70},
      ],
      series: [{}, ...d.lines.map((l, i): uPlot.Series => ({
        label: l.name, stroke: colour(colours[i % colours.length]!), dash: dashes[i % dashes.length], width: 2, points: {show: d.labels.length < 60},
        ...(d.bars ? {paths: uPlot.paths.bars!({size: [0.6, 60]}), fill: colour('--link'), points: {show: false}} : {}),
      }))],
    },
    [d.labels.map((_, i) => i), ...d.lines.map((l) => l.values)] as uPlot.AlignedData,
    box,
  )
  const seen = new ResizeObserver(() => chart.setSize({width: box.clientWidth, height}))
  seen.observe(box)
  return () => {
    seen.disconnect()
    chart.destroy()
  }
}
