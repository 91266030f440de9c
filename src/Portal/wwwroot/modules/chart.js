// <ettt-chart>: a uPlot chart that fetches its own history, takes live values, and can be read by keyboard, by table and by ear.
// Attributes: name, label, unit, series (JSON: [{label, query, colour, dash, fold}]), span (seconds up to now) or from/to (ms),
// zone, sync, min, max, lines (JSON: [{at, label}]), mark, kind (line|bars), paused. All state comes from them.
import { drawAnnotations, eventColours, fetchAnnotations, filterOf, happenedAt } from './annotations.js';
import { fetchColumns, peekColumns } from './columns.js';
import { axisText, reading, spoken } from './format.js';
import { format, timeText, zoneOption } from './time.js';

// Solid, then patterns: a series can be told from its neighbour without its colour.
const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [14, 4], [2, 6], [10, 3, 2, 3, 2, 3]];
const folds = { mean: (sum, count) => sum / count, sum: sum => sum, max: (_sum, _count, most) => most, last: (_sum, _count, _most, last) => last };
const charts = new Set();
let held = null;
// Patterns tell a few lines apart, not dozens, and cost the most of a picture of dozens: those are told apart by cursor, table and ear.
const manySeries = 16;
// An agent sends once a second and the writer commits a moment later: older seconds than this are complete.
const settleSeconds = 2;

// The server's clock, as far as the browser can know it: ranges that end now end at the server's now.
const rendered = Number(document.documentElement.dataset.now);
const ahead = rendered ? rendered - (performance.timeOrigin + performance.now()) : 0;
const now = () => (Date.now() + (Math.abs(ahead) > 3000 ? ahead : 0)) / 1000;

/** Colours are CSS variables of the theme; canvas needs them resolved. */
function colourOf(element, name, share = 100) {
  const probe = element.ownerDocument.createElement('span');
  probe.style.color = share === 100 ? `var(--${name})` : `color-mix(in srgb, var(--${name}) ${share}%, transparent)`;
  element.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

export function recolour() {
  for (const chart of charts) chart.recolour();
}

export class Chart extends HTMLElement {
  static observedAttributes = ['series', 'span', 'from', 'to', 'zone', 'lines', 'unit', 'kind', 'mark', 'paused', 'label'];

  #plot = null;
  #data = [[]];
  #step = 1;
  #folded = null;
  #settledTo = Infinity;
  #seamed = false;
  #about = '';
  #parsed = null;
  #told = 0;
  #resize = null;
  #load = 0;
  #timer = 0;
  #frame = 0;
  #index = null;
  #parts = null;
  #queued = false;
  #colours = null;
  #happened = [];

  connectedCallback() {
    charts.add(this);
    this.#build();
    this.#resize = new ResizeObserver(() => this.#fit());
    this.#resize.observe(this.#parts.canvas);
    this.#changed();
  }

  disconnectedCallback() {
    charts.delete(this);
    this.#load++;
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#resize?.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
    this.replaceChildren();
  }

  attributeChangedCallback(name, before, after) {
    if (!this.isConnected || before === after || this.#queued || !this.#parts) return;
    if (name === 'paused') { if (after === null) this.#changed(); return; }
    // Several attributes change together when the address does.
    this.#queued = true;
    queueMicrotask(() => { this.#queued = false; if (this.isConnected) this.#changed(); });
  }

  /** The points that are drawn now: `{ times, columns }`, for tests and for export. */
  get points() { return { times: this.#data[0], columns: this.#data.slice(1) }; }
  /** The sum of the first series over the range, as `[text, unit]`; null while there is none. */
  get sum() {
    const told = (this.#data[1] ?? []).filter(value => value !== null && value !== undefined);
    return told.length === 0 ? null : this.#total1(told);
  }
  /** How often the picture was drawn, for measuring. */
  draws = 0;
  get ready() { return this.dataset.state === 'full'; }

  /** Takes one live moment: a value (or null) for each series, at `t` in Unix seconds. */
  live(t, values) {
    if (!this.#span || this.hasAttribute('paused') || !this.#plot) return;
    const times = this.#data[0];
    const last = times.length ? times[times.length - 1] : -Infinity;
    if (this.#step <= 1.5) {
      if (t <= last) return;
      times.push(t);
      values.forEach((value, index) => this.#data[index + 1].push(value));
    } else {
      this.#fold(t, values, last);
    }
    const oldest = t - this.#span - 2 * this.#step;
    let gone = 0;
    while (gone < times.length && times[gone] < oldest) gone++;
    if (gone > 0) for (const column of this.#data) column.splice(0, gone);
    this.#state('full');
    this.#redraw(t);
  }

  recolour() {
    if (!this.#plot) return;
    this.#colours = null;
    this.#create();
  }

  get #span() { return Number(this.getAttribute('span')) || 0; }
  get #series() {
    const text = this.getAttribute('series') || '[]';
    if (this.#parsed?.text !== text) this.#parsed = { text, series: JSON.parse(text) };
    return this.#parsed.series;
  }
  get #spokenName() { return `${this.getAttribute('label') ?? ''}: ${this.getAttribute('kind') === 'bars' ? 'bar' : 'line'} chart, arrow keys read values`; }
  get #unit() { return this.getAttribute('unit') ?? ''; }

  #range() {
    if (this.#span) { const to = now(); return [to - this.#span, to]; }
    return [Number(this.getAttribute('from')) / 1000, Number(this.getAttribute('to')) / 1000];
  }

  // One live value belongs to the bucket that history would put it in. A mean is shown while its bucket fills; a sum only when its
  // bucket is over, for half a sum looks like a fall. The bucket that history had begun is left to history.
  #fold(t, values, last) {
    const bucket = Math.floor(t / this.#step) * this.#step;
    if (bucket <= last && this.#folded?.bucket !== bucket) return;
    const sums = this.#series.some(one => one.fold === 'sum');
    const folded = () => this.#folded.cells.map((cell, index) => (cell.count ? folds[this.#series[index]?.fold ?? 'mean'](cell.sum, cell.count, cell.most, cell.last) : null));
    const append = () => { this.#data[0].push(this.#folded.bucket); folded().forEach((value, index) => this.#data[index + 1].push(value)); };
    const fresh = this.#folded?.bucket !== bucket;
    if (fresh) {
      if (sums && this.#folded?.whole && this.#folded.bucket > last) append();
      this.#folded = { bucket, whole: t - bucket < 1.5, cells: values.map(() => ({ sum: 0, count: 0, most: -Infinity, last: null })) };
    }
    values.forEach((value, index) => {
      const cell = this.#folded.cells[index];
      if (value !== null) { cell.sum += value; cell.count++; cell.most = Math.max(cell.most, value); cell.last = value; }
    });
    if (sums) return;
    if (fresh) append(); else folded().forEach((value, index) => { this.#data[index + 1][this.#data[0].length - 1] = value; });
  }

  #redraw(t) {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (!this.#plot) return;
      this.#plot.batch(() => {
        this.#plot.setData(this.#data, false);
        this.#plot.setScale('x', { min: t - this.#span, max: t });
      });
      // Nobody reads numbers that change more than five times a second.
      if (performance.now() - this.#told > 200) { this.#told = performance.now(); this.#legend(); }
      if (this.#parts.table.firstChild && !this.#parts.table.hidden) this.#fillTable();
    });
  }

  #state(state, text = '') {
    if (this.dataset.state !== state) this.dataset.state = state;
    if (this.#parts.note.textContent !== text) this.#parts.note.textContent = text;
    this.#parts.retry.hidden = state !== 'error';
  }

  async #changed() {
    const load = ++this.#load;
    clearTimeout(this.#timer);
    const series = this.#series;
    const [from, to] = this.#range();
    const tail = `from=${new Date(from * 1000).toISOString()}&to=${new Date(to * 1000).toISOString()}`;
    const queries = [...new Set(series.map(one => one.query))];
    const keys = queries.map(query => `${query} ${this.#span || tail}`);
    if (queries.length === 0) { this.#state('empty', 'Nothing to show'); return; }
    const known = keys.map(peekColumns);
    if (known.every(Boolean)) {
      this.#take(queries, known);
    } else if (!this.#plot) {
      this.#state('loading', 'Loading…');
    }
    this.#annotate(load, series[0].query, from, to);
    try {
      const answers = await Promise.all(queries.map((query, index) => fetchColumns(`/v1/series?${query}&${tail}`, keys[index])));
      if (load !== this.#load) return;
      this.#take(queries, answers);
    } catch (problem) {
      if (load !== this.#load) return;
      this.#state('error', `This chart could not be loaded: ${problem.message}.`);
    }
    // What was folded here is replaced by what history stored, and a chart that failed tries again.
    const again = Math.min(300, Math.max(60, this.#step * 4));
    // The first time soon: the seam between history and the first live value closes then.
    const wait = this.dataset.state === 'error' ? 5 : !this.#span ? 0 : this.#seamed ? again : 5;
    this.#seamed = true;
    if (wait) this.#timer = setTimeout(() => { if (!this.hasAttribute('paused')) this.#changed(); }, wait * 1000);
  }

  async #annotate(load, query, from, to) {
    const happened = await fetchAnnotations(filterOf(query), from, to);
    if (load !== this.#load) return;
    this.#happened = happened;
    this.#plot?.redraw(false);
    if (this.#parts.table.firstChild && !this.#parts.table.hidden) this.#fillTable();
  }

  #take(queries, answers) {
    const series = this.#series;
    const tables = answers.map(answer => [answer.times, ...answer.columns]);
    const same = answers.every(answer => answer.times.length === answers[0].times.length && answer.times.every((time, index) => time === answers[0].times[index]));
    const columnOf = (answer, one) => Math.max(0, one.match ? answer.header.series.findIndex(found => Object.entries(one.match).every(([name, value]) => found[name] === value)) : 0);
    const empty = count => new Array(count).fill(null);
    const previous = this.#data;
    let times, columns;
    if (same) {
      times = answers[0].times.slice();
      columns = series.map(one => { const answer = answers[queries.indexOf(one.query)]; return answer.columns[columnOf(answer, one)]?.slice() ?? empty(times.length); });
    } else {
      const joined = uPlot.join(tables);
      const starts = tables.map((_, index) => 1 + tables.slice(0, index).reduce((sum, table) => sum + table.length - 1, 0));
      times = joined[0];
      columns = series.map(one => { const at = queries.indexOf(one.query); const answer = answers[at]; return answer.columns.length ? joined[starts[at] + columnOf(answer, one)].map(value => value ?? null) : empty(times.length); });
    }
    this.#step = Math.max(...answers.map(answer => answer.header.step_seconds || 1));
    this.#folded = null;
    // The newest bucket is not over, and of the newest seconds not every GPU has reported: a sum over them would fall for no reason.
    const settled = now() - settleSeconds - this.#step;
    while (this.#span && times.length && times[times.length - 1] > settled) { times.pop(); for (const column of columns) column.pop(); }
    // Buckets of which nobody reported anything, at the right edge, are not yet gaps: history may be a moment behind.
    while (this.#span && times.length && columns.every(column => column[column.length - 1] === null)) { times.pop(); for (const column of columns) column.pop(); }
    this.#settledTo = times.length ? times[times.length - 1] : Infinity;
    // Live seconds that came while history was fetched, and that it did not have yet, stay.
    const about = series.map(one => one.query).join(' ');
    if (this.#span && this.#step <= 1.5 && this.#about === about && previous.length === columns.length + 1 && times.length) {
      const last = times[times.length - 1];
      previous[0].forEach((time, index) => { if (time > last + 0.5) { times.push(time); columns.forEach((column, at) => column.push(previous[at + 1][index])); } });
    }
    this.#about = about;
    this.#data = [times, ...columns];
    const any = columns.some(column => column.some(value => value !== null));
    this.#create();
    this.#state(any ? 'full' : 'empty', any ? '' : 'No data in this range');
    this.dispatchEvent(new CustomEvent('ettt-drawn', { bubbles: true, detail: { name: this.getAttribute('name') } }));
  }

  #build() {
    const make = (tag, className, attributes = {}) => {
      const element = document.createElement(tag);
      element.className = className;
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      return element;
    };
    const canvas = make('div', 'chart-canvas', { tabindex: '0', role: 'slider', 'aria-label': this.#spokenName, 'aria-valuemin': '0', 'aria-valuemax': '0', 'aria-valuenow': '0', 'aria-valuetext': 'no data' });
    const note = make('p', 'chart-note', { role: 'status' });
    const retry = make('button', 'button small', { type: 'button' });
    retry.textContent = 'Try again';
    retry.hidden = true;
    retry.addEventListener('click', () => this.#changed());
    const over = make('div', 'chart-over');
    over.append(note, retry);
    const legend = make('ul', 'chart-legend');
    const table = make('div', 'chart-table', { tabindex: '0', role: 'region' });
    table.hidden = true;
    const foot = make('div', 'chart-foot');
    const toggle = make('button', 'link-button', { type: 'button', 'aria-expanded': 'false', 'data-testid': 'chart-table-toggle' });
    toggle.textContent = 'Show as table';
    toggle.addEventListener('click', () => this.#toggleTable());
    const event = make('p', 'chart-event', { 'data-testid': 'chart-event' });
    const totals = make('p', 'chart-totals', { 'data-testid': 'chart-totals' });
    totals.hidden = !this.hasAttribute('total');
    foot.append(legend, event, totals, toggle);
    const body = make('div', 'chart-body');
    body.append(canvas, over);
    this.replaceChildren(body, table, foot);
    this.#parts = { canvas, note, retry, legend, event, table, toggle, body, totals };
    canvas.addEventListener('keydown', event => this.#key(event));
    canvas.addEventListener('mousedown', () => { held = this; }, true);
    canvas.addEventListener('blur', () => this.#point(null));
  }

  #fit() {
    const { clientWidth: width, clientHeight: height } = this.#parts.canvas;
    if (this.#plot && width > 0 && (this.#plot.width !== width || this.#plot.height !== height)) this.#plot.setSize({ width, height });
  }

  #palette() {
    if (this.#colours) return this.#colours;
    const colour = name => colourOf(this, name);
    const name = (one, index) => one.colour ?? `series-${(index % 8) + 1}`;
    this.#colours = { text: colour('ink-soft'), grid: colour('line-soft'), hatch: colour('hatch'), mark: colour('mark'), line: colour('limit'), event: Object.fromEntries(eventColours.map(one => [one, colour(one)])), of: this.#series.map((one, index) => colour(name(one, index))), soft: this.#series.map((one, index) => colourOf(this, name(one, index), 60)) };
    return this.#colours;
  }

  #create() {
    const series = this.#series;
    const unit = this.#unit;
    const zone = zoneOption(this.getAttribute('zone'));
    this.#colours = null;
    const colours = this.#palette();
    const bars = this.getAttribute('kind') === 'bars';
    const font = `12px ${getComputedStyle(this).fontFamily}`;
    const thin = devicePixelRatio;
    const [from, to] = this.#range();
    const lines = JSON.parse(this.getAttribute('lines') || '[]');
    const floor = this.hasAttribute('min') ? Number(this.getAttribute('min')) : null;
    const ceiling = this.hasAttribute('max') ? Number(this.getAttribute('max')) : null;
    const sync = this.getAttribute('sync');
    const options = {
      width: Math.max(120, this.#parts.canvas.clientWidth),
      height: Math.max(80, this.#parts.canvas.clientHeight),
      ms: 1e-3,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      tzDate: zone ? seconds => uPlot.tzDate(new Date(seconds * 1000), zone) : undefined,
      cursor: {
        sync: sync ? { key: sync, setSeries: false } : undefined,
        drag: { x: true, y: false, setScale: false, dist: 6 },
        points: { size: 6 },
        bind: { dblclick: () => () => { this.#zoomOut(); return null; } },
      },
      scales: {
        x: { time: true, min: from, max: to },
        y: {
          range: (_plot, low, high) => {
            const most = Math.max(high ?? 1, unit === 's' ? 1 : -Infinity, ...lines.filter(line => line.fit).map(line => line.at));
            if (ceiling !== null && floor !== null) return [floor, ceiling];
            const least = floor ?? Math.min(low ?? 0, ...lines.filter(line => line.fit).map(line => line.at));
            // A flat line stands in the middle of a scale that is wide enough to show that it is flat.
            const room = Math.max((most - least) * 0.08, Math.abs(most) * 0.01, 1e-3);
            return [floor ?? least - room, ceiling ?? most + room];
          },
        },
      },
      axes: [
        { stroke: colours.text, font, grid: { stroke: colours.grid, width: 1 / thin }, ticks: { show: false }, size: 24, gap: 4, space: 64, values: (_plot, splits, _axis, _space, step) => splits.map((split, index) => timeText(split, step, this.getAttribute('zone'), index === 0)) },
        {
          stroke: colours.text, font, grid: { stroke: colours.grid, width: 1 / thin }, ticks: { show: false }, size: 56, space: 28,
          values: (_plot, splits) => splits.map(split => axisText(split, unit, Math.max(...splits.map(Math.abs)))),
        },
      ],
      series: [{}, ...series.map((one, index) => ({
        label: one.label,
        stroke: bars ? colours.soft[index] : colours.of[index],
        width: bars ? 0 : series.length > manySeries ? 1 : 1.5,
        dash: bars || series.length > manySeries ? undefined : dashes[one.dash ?? index % dashes.length].map(length => length),
        fill: bars ? colours.soft[index] : undefined,
        paths: bars ? uPlot.paths.bars({ size: [0.9, 60], align: 1, gap: 1 }) : undefined,
        points: { show: false },
        spanGaps: false,
      }))],
      hooks: {
        drawClear: [plot => { this.#drawBehind(plot, colours); drawAnnotations(plot, this.#happened, name => colours.event[name], font.replace('12px', `${10 * devicePixelRatio}px`)); }],
        draw: [plot => { this.draws++; this.#drawLines(plot, colours, lines, font); }],
        setSelect: [plot => this.#zoom(plot)],
        setCursor: [plot => { this.#index = plot.cursor.idx ?? null; this.#legend(); }],
      },
    };
    this.#plot?.destroy();
    this.#plot = new uPlot(options, this.#data, this.#parts.canvas);
    this.#plot.root.setAttribute('aria-hidden', 'true');
    const label = this.getAttribute('label') ?? '';
    this.#parts.canvas.setAttribute('aria-label', this.#spokenName);
    for (const canvas of this.#parts.canvas.querySelectorAll('canvas')) canvas.setAttribute('aria-label', label);
    this.#parts.table.setAttribute('aria-label', `${label} as table`);
    this.#parts.legend.replaceChildren();
    this.#legend();
    if (!this.#parts.table.hidden) this.#fillTable();
  }

  // Grey hatching where no series has a value: silence is not zero.
  #drawBehind(plot, colours) {
    const { ctx } = plot;
    const { left, top, width, height } = plot.bbox;
    const times = this.#data[0];
    const gaps = [];
    const reach = Math.max(this.#step * 1.75, this.#step + 1.5);
    const seam = Math.max(reach, this.#step + settleSeconds + 3); // between what history had settled and the first live value
    let last = null;
    for (let index = 0; index < times.length; index++) {
      let some = false;
      for (let column = 1; column < this.#data.length && !some; column++) some = this.#data[column][index] !== null && this.#data[column][index] !== undefined;
      if (!some) continue;
      if (last === null ? times[index] - plot.scales.x.min > reach : times[index] - last > (this.#span && last >= this.#settledTo ? seam : reach)) gaps.push([last ?? plot.scales.x.min, times[index]]);
      last = times[index];
    }
    const end = Math.min(plot.scales.x.max, now());
    if (last !== null && end - last > Math.max(seam, this.#step * 2 + 2, 10)) gaps.push([last, end]);
    if (last === null) gaps.push([plot.scales.x.min, end]);
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    ctx.setLineDash([]);
    ctx.strokeStyle = colours.hatch;
    ctx.lineWidth = devicePixelRatio;
    for (const [from, to] of gaps) {
      const x0 = Math.max(left, plot.valToPos(from, 'x', true));
      const x1 = Math.min(left + width, plot.valToPos(to, 'x', true));
      if (x1 - x0 < 2) continue;
      ctx.save();
      ctx.beginPath();
      ctx.rect(x0, top, x1 - x0, height);
      ctx.clip();
      ctx.beginPath();
      const apart = 8 * devicePixelRatio;
      for (let x = Math.floor((x0 - height) / apart) * apart; x < x1; x += apart) { ctx.moveTo(x, top + height); ctx.lineTo(x + height, top); }
      ctx.stroke();
      ctx.restore();
    }
    ctx.restore();
  }

  #drawLines(plot, colours, lines, font) {
    const { ctx } = plot;
    const { left, top, width, height } = plot.bbox;
    ctx.save();
    ctx.strokeStyle = colours.line;
    ctx.fillStyle = colours.text;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.font = font.replace('12px', `${11 * devicePixelRatio}px`);
    ctx.textAlign = 'right';
    for (const line of lines) {
      const y = plot.valToPos(line.at, 'y', true);
      if (y < top || y > top + height) continue;
      ctx.beginPath();
      ctx.moveTo(left, y);
      ctx.lineTo(left + width, y);
      ctx.stroke();
      ctx.textBaseline = y - top < 16 * devicePixelRatio ? 'top' : 'bottom';
      ctx.fillText(line.label, left + width - 4 * devicePixelRatio, y + (ctx.textBaseline === 'top' ? 2 : -2) * devicePixelRatio);
    }
    const mark = this.getAttribute('mark');
    if (mark === 'SIMULATED') {
      // Drawn into the picture itself, so that a copied chart still says what it is.
      ctx.setLineDash([]);
      const size = Math.min(40, width / devicePixelRatio / 8) * devicePixelRatio;
      ctx.fillStyle = colours.mark;
      ctx.font = `600 ${size}px ${getComputedStyle(this).fontFamily}`;
      ctx.textAlign = 'center';
      ctx.textBaseline = 'middle';
      ctx.fillText(mark, left + width / 2, top + height / 2);
    }
    ctx.restore();
  }

  #zoom(plot) {
    const { left, width } = plot.select;
    // Charts in step select together; the one under the hand goes to the new address, once.
    if (width < 6 || held !== this) return;
    held = null;
    const from = plot.posToVal(left, 'x');
    const to = plot.posToVal(left + width, 'x');
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (to - from >= 2) this.#goTo(from, to);
  }

  #zoomOut() {
    const [from, to] = this.#range();
    const half = to - from;
    this.#goTo(from - half / 2, Math.min(to + half / 2, now()));
  }

  // The address is the state: zooming is going to another address, and the back button undoes it.
  #goTo(from, to) {
    const address = new URL(location.href);
    address.searchParams.set('from', new Date(from * 1000).toISOString());
    address.searchParams.set('to', new Date(to * 1000).toISOString());
    const target = address.pathname + address.search;
    if (window.Blazor?.navigateTo) window.Blazor.navigateTo(target); else location.assign(target);
  }

  #key(event) {
    const times = this.#data[0];
    if (!this.#plot || times.length === 0) return;
    const last = times.length - 1;
    const at = this.#index ?? last + 1;
    const page = Math.max(1, Math.round(times.length / 10));
    const steps = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageDown: at - page, PageUp: at + page, Home: 0, End: last };
    if (event.key === 'Escape') { this.#point(null); return; }
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.#point(Math.min(last, Math.max(0, steps[event.key])));
  }

  #point(index) {
    if (!this.#plot) return;
    if (index === null) { this.#plot.setCursor({ left: -10, top: -10 }); return; }
    const left = this.#plot.valToPos(this.#data[0][index], 'x');
    this.#plot.setCursor({ left, top: this.#plot.bbox.height / devicePixelRatio / 2 });
    this.#index = index;
    this.#legend();
  }

  // Beside each name the value under the cursor, or the newest.
  #legend() {
    const { legend, canvas } = this.#parts;
    const series = this.#series;
    const colours = this.#palette();
    if (legend.childElementCount !== series.length) {
      legend.replaceChildren(...series.map((one, index) => {
        const item = document.createElement('li');
        item.innerHTML = '<svg width="24" height="8" aria-hidden="true"><line x1="0" y1="4" x2="24" y2="4" stroke-width="2"/></svg><span class="name"></span> <b class="value"></b> <span class="unit"></span>';
        const line = item.querySelector('line');
        line.setAttribute('stroke', colours.of[index]);
        if (this.getAttribute('kind') === 'bars') line.setAttribute('stroke-width', '8');
        else if (series.length > manySeries) line.removeAttribute('stroke-dasharray');
        else line.setAttribute('stroke-dasharray', dashes[one.dash ?? index % dashes.length].join(' '));
        item.querySelector('.name').textContent = one.label;
        return item;
      }));
    }
    const times = this.#data[0];
    const at = this.#index !== null && this.#index < times.length ? this.#index : times.length - 1;
    const said = [];
    series.forEach((one, index) => {
      const value = at >= 0 ? this.#data[index + 1]?.[at] ?? null : null;
      const [text, unit] = reading(value, this.#unit);
      const item = legend.children[index];
      const set = (part, content) => { const node = item.querySelector(part); if (node.textContent !== content) node.textContent = content; };
      set('.value', text);
      set('.unit', unit);
      said.push(`${one.label} ${spoken(value, this.#unit)}`);
    });
    const [left, right] = this.#range();
    const happened = this.#index !== null && at >= 0 ? happenedAt(this.#happened, times[at], Math.max(this.#step, (right - left) / 150)).map(one => one.title) : [];
    if (this.#parts.event.textContent !== happened.join(' · ')) this.#parts.event.textContent = happened.join(' · ');
    said.push(...happened);
    if (this.hasAttribute('total')) this.#total(series);
    canvas.setAttribute('aria-valuemax', String(Math.max(0, times.length - 1)));
    canvas.setAttribute('aria-valuenow', String(Math.max(0, at)));
    const moment = at >= 0 ? format(this.getAttribute('zone'), 'time').format(new Date(times[at] * 1000)) : '';
    canvas.setAttribute('aria-valuetext', moment ? `${moment}: ${said.join(', ')}` : 'no data');
  }

  // Sums over the range: joules as watt-hours, seconds as minutes. A series that never spoke has no sum.
  #total1(told) {
    const sum = told.reduce((all, value) => all + value, 0);
    return this.#unit === 'J' ? reading(sum / 3600, 'Wh') : this.#unit === 's' && sum >= 60 ? reading(sum / 60, 'min') : reading(sum, this.#unit);
  }

  #total(series) {
    const said = series.map((one, index) => {
      const told = (this.#data[index + 1] ?? []).filter(value => value !== null && value !== undefined);
      const [text, unit] = told.length === 0 ? ['not counted', ''] : this.#total1(told);
      return `${series.length > 1 ? `${one.label} ` : ''}${text}${unit ? ` ${unit}` : ''}`;
    });
    const text = `In this range: ${said.join(' · ')}`;
    if (this.#parts.totals.textContent !== text) this.#parts.totals.textContent = text;
    for (const place of document.querySelectorAll(`ettt-total[of="${CSS.escape(this.getAttribute('name'))}"]`)) place.show(this.sum);
  }

  #toggleTable() {
    const { table, body, toggle } = this.#parts;
    table.hidden = !table.hidden;
    body.hidden = !table.hidden;
    toggle.setAttribute('aria-expanded', String(!table.hidden));
    toggle.textContent = table.hidden ? 'Show as table' : 'Show as chart';
    if (table.hidden) { table.replaceChildren(); this.#fit(); } else this.#fillTable();
  }

  #fillTable() {
    const { table } = this.#parts;
    const series = this.#series;
    const built = document.createElement('table');
    const head = built.createTHead().insertRow();
    const unitText = reading(1, this.#unit, 1)[1];
    for (const text of ['Time', ...series.map(one => (unitText ? `${one.label} (${unitText})` : one.label))]) {
      const cell = document.createElement('th');
      cell.scope = 'col';
      cell.textContent = text;
      head.append(cell);
    }
    const body = built.createTBody();
    const clock = format(this.getAttribute('zone'), 'full');
    for (let index = this.#data[0].length - 1; index >= 0; index--) {
      const row = body.insertRow();
      const time = document.createElement('th');
      time.scope = 'row';
      time.textContent = clock.format(new Date(this.#data[0][index] * 1000));
      row.append(time);
      for (let column = 1; column < this.#data.length; column++) {
        const value = this.#data[column][index];
        row.insertCell().textContent = value === null || value === undefined ? '–' : reading(value, this.#unit, 1)[0];
      }
    }
    const at = table.scrollTop;
    table.replaceChildren(built, ...this.#eventTable(clock));
    table.scrollTop = at;
  }

  #eventTable(clock) {
    if (this.#happened.length === 0) return [];
    const table = document.createElement('table');
    table.createCaption().textContent = 'What happened';
    const body = table.createTBody();
    for (const one of [...this.#happened].reverse()) {
      const row = body.insertRow();
      const time = document.createElement('th');
      time.scope = 'row';
      time.textContent = clock.format(new Date(one.from * 1000));
      const link = document.createElement('a');
      link.href = one.link;
      link.textContent = one.title;
      row.append(time);
      row.insertCell().append(link);
    }
    return [table];
  }
}

/** <ettt-total of="chart">: the sum that a chart of the page shows, as a figure. */
export class Total extends HTMLElement {
  connectedCallback() {
    this.innerHTML = '<span class="number">–</span><span class="unit"></span>';
    this.show(document.querySelector(`ettt-chart[name="${CSS.escape(this.getAttribute('of'))}"]`)?.sum ?? null);
  }

  show(sum) {
    const [text, unit] = sum ?? ['–', ''];
    this.firstChild.textContent = text;
    this.lastChild.textContent = unit;
  }
}
